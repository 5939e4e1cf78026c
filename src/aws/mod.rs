//! Amazon's services, through Amazon's SDK: the only room that names it.
//!
//! What enters are plain values of the other rooms; what leaves are receipts, or reasons that say whether trying again
//! may help. Credentials come from where the AWS CLI has them. No call is retried here: whoever calls has an outbox or
//! a schedule of its own.

mod sns;

pub use sns::{SnsFailure, SnsMessage, SnsTopic};
