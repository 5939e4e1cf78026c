//! `keytide run`: the daemon.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Global;
use super::exit::{Exit, Failure};
use super::logging;
use super::settings::settings;
use super::system::{SystemClock, data_dir, stop_flag};
use crate::config::{Config, SourceSettings};
use crate::daemon::{Ended, Parts, Sending, TaskError, Telling, Watching, once, run as run_daemon, signals};
use crate::domain::Clock;
use crate::series::key_operations;
use crate::serve::{Metrics, Server};
use crate::store::Store;

/// Flags of `keytide run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  keytide run                               with the folders and alarms of keytide.toml
  keytide run /var/log/cloudtrail           one folder, every series watched, no settings needed
  keytide run --once                        one round, for cron and systemd timers

SIGTERM and SIGINT end it within 20 seconds, with the batch in hand finished. SIGHUP reads keytide.toml again. Health,
readiness and figures for Prometheus are at /healthz, /readyz and /metrics of [serve] address, 127.0.0.1:9632.")]
pub(super) struct Args {
    /// Folders to watch, in the place of those in keytide.toml
    #[arg(value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Do one round and end
    #[arg(long)]
    once: bool,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<Exit, Failure> {
    let config = settings_of(args, global)?;
    let set_level = logging::init_for_daemon(global, &config.log);
    let dir = match &config.data_dir {
        Some(dir) if global.data_dir.is_none() => dir.clone(),
        _ => data_dir(global)?,
    };
    let server = match config.serve {
        Some(address) if !args.once => Some(Server::bind(address).map_err(|error| {
            let hint = "another `keytide run` may be at work; set [serve] address to a free port, or to \"off\"";
            Failure::new(format!("can't answer on {address}: {error}"), Some(hint))
        })?),
        _ => None,
    };
    let store = Store::open_for_writing(&dir)?;
    let address = server.as_ref().map(|server| server.address().to_string());
    let folders: Vec<String> =
        config.sources.iter().map(|SourceSettings::Folder { path }| path.display().to_string()).collect();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        store = %dir.display(),
        folders = folders.join(", "),
        address = address.as_deref().unwrap_or("off"),
        "started"
    );
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    warn_of_unseen_keys(&store, &config)?;
    let watching = Watching::open(&store, &config, clock.now()).map_err(failed)?;
    let sending = Sending::open(&dir, &config, args.once, || SystemClock.now()).map_err(failed)?;
    let telling = Telling::new(&config).map_err(failed)?;
    let parts = Parts {
        store,
        config,
        clock,
        evaluate: Box::new(watching),
        publish: Box::new(sending),
        tell: Box::new(telling),
        server,
        metrics: Arc::new(Metrics::new(env!("CARGO_PKG_VERSION"))),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if args.once {
        let stop = stop_flag()?;
        let done = runtime.block_on(once(parts, Arc::clone(&stop)));
        return match done {
            Err(failed) => Err(Failure::new(failed.join("\n"), None)),
            Ok(()) if stop.load(Ordering::Relaxed) => Ok(Exit::Interrupted),
            Ok(()) => Ok(Exit::Success),
        };
    }
    let (folders, config_of) = (args.folders.clone(), global.clone());
    let reload = Box::new(move || {
        let args = Args { folders: folders.clone(), once: false };
        let config = settings_of(&args, &config_of).map_err(|failure| failure.to_string())?;
        set_level(config.log.level);
        Ok(config)
    });
    let ended = runtime.block_on(async { run_daemon(parts, signals()?, reload).await });
    // A thread that is late shall not keep the process.
    runtime.shutdown_background();
    match ended {
        Ok(Ended::InTime) => Ok(Exit::Success),
        Ok(Ended::Late) => Ok(Exit::Failure),
        Err(error) => {
            let error: Box<dyn std::error::Error> = error;
            Err(Failure::new(error, None))
        }
    }
}

/// The settings, with the folders that were typed in the place of theirs.
fn settings_of(args: &Args, global: &Global) -> Result<Config, Failure> {
    let mut config = settings(global)?;
    if !args.folders.is_empty() {
        config.sources = args.folders.iter().map(|path| SourceSettings::Folder { path: path.clone() }).collect();
    }
    if config.sources.is_empty() {
        let hint = "name one, as in `keytide run FOLDER`, or write a [[source]] into keytide.toml";
        return Err(Failure::new("there is no folder to watch", Some(hint)));
    }
    Ok(config)
}

/// Says which keys are named by alarms and have no call yet. That may be a typing error; it may be a new key.
fn warn_of_unseen_keys(store: &Store, config: &Config) -> Result<(), Failure> {
    if config.named_keys.is_empty() {
        return Ok(());
    }
    let seen = key_operations(&store.counts()).map_err(|error| Failure::new(error, None))?;
    for named in config.named_keys.iter().filter(|named| !seen.iter().any(|key| key.key_arn == named.arn)) {
        tracing::warn!(
            key = named.arn,
            "{}: an alarm names a key that no stored call was made with; is it written correctly?",
            named.place
        );
    }
    Ok(())
}

fn failed(error: TaskError) -> Failure {
    let error: Box<dyn std::error::Error> = error;
    Failure::new(error, None)
}
