//! The settings: one `keytide.toml`, read whole and checked at the start.
//!
//! What enters is the file's text and the `KEYTIDE_…` variables of the environment; what leaves are settings in the
//! words of the rooms that they are for, or every error at once, each with its line. A variable wins over the file, the
//! file over the default. Files and secrets that settings name are read through [`Outside`]. The room refuses to know
//! where the text is from, and what the settings do.

mod duration;
mod error;
mod fields;
mod kept;
mod maintenance;
mod outside;
mod overrides;
mod parse;
mod read;
mod sections;
mod settings;
mod tables;
#[cfg(test)]
mod tests;

pub use error::{ConfigError, ConfigErrors, Place};
pub use outside::Outside;
pub use parse::{CommonSettings, parse, parse_common};
pub use settings::{
    Config, DaemonSettings, HealthSettings, Keep, LogFormat, LogLevel, LogSettings, Maintenance, NamedKey,
    SourceSettings,
};
