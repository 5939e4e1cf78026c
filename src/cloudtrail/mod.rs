//! CloudTrail.
pub mod shape;
pub mod unpack;
