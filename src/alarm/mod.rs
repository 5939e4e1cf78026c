//! Alarms: when someone is to be told, and what.
//!
//! What enters are definitions, datapoints in order of time, and what was decided before; what leaves are states with
//! CloudWatch's reasons, incidents with their attribution, and the notices that are owed. The room refuses to know
//! where datapoints come from, what time it is, and how a notice reaches anyone.

mod attribution;
mod check;
mod composite;
mod contributors;
mod cron;
mod definition;
mod document;
mod evaluate;
mod memory;
mod mute;
mod notice;
mod operator;
mod past;
mod reason;
mod reason_data;
mod state;
mod step;
mod stepped;
mod table;
mod tell;
mod trigger;
mod who;

pub use attribution::{
    CallerWindow, KnownOfKey, Priced, Question, SeenNow, UsualWindow, attribute, cost_per_hour, novelties,
    usual_windows,
};
pub use check::{CheckError, Failure, TestResult, check};
pub use composite::{CompositeRule, Least, Node, Passing, RuleError, SuppressedBy, Suppression, Suppressor};
pub use contributors::{contributor_id, contributor_state, parent_reason_data, parent_state};
pub use cron::{CRON_FORM, last_time, read_cron};
pub use definition::{
    Alarm, AlarmKind, CompositeAlarm, Condition, Keys, MetricAlarm, TreatMissingData, Watched, alarm_arn,
};
pub use evaluate::{Because, Comparison, Point, Rule, Slots, Verdict};
pub use memory::{AlarmMemory, ContributorMemory, Held, HistoryItem, HistoryKind, Owing};
pub use mute::{INCIDENT_PREFIX, MuteRule, Schedule, Window, muted_by};
pub use notice::{
    Contribution, Contributor, Incident, IncidentSeries, Notice, Novelty, PicturePoint, QuotaUse, ReportForms,
    StateChange, Subject,
};
pub use operator::{BandOperator, Operator};
pub use past::{Episode, Past};
pub use reason::{NO_CONTRIBUTION, UNCHECKED, band_reason};
pub use reason_data::cloudwatch_stamp;
pub use state::{Severity, StateValue};
pub use step::Series;
pub use stepped::{Moment, Owed, Stepped};
pub use table::{AlarmTable, AlarmTables, CompositeAlarmTable, Definitions, MuteTable, TimeSetting};
pub use trigger::trigger;
pub use who::{novelty, who};
