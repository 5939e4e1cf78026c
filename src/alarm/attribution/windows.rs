//! With which earlier windows one is compared.

use chrono::{DateTime, Datelike, Days, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;

use crate::domain::{Minute, MinuteRange, local_time};

/// An earlier window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsualWindow {
    /// Its minutes.
    pub range: MinuteRange,
    /// Whether its day is of the same kind as that of the window: a working day, or one of a weekend.
    pub like_today: bool,
}

/// With fewer earlier days, what came right before the window is looked at too.
const DAYS_MIN: usize = 3;
/// How many windows right before are taken then.
const JUST_BEFORE: u32 = 6;

/// The same local time on each of `days` earlier days, the latest first, as far as anything is stored (`since`). A
/// window that is longer than a day is compared with as many days each time. Where there are fewer than three such
/// windows, those right before it follow.
pub fn usual_windows(window: MinuteRange, days: u32, zone: Tz, since: Minute) -> Vec<UsualWindow> {
    let length = window.end.0.saturating_sub(window.start.0);
    let step = length.div_ceil(Minute::PER_DAY).max(1);
    let local = moment(window.start).with_timezone(&zone).naive_local();
    let today = is_weekend(local.weekday());
    let mut found = Vec::new();
    for back in (1..=days).map(|count| u64::from(count * step)) {
        let Some(earlier) = local.checked_sub_days(Days::new(back)) else { break };
        let like_today = step > 1 || is_weekend(earlier.weekday()) == today;
        let Some(start) = Minute::of_second(local_time(earlier, zone).timestamp()) else { break };
        if start < since {
            break;
        }
        let range = MinuteRange { start, end: Minute(start.0 + length) };
        if range.end <= window.start {
            found.push(UsualWindow { range, like_today });
        }
    }
    if found.len() < DAYS_MIN {
        let before = (1..=JUST_BEFORE).map_while(|count| {
            let start = window.start.0.checked_sub(count * length).filter(|start| *start >= since.0)?;
            Some(MinuteRange { start: Minute(start), end: Minute(start + length) })
        });
        found.extend(before.map(|range| UsualWindow { range, like_today: true }));
    }
    found
}

fn is_weekend(day: Weekday) -> bool {
    matches!(day, Weekday::Sat | Weekday::Sun)
}

fn moment(minute: Minute) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(i64::from(minute.0))
}
