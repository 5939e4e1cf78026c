//! What happened in a range: top keys and callers, growth, spend, busiest seconds, incidents.
//!
//! What enters are counts, a range and the one before it, incidents and a tariff; what leaves is a report, as Markdown,
//! as a page of its own, as JSON, or as sections of typed cells. Scheduled reports say here when they are due. The room
//! refuses to know what time it is, and how a report reaches anyone.

mod build;
mod data;
mod html;
mod incident;
mod markdown;
mod schedule;
mod sections;
mod settings;
mod stored;
mod text;
mod usage;

pub use build::{Asked, build};
pub use data::{AccountSpend, Change, IncidentLine, QuotaLine, Ranked, ReportData, Span, Spend, StoredFrom, Totals};
pub use schedule::{Due, ReportSchedule};
pub use sections::{Cell, Column, Section};
pub use settings::ReportTable;

#[cfg(test)]
mod tests;
