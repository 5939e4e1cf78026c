//! The decoders of Keytide, from its own sources.

#[path = "../src/cloudtrail/mod.rs"]
pub mod cloudtrail;
#[path = "../src/domain/mod.rs"]
pub mod domain;
