//! The watch, the reports and the routes as the daemon calls them.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, TimeZone, Utc};

use super::parts::{Evaluate, RoundSummary, TaskError, Tell};
use crate::alarm::{Notice, Severity, Subject};
use crate::config::Config;
use crate::domain::Minute;
use crate::publish::picture::svg;
use crate::publish::{Route, Router, SecretSource, routes};
use crate::report::{Asked, ReportSchedule, build};
use crate::store::{NewMessage, Store, WatchRound};
use crate::watch::{Setup, Watch, incident, incidents_since, messages};

/// Before a report's name, in what the store remembers: when it was made last.
const REPORT: &str = "report/";

/// Evaluates: the watch over every series, configured alarms, and reports that are due.
pub struct Watching {
    watch: Option<Watch>,
    config: Config,
    began: DateTime<Utc>,
}

impl Watching {
    /// Begins where the store remembers the watch to be.
    pub fn open(store: &Store, config: &Config, now: DateTime<Utc>) -> Result<Self, TaskError> {
        let watch = Watch::open(store, setup(config, now)?)?;
        Ok(Watching { watch: Some(watch), config: config.clone(), began: now })
    }

    fn watch(&mut self, store: &Store) -> Result<&mut Watch, TaskError> {
        let watch = match self.watch.take() {
            Some(watch) => watch,
            None => Watch::open(store, setup(&self.config, self.began)?)?,
        };
        Ok(self.watch.insert(watch))
    }
}

impl Evaluate for Watching {
    fn round(&mut self, store: &mut Store, now: DateTime<Utc>) -> Result<RoundSummary, TaskError> {
        let report = self.watch(store)?.round(store, now)?;
        draw(store, report.begun.iter().chain(&report.ended));
        Ok(RoundSummary {
            series: report.series as u64,
            periods: report.periods,
            changes: (report.begun.len() + report.ended.len()) as u64,
            owed: report.owed as u64,
            incidents_open: report.open as u64,
            silent: report.silent,
            unwatched: report.unwatched as u64,
        })
    }

    fn report(&mut self, store: &mut Store, now: DateTime<Utc>) -> Result<u64, TaskError> {
        let mut round = WatchRound::default();
        let watermark = store.watermark(Minute::nearest(now.timestamp()))?;
        for schedule in &self.config.reports {
            let name = format!("{REPORT}{}", schedule.name);
            let remembered = store.memory(&name)?;
            let last = remembered.as_deref().and_then(time_of);
            let report = &schedule.name;
            if remembered.is_some() && last.is_none() {
                tracing::warn!(report, "the store's memory of this report is damaged; it waits for its next time");
            }
            let last = last.filter(|last| {
                let is_ahead = schedule.is_ahead(*last, now);
                if is_ahead {
                    let made = last.to_rfc3339();
                    tracing::warn!(report, made, "a clock that was ahead made this report; it waits for its next time");
                }
                !is_ahead
            });
            // A schedule that is new waits for its first time.
            let Some(last) = last else {
                round.memories.push((name, now.timestamp().to_string().into_bytes()));
                continue;
            };
            if let Some(due) = schedule.due(last, now, watermark) {
                let made = Made { config: &self.config, schedule, due: &due, watermark };
                round.owed.extend(made.messages(store)?);
                round.memories.push((name, due.at.timestamp().to_string().into_bytes()));
            }
        }
        if !round.memories.is_empty() {
            store.commit_round(&round, now)?;
        }
        Ok(round.owed.len() as u64)
    }

    fn save(&mut self, store: &mut Store) -> Result<(), TaskError> {
        Ok(self.watch(store)?.save(store)?)
    }

    fn reopen(&mut self, store: &mut Store) -> Result<(), TaskError> {
        self.watch = None;
        self.watch(store).map(|_| ())
    }

    fn reload(&mut self, store: &mut Store, config: &Config) -> Result<(), TaskError> {
        let watch = Watch::open(store, setup(config, self.began)?)?;
        self.watch = Some(watch);
        self.config = config.clone();
        Ok(())
    }
}

/// The time in a report's memory: seconds since 1970 in digits.
fn time_of(memory: &[u8]) -> Option<DateTime<Utc>> {
    let second = str::from_utf8(memory).ok()?.parse().ok()?;
    Utc.timestamp_opt(second, 0).single()
}

/// Draws the pictures of incidents where their pages say that they lie. A page goes out without its picture too.
pub fn draw<'n>(store: &Store, numbers: impl Iterator<Item = &'n u64>) {
    for number in numbers {
        let drawn = || -> Result<(), TaskError> {
            let Some(incident) = incident(store, *number)? else { return Ok(()) };
            let Some(path) = incident.picture_path.as_deref().map(Path::new) else { return Ok(()) };
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            Ok(std::fs::write(path, svg(&incident))?)
        };
        if let Err(error) = drawn() {
            tracing::warn!(incident = number, %error, "the picture of an incident can't be drawn");
        }
    }
}

/// What the watch is given by the settings.
fn setup(config: &Config, now: DateTime<Utc>) -> Result<Setup, TaskError> {
    let router = Router::new(&routes_of(config)?);
    let mut setup = Setup::silent(config.watch.clone()).with_router(move |notice, told| match told {
        Some(told) => router.end_routes(notice, told),
        None => router.routes(notice),
    });
    setup.alarms = config.alarms.clone();
    setup.mutes = config.mutes.clone();
    setup.prices = config.prices.clone();
    setup.quotas = config.quotas.clone();
    setup.configured_at = now.timestamp();
    Ok(setup)
}

/// The routes of the settings. Where none is set, messages are printed: a page that nobody can see is none.
pub fn routes_of(config: &Config) -> Result<Vec<Route>, TaskError> {
    let tables = match config.routes.is_empty() {
        true => vec![toml::from_str("name = \"standard-output\"\nkind = \"stdout\"")?],
        false => config.routes.clone(),
    };
    routes(&tables, &SecretSource::read).map_err(|errors| {
        let texts: Vec<String> = errors.iter().map(|error| error.message.clone()).collect();
        texts.join("; ").into()
    })
}

/// A report to be made.
struct Made<'a> {
    config: &'a Config,
    schedule: &'a ReportSchedule,
    due: &'a crate::report::Due,
    watermark: Option<Minute>,
}

impl Made<'_> {
    fn messages(&self, store: &Store) -> Result<Vec<NewMessage>, TaskError> {
        let range = self.due.range;
        let aliases: BTreeMap<String, String> = store.key_aliases(range.end.first_second())?.into_iter().collect();
        let incidents = incidents_since(store, range.start.first_second())?;
        let counts = store.counts();
        let data = build(
            &counts,
            &Asked {
                kind: &self.due.kind,
                range,
                previous: Some(self.due.previous),
                watermark: self.watermark,
                limit: self.schedule.limit,
                zone: self.schedule.zone,
                aliases: &aliases,
                incidents: Some(&incidents),
                prices: &self.config.prices,
                quotas: &self.config.quotas,
            },
        )?;
        let notice = Notice {
            dedup_key: format!("keytide/report/{}/{}", self.schedule.name, self.due.at.timestamp()),
            severity: Severity::Info,
            keys: Vec::new(),
            aliases: Vec::new(),
            accounts: Vec::new(),
            tags: BTreeMap::new(),
            subject: Subject::Report(data.forms()),
        };
        let routes = Router::new(&routes_of(self.config)?).report_routes(&self.schedule.routes);
        Ok(messages(&notice, routes)?)
    }
}

/// Says which routes notices about the program's own health go to.
pub struct Telling {
    router: Router,
}

impl Telling {
    /// Over the routes of the settings.
    pub fn new(config: &Config) -> Result<Self, TaskError> {
        Ok(Telling { router: Router::new(&routes_of(config)?) })
    }
}

impl Tell for Telling {
    fn messages(&mut self, notice: &Notice) -> Result<Vec<NewMessage>, TaskError> {
        Ok(messages(notice, self.router.routes(notice))?)
    }

    fn reload(&mut self, config: &Config) -> Result<(), TaskError> {
        *self = Telling::new(config)?;
        Ok(())
    }
}
