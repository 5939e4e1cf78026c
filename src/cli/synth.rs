//! `keytide synth`: a trail to try things on, with the truth about it.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::synth::{
    IncidentSpec, SynthError, SynthOptions, SynthProgress, SynthSummary, generate, parse_duration, parse_start,
};

/// Write a seeded, realistic CloudTrail trail, and beside it the counts that a correct reader must reach
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Folder to write into; it must be empty or not exist yet
    #[arg(value_name = "OUT")]
    pub out: PathBuf,
    /// The same seed and options give the same bytes
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// First moment: a UTC date or RFC 3339
    #[arg(long, default_value = "2026-01-05", value_parser = parse_start)]
    pub start: DateTime<Utc>,
    /// Days, fractions allowed
    #[arg(long, default_value_t = 14.0, value_parser = parse_days, conflicts_with = "duration")]
    pub days: f64,
    /// Length of time instead of days, such as 3h or 2d
    #[arg(long, value_parser = parse_duration)]
    pub duration: Option<u64>,
    /// Mean KMS calls a second
    #[arg(long, default_value_t = 1.0, value_name = "CALLS")]
    pub rate: f64,
    /// Keys in use
    #[arg(long, default_value_t = 40)]
    pub keys: usize,
    /// Accounts
    #[arg(long, default_value_t = 4)]
    pub accounts: usize,
    /// Regions
    #[arg(long, default_value_t = 2)]
    pub regions: usize,
    /// Share of the calls to all services that are KMS's; the rest are other services' events
    #[arg(long, default_value_t = 0.6, value_name = "SHARE")]
    pub kms_share: f64,
    /// Lay the folders out as an organization trail's
    #[arg(long)]
    pub organization: bool,
    /// Share of objects delivered twice, and of records repeated in other objects
    #[arg(long, default_value_t = 0.01, value_name = "SHARE")]
    pub duplicate_share: f64,
    /// Share of records delivered hours late
    #[arg(long, default_value_t = 0.001, value_name = "SHARE")]
    pub late_share: f64,
    /// Share of keys' use that comes from other accounts
    #[arg(long, default_value_t = 0.08, value_name = "SHARE")]
    pub cross_account_share: f64,
    /// Leave out creation, rotation, import, deletion, tags, policies, grants and sessions
    #[arg(long)]
    pub no_lifecycle: bool,
    /// Leave out digest files
    #[arg(long)]
    pub no_digests: bool,
    /// Threads that write objects
    #[arg(long, default_value_t = 2)]
    pub threads: usize,
    /// A key whose Decrypt calls run away: runaway:KEY:START:DURATION:FACTOR, as in runaway:0:12d18h:90m:30; KEY is a
    /// number or a part of an ARN in truth/keys.csv
    #[arg(long = "incident", value_name = "INCIDENT")]
    pub incidents: Vec<IncidentSpec>,
}

/// Days that make a second or more, up to the longest trail.
fn parse_days(text: &str) -> Result<f64, String> {
    let expected = || "a trail lasts up to ten years; give days above 0, such as 14 or 0.5".to_owned();
    let days: f64 = text.parse().map_err(|_| expected())?;
    if (1.0..=10.0 * 366.0 * 86_400.0).contains(&(days * 86_400.0).round()) { Ok(days) } else { Err(expected()) }
}

impl Args {
    /// The options that the flags mean.
    pub fn options(&self) -> SynthOptions {
        SynthOptions {
            seed: self.seed,
            start: self.start,
            seconds: self.duration.unwrap_or((self.days * 86_400.0).round() as u64),
            rate: self.rate,
            keys: self.keys,
            accounts: self.accounts,
            regions: self.regions,
            kms_share: self.kms_share,
            organization: self.organization,
            duplicate_share: self.duplicate_share,
            late_share: self.late_share,
            cross_account_share: self.cross_account_share,
            lifecycle: !self.no_lifecycle,
            digests: !self.no_digests,
            threads: self.threads,
            incidents: self.incidents.clone(),
        }
    }
}

/// Makes the trail, with progress on a terminal, and says what was made.
pub fn run(args: &Args) -> Result<(), SynthError> {
    let options = args.options();
    tracing::info!(folder = ?args.out, ?options, "making a trail");
    let bar = indicatif::ProgressBar::new(0);
    let style = indicatif::ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left");
    bar.set_style(style.expect("the template is well formed"));
    let summary = generate(&options, &args.out, &mut |progress: SynthProgress| {
        bar.set_length(progress.total_seconds);
        bar.set_position(progress.seconds);
        bar.set_message(format!("{} records, {} calls", progress.records, progress.calls));
    });
    bar.finish_and_clear();
    eprintln!("{}", told(&summary?, args));
    Ok(())
}

fn told(summary: &SynthSummary, args: &Args) -> String {
    format!(
        "{} objects, {} records ({:.1} MB gzip, {:.1} MB raw), {} KMS calls, seed {}; the truth is in {}",
        summary.objects,
        summary.records,
        summary.gzip_bytes as f64 / 1e6,
        summary.raw_bytes as f64 / 1e6,
        summary.calls,
        summary.seed,
        args.out.join("truth").display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_make_no_trail_are_refused() {
        for text in ["nan", "0", "-1", "inf", "1e-9", "3661", "two"] {
            assert!(parse_days(text).is_err(), "{text}");
        }
        assert_eq!([parse_days("14"), parse_days("0.5"), parse_days("3660")], [Ok(14.0), Ok(0.5), Ok(3660.0)]);
    }
}
