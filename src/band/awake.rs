//! A series that stopped and from which something comes again that is not what it was: a key whose last user is a
//! nightly job.

use serde::{Deserialize, Serialize};

/// What comes on so many days, no two of them further apart than this, is what the series is now.
const DAYS: u32 = 3;
const APART_DAYS: i64 = 4;

/// What came since a series stopped.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Awake {
    /// The first period in which something came.
    since: i64,
    /// The last day on which something came, and how many there were.
    day: i64,
    days: u32,
}

impl Awake {
    /// Takes note that a period has more than nothing.
    pub fn wake(known: Option<Awake>, at: i64, day: i64) -> Awake {
        let new = Awake { since: at, day, days: 1 };
        match known.filter(|awake| !awake.is_asleep(day)) {
            Some(awake) if awake.day < day => Awake { day, days: awake.days + 1, ..awake },
            Some(awake) => awake,
            None => new,
        }
    }

    /// Whether nothing has come for so long that the next that comes has nothing to do with it.
    pub fn is_asleep(&self, day: i64) -> bool {
        day - self.day > APART_DAYS
    }

    /// Since when the series is another one, if it is.
    pub fn is_another_since(&self) -> Option<i64> {
        (self.days >= DAYS).then_some(self.since)
    }
}
