//! How numbers, times and names read. Every message takes them from here.

use chrono::{DateTime, Utc};

use crate::alarm::{Contribution, IncidentSeries};
use crate::domain::Arn;
use crate::render::grouped;

/// Calls: `412,000`; `3.2` of few.
pub(super) fn count(number: f64) -> String {
    match number.is_finite() && number.abs() < 10.0 && (number - number.round()).abs() >= 0.05 {
        true => format!("{number:.1}"),
        false => grouped(number.round() as i64),
    }
}

/// Calls more or fewer: `+412,000`, `-3`.
pub(super) fn signed(number: f64) -> String {
    let text = count(number);
    if number > 0.0 { format!("+{text}") } else { text }
}

/// A part of a whole: `98 %`, `<1 %`, `>99 %`.
pub(super) fn percent(share: f64) -> String {
    match share {
        share if share > 0.0 && share < 0.01 => "<1 %".to_owned(),
        share if share > 0.99 && share < 1.0 => ">99 %".to_owned(),
        share => format!("{:.0} %", share * 100.0),
    }
}

/// How many times as many: `128 ×`, `1.4 ×`.
pub(super) fn times(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.1} ×") } else { format!("{} ×", grouped(ratio.round() as i64)) }
}

/// US dollars: `$4.94`, `$1,235`.
pub(super) fn dollars(amount: f64) -> String {
    match amount.abs() {
        size if size < 0.005 => "less than $0.01".to_owned(),
        size if size < 100.0 => format!("${amount:.2}"),
        _ => format!("${}", grouped(amount.round() as i64)),
    }
}

/// A span of time: `40 s`, `15 min`, `1 h 25 min`, `2 d 3 h`.
pub(super) fn span(seconds: i64) -> String {
    let two = |large: i64, unit: &str, small: i64, part: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {part}"),
    };
    match seconds.max(0) {
        seconds if seconds < 60 => format!("{seconds} s"),
        seconds if seconds < 3_600 => format!("{} min", seconds / 60),
        seconds if seconds < 86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        seconds => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

/// A time as programs read it: `2026-11-24T02:40:00Z`.
pub(super) fn stamp(second: i64) -> String {
    formatted(second, "%Y-%m-%dT%H:%M:%SZ")
}

/// A day: `Tue 2026-11-24`.
pub(super) fn day(second: i64) -> String {
    formatted(second, "%a %Y-%m-%d")
}

/// A time of day, with the day before it unless that is the day of `beside`: `02:40`, `11-23 22:10`.
pub(super) fn clock(second: i64, beside: i64) -> String {
    let is_same_day = second.div_euclid(86_400) == beside.div_euclid(86_400);
    formatted(second, if is_same_day { "%H:%M" } else { "%m-%d %H:%M" })
}

/// A time of day to the second: `02:52:13`.
pub(super) fn clock_second(second: i64) -> String {
    formatted(second, "%H:%M:%S")
}

fn formatted(second: i64, format: &str) -> String {
    DateTime::<Utc>::from_timestamp(second, 0).unwrap_or_default().format(format).to_string()
}

/// A number with its noun: `1 alarm`, `3 alarms`.
pub(super) fn many(number: usize, noun: &str) -> String {
    let plural = if number == 1 || noun == "series" { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(i64::try_from(number).unwrap_or(i64::MAX)))
}

/// A key as people call it: its alias, else its id.
pub(super) fn key(series: &IncidentSeries) -> &str {
    series.alias.as_deref().unwrap_or_else(|| key_id(&series.key_arn))
}

/// The id in a key's ARN; the text itself if it is none.
pub(super) fn key_id(arn: &str) -> &str {
    arn.split_once(":key/").map_or(arn, |(_, id)| id)
}

/// Operation and outcome: `Decrypt`, `denied Decrypt`.
pub(super) fn calls(operation: &str, metric: &str) -> String {
    match metric {
        "ThrottledRequest" => format!("throttled {operation}"),
        "DeniedRequest" => format!("denied {operation}"),
        "FailedRequest" => format!("failed {operation}"),
        "DryRunRequest" => format!("dry-run {operation}"),
        _ => operation.to_owned(),
    }
}

/// Who made calls: `role etl-nightly through S3, bucket data-lake-raw`.
pub(super) fn who(part: &Contribution) -> String {
    let mut text = match (part.caller.as_str(), part.account.as_str()) {
        ("", "") => String::new(),
        ("", account) => format!("account {account}"),
        (caller, _) => principal(caller),
    };
    if !part.service.is_empty() {
        let service = service(&part.service);
        text = if text.is_empty() { service } else { format!("{text} through {service}") };
    }
    if !part.resource.is_empty() {
        let resource = resource(&part.resource);
        text = if text.is_empty() { resource } else { format!("{text}, {resource}") };
    }
    if text.is_empty() { "everyone else".to_owned() } else { text }
}

/// Something new: `role etl-nightly`, `account 444455556666`.
pub(super) fn novelty(what: &str, name: &str) -> String {
    match what {
        "caller" => principal(name),
        "service" => service(name),
        "resource" => resource(name),
        what => format!("{what} {name}"),
    }
}

/// A role or user without what is the same for all: `role etl-nightly`.
fn principal(arn: &str) -> String {
    let Some(parts) = Arn::parse(arn) else { return arn.to_owned() };
    match parts.resource.split_once('/') {
        Some(("role", path)) => format!("role {}", path.rsplit('/').next().unwrap_or(path)),
        Some(("assumed-role", session)) => format!("role {}", session.split('/').next().unwrap_or(session)),
        Some(("user", path)) => format!("user {}", path.rsplit('/').next().unwrap_or(path)),
        _ if parts.resource == "root" => format!("root of {}", parts.account),
        _ => arn.to_owned(),
    }
}

/// A service by the name that people use.
fn service(host: &str) -> String {
    let name = host.strip_suffix(".amazonaws.com").unwrap_or(host);
    match name {
        "s3" => "S3",
        "s3express" => "S3 Express",
        "ec2" => "EC2",
        "lambda" => "Lambda",
        "secretsmanager" => "Secrets Manager",
        "ssm" => "Systems Manager",
        "dynamodb" => "DynamoDB",
        "rds" => "RDS",
        "redshift" => "Redshift",
        "sqs" => "SQS",
        "sns" => "SNS",
        "logs" => "CloudWatch Logs",
        "cloudtrail" => "CloudTrail",
        "elasticfilesystem" => "EFS",
        "kinesis" => "Kinesis",
        "ecr" => "ECR",
        "glue" => "Glue",
        "athena" => "Athena",
        "backup" => "AWS Backup",
        other => other,
    }
    .to_owned()
}

/// What an encryption context names: `bucket data-lake-raw`, `function resize`.
fn resource(name: &str) -> String {
    if let Some(arn) = Arn::parse(name) {
        let last = |text: &str| text.rsplit([':', '/']).next().unwrap_or(text).to_owned();
        return match (arn.service, arn.resource.split_once([':', '/'])) {
            ("s3" | "s3express", _) => format!("bucket {}", arn.resource.trim_end_matches("/*")),
            ("sqs", _) => format!("queue {}", arn.resource),
            ("sns", _) => format!("topic {}", arn.resource),
            ("secretsmanager", Some((kind, rest))) => format!("{kind} {rest}"),
            ("ssm", Some((kind, rest))) => format!("{kind} /{}", rest.trim_start_matches('/')),
            (_, Some((kind, rest))) => format!("{kind} {}", last(rest)),
            (service, None) => format!("{service} {}", arn.resource),
        };
    }
    match name.split_once(':') {
        Some(("dynamodb", table)) => format!("table {table}"),
        Some(("ebs", volume)) => format!("volume {volume}"),
        Some(("rds", database)) => format!("database {database}"),
        Some((kind, rest)) => format!("{} {rest}", kind.replace('-', " ")),
        None => name.to_owned(),
    }
}

/// A text of at most `most` characters, `…` at its end if it was cut, in one line as [`line()`] has it.
pub(super) fn cut(text: &str, most: usize) -> String {
    let clean = text.chars().map(shown);
    match text.chars().count() <= most {
        true => clean.collect(),
        false => clean.take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// A text as one line that does nothing to a terminal: names of roles, buckets and keys are what callers wrote.
pub(super) fn line(text: &str) -> String {
    text.chars().map(shown).collect()
}

/// Line ends, other controls, and what turns the direction of writing are blanks.
fn shown(c: char) -> char {
    match c {
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    }
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
