//! What is answered on loopback: whether the process lives, whether it does its work, and its figures.
//!
//! What enters are figures that others set, and whoever can say how they are now; what leaves are three pages. The room
//! refuses to know what the figures mean, and to be reached from other machines.

mod metrics;
mod server;
#[cfg(test)]
mod tests;
mod text;

pub use metrics::{Metrics, Named};
pub use server::{Live, Server};
