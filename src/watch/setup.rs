//! What a watch is given.

use chrono::{DateTime, Utc};

use super::WatchSettings;
use crate::alarm::Notice;
use crate::tariff::{PriceList, QuotaList};

/// Which routes a notice goes.
type Routes = Box<dyn Fn(&Notice) -> Vec<String> + Send + Sync>;

/// Whether everything is muted at a moment.
type Muted = Box<dyn Fn(DateTime<Utc>) -> bool + Send + Sync>;

/// All that a watch is given.
pub struct Setup {
    /// The settings.
    pub settings: WatchSettings,
    /// What requests cost.
    pub prices: PriceList,
    /// How many a second are allowed.
    pub quotas: QuotaList,
    routes: Routes,
    muted: Muted,
}

impl Setup {
    /// A setup that pages nobody: for replays.
    pub fn silent(settings: WatchSettings) -> Self {
        Setup {
            settings,
            prices: PriceList::default(),
            quotas: QuotaList::default(),
            routes: Box::new(|_| Vec::new()),
            muted: Box::new(|_| false),
        }
    }

    /// With routes for notices, by name.
    pub fn with_routes(self, routes: impl Fn(&Notice) -> Vec<String> + Send + Sync + 'static) -> Self {
        Setup { routes: Box::new(routes), ..self }
    }

    /// With times at which nobody is told anything yet.
    pub fn with_mutes(self, muted: impl Fn(DateTime<Utc>) -> bool + Send + Sync + 'static) -> Self {
        Setup { muted: Box::new(muted), ..self }
    }

    pub(super) fn tariff(&self) -> (&PriceList, &QuotaList) {
        (&self.prices, &self.quotas)
    }

    pub(super) fn routes(&self, notice: &Notice) -> Vec<String> {
        (self.routes)(notice)
    }

    pub(super) fn is_muted(&self, now: DateTime<Utc>) -> bool {
        (self.muted)(now)
    }
}
