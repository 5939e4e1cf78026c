//! What a watch is given.

use std::collections::BTreeSet;

use super::WatchSettings;
use crate::alarm::{Alarm, MuteRule, Notice, muted_by};
use crate::domain::Minute;
use crate::tariff::{PriceList, QuotaList};

/// Where counts come in time, the watermark is no further behind now: an hour, which is plenty.
const IN_TIME_SECONDS: i64 = 3_600;

/// Which routes a notice goes to. Of one that ends an episode the routes that were told of that are given, if they are
/// known.
type Routes = Box<dyn Fn(&Notice, Option<&BTreeSet<String>>) -> Vec<String> + Send + Sync>;

/// All that a watch is given.
pub struct Setup {
    /// The settings.
    pub settings: WatchSettings,
    /// The configured alarms, each composite one after those that it names.
    pub alarms: Vec<Alarm>,
    /// When nobody is told.
    pub mutes: Vec<MuteRule>,
    /// What requests cost.
    pub prices: PriceList,
    /// How many a second are allowed.
    pub quotas: QuotaList,
    /// The account and Region that configured alarms are said to be in.
    pub account: String,
    /// See `account`.
    pub region: String,
    /// When the configuration was read, seconds since 1970.
    pub configured_at: i64,
    routes: Routes,
}

impl Setup {
    /// A setup without alarms and routes: it watches every series, and tells nobody.
    pub fn silent(settings: WatchSettings) -> Self {
        Setup {
            settings,
            alarms: Vec::new(),
            mutes: Vec::new(),
            prices: PriceList::default(),
            quotas: QuotaList::default(),
            account: "000000000000".to_owned(),
            region: "us-east-1".to_owned(),
            configured_at: 0,
            routes: Box::new(|_, _| Vec::new()),
        }
    }

    /// With routes for notices, by name.
    pub fn with_routes(self, routes: impl Fn(&Notice) -> Vec<String> + Send + Sync + 'static) -> Self {
        self.with_router(move |notice, _| routes(notice))
    }

    /// The same where the routes of what ends an episode depend on those that were told of it: they are given for such
    /// a notice, unless that was before they were remembered.
    pub fn with_router(
        self,
        routes: impl Fn(&Notice, Option<&BTreeSet<String>>) -> Vec<String> + Send + Sync + 'static,
    ) -> Self {
        Setup { routes: Box::new(routes), ..self }
    }

    pub(super) fn tariff(&self) -> (&PriceList, &QuotaList) {
        (&self.prices, &self.quotas)
    }

    pub(super) fn routes(&self, notice: &Notice, told: Option<&BTreeSet<String>>) -> Vec<String> {
        (self.routes)(notice, told)
    }

    /// What was over before this second since 1970 pages nobody any more: a page's reach before the watermark, or
    /// before that of counts that come in time.
    pub(super) fn pages_since(&self, watermark: Minute, now: i64) -> i64 {
        (now - IN_TIME_SECONDS).max(watermark.first_second()) - i64::from(self.settings.page_back_seconds)
    }

    /// Whether an alarm is muted at a second since 1970.
    pub(super) fn is_muted(&self, alarm: &str, second: i64) -> bool {
        muted_by(&self.mutes, alarm, second).is_some()
    }
}
