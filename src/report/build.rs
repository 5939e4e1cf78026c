//! From counts to a report.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use polars::prelude::PolarsResult;

use super::data::{AccountSpend, Change, IncidentLine, Moment, QuotaLine, Ranked, ReportData, Span, Spend, Totals};
use super::stored::Stored;
use super::text;
use super::usage::Usage;
use crate::alarm::Incident;
use crate::domain::{Minute, MinuteRange, Outcome};
use crate::series::{CountKind, Counts};
use crate::tariff::{PriceList, QuotaList};

/// What a report is to be about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// `weekly report`: how the title calls it.
    pub kind: &'a str,
    /// The minutes.
    pub range: MinuteRange,
    /// The minutes to compare with, as far as they are stored in full.
    pub previous: Option<MinuteRange>,
    /// Up to when counts are complete, if a range that ends later is to say so.
    pub watermark: Option<Minute>,
    /// Rows of a ranking, at most.
    pub limit: usize,
    /// The time zone of the times in it.
    pub zone: Tz,
    /// Aliases by key ARN, as far as they are known.
    pub aliases: &'a BTreeMap<String, String>,
    /// Incidents, of which those that touch the range are told; none if nothing watches.
    pub incidents: Option<&'a [Incident]>,
    /// What requests cost.
    pub prices: &'a PriceList,
    /// How many are allowed.
    pub quotas: &'a QuotaList,
}

/// Builds a report. Counts by caller are in slots of five minutes (an hour after two weeks): of a range that cuts one,
/// the whole slot is in the rankings of callers and resources, and in what their shares are of. Counts of a kind that
/// isn't stored of the whole range before are not compared.
pub fn build(counts: &dyn Counts, asked: &Asked<'_>) -> PolarsResult<ReportData> {
    let stored = Stored::read(counts)?;
    // Where nothing is stored, no count doesn't mean no call.
    let is_held = |kind| asked.previous.is_some_and(|previous| stored.holds(kind, previous));
    let [minutes, callers, seconds] = [CountKind::Minutes, CountKind::Callers, CountKind::Seconds].map(is_held);
    let previous = asked.previous.filter(|_| minutes || callers || seconds);
    let slot_of = |range: Option<MinuteRange>| range.map_or(Ok(Minute::PER_SLOT), |range| counts.caller_slot(range));
    let slot = slot_of(Some(asked.range))?.max(slot_of(previous.filter(|_| callers))?);
    let in_slots = |range: MinuteRange| if range.is_empty() { range } else { range.widened(slot) };
    let read = |range: MinuteRange| Usage::read(counts, range, in_slots(range));
    let now = read(asked.range)?;
    let before = previous.map(read).transpose()?;
    let [minutes, callers, seconds] = [minutes, callers, seconds].map(|is_held| before.as_ref().filter(|_| is_held));
    let span = |range: MinuteRange| Span {
        start: moment(range.start.first_second(), asked.zone),
        end: moment(range.end.first_second(), asked.zone),
    };
    let totals = totals(&now, minutes);
    let (calls, by_callers) = (totals.successful.calls, now.by_callers);
    let ranked = |of: fn(&Usage) -> &BTreeMap<String, u64>, before: Option<&Usage>, all: u64| {
        ranked(of(&now), before.map(of), all)
    };
    let mut keys = ranked(|usage| &usage.keys, minutes, calls);
    for key in &mut keys {
        key.alias = asked.aliases.get(&key.name).cloned();
    }
    let changes = changes(&keys, asked.limit);
    let top = |mut rows: Vec<Ranked>| {
        rows.retain(|row| row.change.calls > 0);
        rows.truncate(asked.limit);
        rows
    };
    Ok(ReportData {
        title: format!("Keytide {}, {}", asked.kind, text::span(span(asked.range))),
        range: span(asked.range),
        previous: previous.map(span),
        callers_range: span(stored.part(CountKind::Callers, in_slots(asked.range))),
        totals,
        keys: top(keys),
        changes,
        operations: top(ranked(|usage| &usage.operations, minutes, calls)),
        callers: top(ranked(|usage| &usage.callers, callers, by_callers)),
        resources: top(ranked(|usage| &usage.resources, callers, by_callers)),
        spend: spend(&now, seconds, asked.prices),
        quotas: quotas(&now, asked),
        incidents: asked.incidents.map(|incidents| told(incidents, asked)),
        stored_from: stored.moments(asked.zone),
        notes: notes(&stored, asked),
    })
}

/// What has to be known of the counts.
fn notes(stored: &Stored, asked: &Asked<'_>) -> Vec<String> {
    let mut notes = stored.notes(asked.range, asked.previous, asked.zone);
    if let Some(watermark) = asked.watermark.filter(|watermark| *watermark < asked.range.end) {
        let until = text::moment(moment(watermark.first_second(), asked.zone));
        notes.push(format!("When this was made, counts were complete up to {until} only."));
    }
    notes
}

fn moment(at: i64, zone: Tz) -> Moment {
    Moment { at, zone }
}

fn totals(now: &Usage, before: Option<&Usage>) -> Totals {
    let change = |outcome: Outcome| {
        let of = |usage: &Usage| usage.outcomes[outcome as usize];
        Change::new(of(now), before.map(of))
    };
    Totals {
        successful: change(Outcome::Successful),
        throttled: change(Outcome::Throttled),
        denied: change(Outcome::Denied),
        failed: change(Outcome::Failed),
        dry_run: change(Outcome::DryRun),
        unattributed: Change::new(now.unattributed, before.map(|usage| usage.unattributed)),
    }
}

/// All names by calls, those too that only the range before has, with their share of all calls.
fn ranked(now: &BTreeMap<String, u64>, before: Option<&BTreeMap<String, u64>>, total: u64) -> Vec<Ranked> {
    let of = |calls: Option<&BTreeMap<String, u64>>, name: &str| calls.map(|calls| *calls.get(name).unwrap_or(&0));
    let gone = before.into_iter().flat_map(|before| before.keys()).filter(|name| !now.contains_key(*name));
    let mut rows: Vec<Ranked> = now
        .keys()
        .chain(gone)
        .map(|name| {
            let calls = of(Some(now), name).unwrap_or(0);
            let share = if total > 0 { calls as f64 * 100.0 / total as f64 } else { 0.0 };
            Ranked { name: name.clone(), alias: None, change: Change::new(calls, of(before, name)), share }
        })
        .collect();
    rows.sort_by(|a, b| b.change.calls.cmp(&a.change.calls).then_with(|| a.name.cmp(&b.name)));
    rows
}

/// Those whose calls changed most.
fn changes(keys: &[Ranked], limit: usize) -> Vec<Ranked> {
    let by = |row: &Ranked| row.change.previous.map_or(0, |previous| row.change.calls.abs_diff(previous));
    let mut rows: Vec<Ranked> = keys.iter().filter(|row| by(row) > 0).cloned().collect();
    rows.sort_by(|a, b| by(b).cmp(&by(a)).then_with(|| a.name.cmp(&b.name)));
    rows.truncate(limit);
    rows
}

/// What an account's requests cost, and how many have no price.
#[derive(Clone, Copy, Default)]
struct Bill {
    requests: u64,
    dollars: f64,
    unpriced: u64,
}

fn bills(usage: &Usage, prices: &PriceList) -> BTreeMap<String, Bill> {
    let mut bills: BTreeMap<String, Bill> = BTreeMap::new();
    for of in &usage.pools {
        let bill = bills.entry(of.pool.account.clone()).or_default();
        bill.requests += of.requests;
        match prices.per_request("", Some(&of.pool.name), &of.pool.region) {
            Some(price) => bill.dollars += price.dollars * of.requests as f64,
            None => bill.unpriced += of.requests,
        }
    }
    bills
}

fn spend(now: &Usage, before: Option<&Usage>, prices: &PriceList) -> Spend {
    let now = bills(now, prices);
    let before = before.map(|usage| bills(usage, prices));
    let sum = |bills: &BTreeMap<String, Bill>| bills.values().map(|bill| bill.dollars).sum::<f64>();
    let previous = |account: &str| before.as_ref().map(|before| before.get(account).map_or(0.0, |bill| bill.dollars));
    let gone = before.iter().flat_map(|before| before.keys()).filter(|account| !now.contains_key(*account));
    let mut accounts: Vec<AccountSpend> = now
        .keys()
        .chain(gone)
        .map(|account| {
            let Bill { requests, dollars, unpriced } = now.get(account).copied().unwrap_or_default();
            AccountSpend { account: account.clone(), requests, dollars, previous: previous(account), unpriced }
        })
        .collect();
    accounts.sort_by(|a, b| b.dollars.total_cmp(&a.dollars).then_with(|| a.account.cmp(&b.account)));
    Spend { dollars: sum(&now), previous: before.as_ref().map(sum), label: prices.label(), accounts }
}

fn quotas(now: &Usage, asked: &Asked<'_>) -> Vec<QuotaLine> {
    let lines = now.pools.iter().map(|of| {
        let quota = asked.quotas.per_second(&of.pool.account, &of.pool.region, &of.pool.name);
        QuotaLine {
            account: of.pool.account.clone(),
            region: of.pool.region.clone(),
            pool: of.pool.name.clone(),
            peak_per_second: of.peak,
            peak_at: moment(i64::from(of.peak_at.0), asked.zone),
            quota_per_second: quota.map(|quota| quota.per_second),
            share: quota.map(|quota| f64::from(of.peak) * 100.0 / quota.per_second),
            note: quota.map(|quota| quota.origin.to_string()).unwrap_or_default(),
            origin: quota.map(|quota| quota.origin.clone()),
            throttled: of.throttled,
        }
    });
    let mut lines: Vec<QuotaLine> = lines.collect();
    // A second with one request shows nothing, however low its quota; many quotas are of a few requests.
    let shows = |line: &QuotaLine| line.peak_per_second > 1 || line.throttled > 0;
    let share = |line: &QuotaLine| line.share.unwrap_or(-1.0);
    let name = |line: &QuotaLine| (line.account.clone(), line.region.clone(), line.pool.clone());
    lines.sort_by(|a, b| {
        let by_share = || share(b).total_cmp(&share(a));
        shows(b).cmp(&shows(a)).then_with(by_share).then_with(|| name(a).cmp(&name(b)))
    });
    lines.truncate(asked.limit);
    lines
}

/// The incidents that touch the range.
fn told(incidents: &[Incident], asked: &Asked<'_>) -> Vec<IncidentLine> {
    let (start, end) = (asked.range.start.first_second(), asked.range.end.first_second());
    let touches =
        |incident: &&Incident| incident.onset < end && incident.resolved_at.is_none_or(|resolved| resolved > start);
    let mut lines: Vec<IncidentLine> =
        incidents.iter().filter(touches).map(|incident| IncidentLine::of(incident, asked.zone)).collect();
    lines.sort_by_key(|line| (line.onset.at, line.number));
    lines
}
