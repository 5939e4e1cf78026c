//! Keytide turns AWS CloudTrail into usage metrics of AWS KMS: who used which key, how often, exactly once each.
//!
//! Log objects come in as bytes. `cloudtrail` reads their records, `tally` removes duplicates and adds calls up,
//! `store` commits the counts with the objects they came from in one transaction. Everything after that is a function
//! of what is committed: `series` reads counts as frames, `insights` answers CloudWatch Metrics Insights SQL over them,
//! `band` says what is expected of a series, `watch` steps every series' band and judges what `alarm` defines, `report`
//! ranks, with the prices and quotas of `tariff`. `publish` sends what is owed, over `aws` where it is SNS; `render`
//! turns answers into text and pictures. `ingest` runs the way in, `daemon` all of it on a schedule that `config` sets
//! and `serve` tells of; `cli` composes what a command needs, and `synth` makes trails to try it all on. `domain` holds
//! the words that everyone shares.

pub mod domain;
pub mod source;
pub mod cloudtrail;
pub mod tally;
pub mod store;
pub mod ingest;
pub mod series;
pub mod insights;
pub mod band;
pub mod tariff;
pub mod alarm;
pub mod watch;
pub mod report;
pub mod render;
pub mod publish;
pub mod aws;
pub mod config;
pub mod serve;
pub mod daemon;
pub mod synth;
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "what commands say to people")]
pub mod cli;
