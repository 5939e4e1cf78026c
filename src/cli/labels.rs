//! `labels.json`: what is known of the series in a folder, for `keytide band --score`.
//!
//! `docs/output.md` has the format. `keytide export series` writes it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::exit::Failure;
use crate::band::score::Span;
use crate::domain::{nearest, parse_event_time};

/// The file's name in its folder.
pub(super) const FILE: &str = "labels.json";

/// The file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Labels {
    /// For whoever reads it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) note: String,
    /// By path of the series within the folder.
    pub(super) series: BTreeMap<String, Label>,
}

/// What is known of a series.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Label {
    /// Its group; without one, the folder it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<String>,
    /// Seconds of a period; without it, the median step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) period: Option<u32>,
    /// Nothing before it is scored; without it, two weeks, or half of a shorter series, are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) score_from: Option<String>,
    /// Incidents that must be found.
    #[serde(default)]
    pub(super) windows: Vec<Window>,
    /// What may or may not be found.
    #[serde(default)]
    pub(super) tolerated: Vec<Window>,
    /// Whether windows begin exactly where they say.
    #[serde(default)]
    pub(super) exact: bool,
    /// Whether it isn't known what is an incident.
    #[serde(default)]
    pub(super) unlabelled: bool,
    /// The true distribution's scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) oracle: Option<Oracle>,
    /// Of an exported series: its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key_arn: Option<String>,
    /// Of an exported series: its operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) operation: Option<String>,
}

/// The fields of a [`Label`].
const FIELDS: [&str; 10] =
    ["group", "period", "score_from", "windows", "tolerated", "exact", "unlabelled", "oracle", "key_arn", "operation"];

/// The file's fields by series, whatever is in them.
#[derive(Deserialize)]
struct Fields {
    series: BTreeMap<String, BTreeMap<String, IgnoredAny>>,
}

/// A span of time, both ends in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Window {
    /// Its first moment.
    pub(super) start: String,
    /// Its last moment.
    pub(super) end: String,
    /// What happened.
    #[serde(default)]
    pub(super) kind: String,
}

/// The true distribution's scores.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Oracle {
    /// Its mean interval score.
    #[serde(default)]
    pub(super) winkler: Option<f64>,
}

impl Labels {
    /// The labels of a folder; none if it has no such file.
    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(FILE);
        let wrong = |error: String| {
            Failure::new(format!("{}: {error}", path.display()), Some("docs/output.md has the format of labels.json"))
        };
        match fs::read(&path) {
            Ok(bytes) => {
                let labels = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
                refuse_mistyped(&bytes).map_err(wrong)?;
                Ok(labels)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Labels::default()),
            Err(error) => Err(wrong(error.to_string())),
        }
    }
}

/// Refuses a field that is nearly one of a label's: left out silently, it would make wrong scores. Others may be for
/// other programs.
fn refuse_mistyped(text: &[u8]) -> Result<(), String> {
    let Fields { series } = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    for (series, fields) in &series {
        for field in fields.keys().filter(|field| !FIELDS.contains(&field.as_str())) {
            if let Some(meant) = nearest(field, FIELDS) {
                return Err(format!("unknown field `{field}` of {series}; did you mean `{meant}`?"));
            }
        }
    }
    Ok(())
}

impl Label {
    /// The seconds of windows of a series.
    pub(super) fn spans(windows: &[Window], series: &str) -> Result<Vec<Span>, Failure> {
        let span = |window: &Window| {
            let span = Span { start: second(&window.start, series)?, end: second(&window.end, series)? };
            if span.end < span.start {
                let error = format!(
                    "{FILE}: a window of {series} ends before it starts: from {} to {}",
                    window.start, window.end
                );
                return Err(Failure::new(error, None));
            }
            Ok(span)
        };
        windows.iter().map(span).collect()
    }
}

/// The second of a time in the file.
pub(super) fn second(text: &str, series: &str) -> Result<i64, Failure> {
    parse_event_time(text).ok_or_else(|| {
        let error = format!("{FILE}: '{text}' of {series} is no time; expected one such as 2026-01-05T10:00:00Z");
        Failure::new(error, None)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_label_is_known() {
        let label = Label {
            group: Some("a".to_owned()),
            period: Some(300),
            score_from: Some("2026-01-05T00:00:00Z".to_owned()),
            oracle: Some(Oracle { winkler: None }),
            key_arn: Some("b".to_owned()),
            operation: Some("c".to_owned()),
            ..Label::default()
        };
        let written = serde_json::to_value(label).expect("a label is JSON");
        let written = written.as_object().expect("an object");
        assert_eq!(written.len(), FIELDS.len());
        assert!(FIELDS.iter().all(|field| written.contains_key(*field)), "{written:?}");
    }

    #[test]
    fn a_mistyped_field_is_refused_and_one_of_another_program_is_not() {
        let of = |field: &str| refuse_mistyped(format!(r#"{{"series": {{"a.csv": {{"{field}": [1]}}}}}}"#).as_bytes());
        assert_eq!(of("windws"), Err("unknown field `windws` of a.csv; did you mean `windows`?".to_owned()));
        assert_eq!(of("unlabeled"), Err("unknown field `unlabeled` of a.csv; did you mean `unlabelled`?".to_owned()));
        assert_eq!((of("windows"), of("source_of_data")), (Ok(()), Ok(())));
    }
}
