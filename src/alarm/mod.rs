//! Alarms: when someone is to be told, and what.
//!
//! What enters are definitions, datapoints in order of time, and what was decided before; what leaves are states with
//! CloudWatch's reasons, incidents with their attribution, and the notices that are owed. The room refuses to know
//! where datapoints come from, what time it is, and how a notice reaches anyone.

mod attribution;
mod notice;
mod state;

pub use attribution::{
    CallerWindow, KnownOfKey, Priced, Question, SeenNow, UsualWindow, attribute, cost_per_hour, novelties,
    usual_windows,
};
pub use notice::{
    Contribution, Incident, IncidentSeries, Notice, Novelty, PicturePoint, QuotaUse, ReportForms, StateChange, Subject,
};
pub use state::{Severity, StateValue};
