//! Everything that is tested from outside: one binary, since linking is what minutes are made of.
//!
//! `samples` holds the rules of counting, a small trail each. `copies`, `exact`, `simulation` and `kill` hold the
//! promise that a call counts once, whatever the order, the runs and the crashes. `bad_input` holds what a damaged
//! trail, disk or store may do, `band` what is said of a series and of the band itself, `report` what explains an
//! excess and what is reported of a range, `publish` messages as real receivers get them, `daemon` the program that
//! runs for months, `watch` what is kept of the watch through crashes and late counts, `store` what a store of years is
//! asked, `synthetic` answers against the truth of a synthetic trail. `tidy` keeps the house. `support` makes records
//! and trails, and counts them again in the plainest way there is.

#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod bad_input;
mod band;
mod copies;
mod daemon;
mod exact;
mod kill;
mod publish;
mod report;
mod samples;
mod simulation;
mod store;
mod support;
mod synthetic;
mod tidy;
mod watch;
