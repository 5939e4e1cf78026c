//! The words everyone shares.
//!
//! Plain values with AWS's names: which key, which operation, how it ended, who asked, when; and how people write and
//! read what all rooms have: durations, times, names with wildcards, numbers. Nothing here touches files, or knows
//! where a record came from; every other room speaks in these types.

mod arn;
mod caller;
mod clock;
mod duration;
mod log_file;
mod name_set;
mod nearest;
mod operation;
mod outcome;
mod pattern;
mod printable;
mod quota;
mod series;
mod setting;
mod time;
mod words;

pub use arn::{Arn, KeyArn, partition};
pub use caller::Caller;
pub use clock::{Clock, Minute, MinuteRange, Second, format_second, parse_event_time};
pub use duration::{format_duration, parse_duration, unit_seconds};
pub use log_file::LogFileName;
pub(crate) use name_set::NameSet;
pub use nearest::nearest;
pub use operation::Operation;
pub use outcome::Outcome;
pub use pattern::Pattern;
pub use printable::{is_obeyed, printable};
pub use quota::{Pool, QuotaPool};
pub use series::{SeriesKey, Unattributed};
pub use setting::SettingError;
pub use time::{WrittenTime, local_time, parse_zone};
pub use words::{count, counted, decimal, dollars, grouped, signed};
