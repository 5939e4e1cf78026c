//! Log lines on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::{Color, Global, LogFormat};
use crate::config::{self, LogLevel, LogSettings};

/// Sets how much is said from now on.
pub(super) type SetLevel = Box<dyn Fn(LogLevel) + Send>;

/// Sets logging up for the life of the program. `RUST_LOG` wins over `-v` and `-q`.
pub(super) fn init(global: &Global) {
    drop(init_with(global, level_of_flags(global).unwrap_or("keytide=warn").to_owned(), LogFormat::Text));
}

/// As [`init`], for the daemon: the settings say what flags and environment don't.
pub(super) fn init_for_daemon(global: &Global, settings: &LogSettings) -> SetLevel {
    let filter_of = |level: LogLevel| format!("keytide={}", level.name());
    let of_flags = level_of_flags(global);
    let format = match settings.format {
        config::LogFormat::Text => LogFormat::Text,
        config::LogFormat::Json => LogFormat::Json,
    };
    let set = init_with(global, of_flags.map_or_else(|| filter_of(settings.level), str::to_owned), format);
    let is_fixed = of_flags.is_some() || std::env::var_os(EnvFilter::DEFAULT_ENV).is_some();
    Box::new(move |level| {
        if !is_fixed {
            set(filter_of(level));
        }
    })
}

fn level_of_flags(global: &Global) -> Option<&'static str> {
    match (global.quiet, global.verbose) {
        (true, _) => Some("error"),
        (false, 0) => None,
        (false, 1) => Some("keytide=info"),
        (false, _) => Some("keytide=debug"),
    }
}

/// Sets logging up; what is returned sets another filter.
fn init_with(global: &Global, level: String, format: LogFormat) -> Box<dyn Fn(String) + Send> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let color = match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(color);
    // The program goes on if nobody can be told otherwise.
    match global.log_format.unwrap_or(format) {
        LogFormat::Text => {
            let lines = lines.with_filter_reloading();
            let handle = lines.reload_handle();
            lines.init();
            Box::new(move |filter| drop(handle.reload(EnvFilter::new(filter))))
        }
        LogFormat::Json => {
            let lines = lines.json().with_filter_reloading();
            let handle = lines.reload_handle();
            lines.init();
            Box::new(move |filter| drop(handle.reload(EnvFilter::new(filter))))
        }
    }
}
