//! Keytide.
pub mod cloudtrail;
pub mod domain;
