//! The words everyone shares.
//!
//! Plain values with AWS's names: which key, which operation, how it ended, who asked, when. Nothing here reads,
//! writes, or knows where a record came from; every other room speaks in these types.

mod arn;
mod caller;
mod clock;
mod local;
mod log_file;
mod name_set;
mod operation;
mod outcome;
mod quota;
mod series;
mod setting;

pub use arn::{Arn, KeyArn, partition};
pub use caller::Caller;
pub use clock::{Clock, Minute, MinuteRange, Second, format_second, parse_event_time};
pub use local::local_time;
pub use log_file::LogFileName;
pub(crate) use name_set::NameSet;
pub use operation::Operation;
pub use outcome::Outcome;
pub use quota::{Pool, QuotaPool};
pub use series::{SeriesKey, Unattributed};
pub use setting::SettingError;
