//! The pages of a replay, as a table and as JSON.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::alarm::Incident;
use crate::cli::question::width;
use crate::domain::{Minute, counted, format_second, grouped};
use crate::render::{self, Cell, Column, Zone};
use crate::watch::{AlarmPage, Evaluation, Setup};

/// Writes what was found for people: the watch's incidents, then what the configured alarms would have sent.
pub(super) fn write_table(
    found: &Evaluation,
    alarms: &[AlarmPage],
    setup: &Setup,
    zone: Zone,
    out: &mut impl Write,
) -> io::Result<()> {
    let Some(range) = found.range else { return writeln!(out, "Nothing is stored of this range.") };
    let from_to = format!("from {} to {}", zone.long(range.start), zone.long(range.end));
    if setup.settings.every_series {
        writeln!(
            out,
            "{} over {} series {from_to}\nBudget: {}\n",
            pages(found.incidents.len()),
            grouped(found.series as i64),
            super::budget(setup.settings.false_pages_per_week)
        )?;
        write_incidents(&found.incidents, zone, out)?;
    }
    if setup.alarms.is_empty() {
        return Ok(());
    }
    if !found.incidents.is_empty() {
        writeln!(out)?;
    }
    let configured = counted(setup.alarms.len() as u64, "configured alarm", "configured alarms");
    writeln!(out, "{} of {configured} {from_to}\n", pages(alarms.len()))?;
    write_alarms(alarms, zone, out)
}

fn pages(count: usize) -> String {
    counted(count as u64, "page", "pages")
}

fn minute<'a>(second: i64) -> Cell<'a> {
    Cell::Time(Minute::nearest(second))
}

fn write_incidents(incidents: &[Incident], zone: Zone, out: &mut impl Write) -> io::Result<()> {
    if incidents.is_empty() {
        return Ok(());
    }
    let columns = [
        Column::right("incident"),
        Column::left("onset"),
        Column::left("key"),
        Column::left("operation"),
        Column::right("observed"),
        Column::right("expected"),
        Column::left("caller"),
        Column::right("share"),
    ];
    let count = |number: f64| Cell::Count(number.round() as i64);
    let rows: Vec<Vec<Cell<'_>>> = incidents
        .iter()
        .map(|incident| {
            let series = incident.series.first();
            let first = incident.attribution.first();
            vec![
                Cell::Count(incident.number.cast_signed()),
                minute(incident.onset),
                Cell::text(series.map_or("", |series| series.alias.as_deref().unwrap_or(&series.key_arn))),
                Cell::text(series.map_or("", |series| &series.operation)),
                count(incident.observed),
                count(incident.expected),
                match first.map(|first| first.caller.as_str()).unwrap_or("") {
                    "" => Cell::Absent("(unknown)"),
                    caller => Cell::text(caller),
                },
                first.map_or(Cell::Missing, |first| Cell::Share(first.share * 100.0)),
            ]
        })
        .collect();
    render::table(&columns, &rows, width(), zone, out)
}

fn write_alarms(alarms: &[AlarmPage], zone: Zone, out: &mut impl Write) -> io::Result<()> {
    if alarms.is_empty() {
        return Ok(());
    }
    let columns = [
        Column::left("alarm"),
        Column::left("ALARM"),
        Column::left("OK"),
        Column::left("paged"),
        Column::left("series"),
        Column::prose("reason"),
    ];
    let series: Vec<String> = alarms.iter().map(series_of).collect();
    let rows: Vec<Vec<Cell<'_>>> = alarms
        .iter()
        .zip(&series)
        .map(|(page, series)| {
            vec![
                Cell::text(&page.alarm),
                minute(page.began_at),
                page.resolved_at.map_or(Cell::Missing, minute),
                minute(page.paged_at),
                Cell::text(series),
                Cell::text(&page.reason),
            ]
        })
        .collect();
    render::table(&columns, &rows, width(), zone, out)
}

/// What tells the series of a page from others, with the key's alias if it has one.
fn series_of(page: &AlarmPage) -> String {
    let Some(attributes) = &page.contributor else { return String::new() };
    let part = |(name, value): (&String, &String)| match &page.alias {
        Some(alias) if name == "KeyArn" => alias.clone(),
        _ => value.clone(),
    };
    let parts: Vec<String> = attributes.iter().map(part).collect();
    parts.join(" ")
}

/// An object a page, in order of time.
pub(super) fn as_json(found: &Evaluation, alarms: &[AlarmPage]) -> Vec<Value> {
    let incidents = found.incidents.iter().map(|incident| (incident.paged_at, of_incident(incident)));
    let alarms = alarms.iter().map(|page| (page.paged_at, of_alarm(page)));
    let mut pages: Vec<(i64, Value)> = incidents.chain(alarms).collect();
    pages.sort_by_key(|(paged_at, _)| *paged_at);
    pages.into_iter().map(|(_, page)| page).collect()
}

/// The incident as it was when it was over.
fn of_incident(incident: &Incident) -> Value {
    let mut page = Map::new();
    page.insert("incident".to_owned(), incident.number.into());
    page.insert("onset".to_owned(), format_second(incident.onset).into());
    page.insert("paged_at".to_owned(), format_second(incident.paged_at).into());
    page.insert("resolved_at".to_owned(), incident.resolved_at.map(format_second).into());
    page.extend(cause(Some(incident)));
    for absent in ["alarm", "severity", "contributor", "reason"] {
        page.insert(absent.to_owned(), Value::Null);
    }
    Value::Object(page)
}

fn of_alarm(alarm: &AlarmPage) -> Value {
    let mut page = Map::new();
    page.insert("incident".to_owned(), Value::Null);
    page.insert("onset".to_owned(), format_second(alarm.onset).into());
    page.insert("paged_at".to_owned(), format_second(alarm.paged_at).into());
    page.insert("resolved_at".to_owned(), alarm.resolved_at.map(format_second).into());
    page.extend(cause(alarm.cause.as_ref()));
    page.insert("alarm".to_owned(), alarm.alarm.as_str().into());
    page.insert("severity".to_owned(), alarm.severity.name().into());
    page.insert("contributor".to_owned(), json!(alarm.contributor));
    page.insert("reason".to_owned(), alarm.reason.as_str().into());
    Value::Object(page)
}

/// What a page says of calls.
fn cause(incident: Option<&Incident>) -> Map<String, Value> {
    let series = incident.iter().flat_map(|incident| &incident.series).map(|series| {
        json!({
            "key_arn": series.key_arn,
            "alias": series.alias,
            "operation": series.operation,
            "metric": series.metric,
            "onset": format_second(series.onset),
            "observed": series.observed,
            "expected": rounded(series.expected),
        })
    });
    let attribution = incident.iter().flat_map(|incident| &incident.attribution).map(|of| {
        json!({
            "caller": of.caller,
            "account": of.account,
            "service": of.service,
            "resource": of.resource,
            "excess": rounded(of.excess),
            "share": of.share,
        })
    });
    let calls = |of: fn(&Incident) -> f64| incident.map(of);
    let fields = json!({
        "series": series.collect::<Vec<_>>(),
        "observed": calls(|incident| incident.observed),
        "expected": calls(|incident| rounded(incident.expected)),
        "excess": calls(|incident| rounded(incident.excess)),
        "attribution": attribution.collect::<Vec<_>>(),
        "attribution_range": incident.and_then(|of| of.attribution_range).map(|range| range.map(format_second)),
        "new": incident.map_or(&[][..], |incident| &incident.new),
        "cost_per_hour": incident.and_then(|incident| incident.cost_per_hour),
        "cost_note": incident.map(|incident| &incident.cost_note),
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn rounded(calls: f64) -> f64 {
    (calls * 10.0).round() / 10.0
}
