//! What the tests are made of: records, trails, a second way of counting them, stores and the program itself.

pub mod files;
pub mod oracle;
pub mod program;
pub mod record;
pub mod stores;
pub mod trail;
