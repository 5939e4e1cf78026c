//! The sections that belong to other rooms: alarms, routes, reports, prices and quotas.

use std::path::Path;

use toml::Spanned;

use super::error::Place;
use super::outside::Outside;
use super::parse::Sections;
use super::read::unknown;
use super::settings::{Config, NamedKey};
use crate::alarm::{AlarmTable, AlarmTables, CompositeAlarmTable, MuteTable};
use crate::domain::SettingError;
use crate::publish::{RouteTable, routes};
use crate::report::ReportTable;
use crate::tariff::{PriceTable, QuotaTable};

impl Sections<'_, '_> {
    /// Reads them into the settings. `file` and `text` are for the places that are kept.
    pub(super) fn of_other_rooms(&mut self, config: &mut Config, outside: &Outside<'_>, file: &str, text: &str) {
        self.prices(config, outside);
        let tables = self.tables::<RouteTable>("route");
        if let Err(errors) = routes(&tables, outside.resolve) {
            self.errors.extend(errors);
        }
        let known = self.names_of("route");
        config.routes = tables;
        let is_read = self.errors.len();
        let alarms = AlarmTables {
            alarm: self.tables::<AlarmTable>("alarm"),
            composite_alarm: self.tables::<CompositeAlarmTable>("composite_alarm"),
            mute: self.tables::<MuteTable>("mute"),
        };
        // A table that can't be read is missing where others name it.
        let is_whole = self.errors.len() == is_read;
        let mut named = Vec::new();
        match alarms.read() {
            Ok(definitions) => {
                config.alarms = definitions.alarms;
                config.mutes = definitions.mutes;
                named = definitions.routes;
                let key = |(arn, span)| NamedKey { arn, place: Place::of(file, text, span) };
                config.named_keys = definitions.keys.into_iter().map(key).collect();
            }
            Err(errors) if is_whole => self.errors.extend(errors),
            Err(_) => {}
        }
        for table in self.tables::<ReportTable>("report") {
            named.extend(table.routes.iter().map(|route| (route.get_ref().clone(), route.span())));
            match table.schedule() {
                Ok(schedule) => config.reports.push(schedule),
                Err(errors) => self.errors.extend(errors),
            }
        }
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        for (route, span) in named {
            if !known.contains(&route.as_str()) {
                self.errors.push(SettingError::at(span, unknown("route", &route, &known)));
            }
        }
    }

    fn prices(&mut self, config: &mut Config, outside: &Outside<'_>) {
        let prices = self.table::<PriceTable>("prices");
        let text = self.named_file(prices.file.as_ref(), outside);
        match prices.prices(text.as_deref()) {
            Ok(prices) => config.prices = prices,
            Err(errors) => self.errors.extend(errors),
        }
        let quotas = self.table::<QuotaTable>("quotas");
        let text = self.named_file(quotas.file.as_ref(), outside);
        match quotas.quotas(text.as_deref()) {
            Ok(quotas) => config.quotas = quotas,
            Err(errors) => self.errors.extend(errors),
        }
    }

    fn named_file(&mut self, file: Option<&Spanned<String>>, outside: &Outside<'_>) -> Option<String> {
        let file = file?;
        let read = (outside.read)(Path::new(file.get_ref()));
        read.map_err(|message| self.errors.push(SettingError::at(file.span(), message))).ok()
    }
}
