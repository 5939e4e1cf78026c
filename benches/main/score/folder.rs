//! Series as a folder that `keytide band --score` and anyone else's scorer reads.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use keytide::band::score::Span;
use keytide::domain::format_second;
use serde_json::{Value, json};

use super::series::{Series, Window};

/// Writes a CSV a series and `labels.json`; what was in the folder before is gone.
pub fn write(folder: &Path, all: &[Series]) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("the benches' own folder can be removed");
    }
    let mut labels = BTreeMap::new();
    for series in all {
        let name = format!("{}/{}-{}.csv", series.group, series.kind.name(), series.number);
        let path = folder.join(&name);
        let within = path.parent().expect("the name has a folder");
        fs::create_dir_all(within).expect("the build folder can be written");
        fs::write(&path, csv(series)).expect("the build folder can be written");
        labels.insert(name, label(series));
    }
    let text = serde_json::to_string_pretty(&json!({"note": "cargo bench --bench main -- score", "series": labels}))
        .expect("labels are text and numbers");
    fs::write(folder.join("labels.json"), text + "\n").expect("the build folder can be written");
}

fn csv(series: &Series) -> String {
    let mut text = "timestamp,value\n".to_owned();
    for (at, value) in series.labelled.times.iter().zip(&series.labelled.values) {
        writeln!(text, "{},{value}", format_second(*at)).expect("a String takes all that is written");
    }
    text
}

fn label(series: &Series) -> Value {
    let of = &series.labelled;
    let windows = |windows: &[Window]| -> Vec<Value> {
        let one = |Window { kind, span: Span { start, end } }: &Window| {
            let (start, end) = (format_second(*start), format_second(*end));
            json!({"start": start, "end": end, "kind": kind})
        };
        windows.iter().map(one).collect()
    };
    json!({
        "group": series.group,
        "variant": series.kind.name(),
        "period": of.period,
        "score_from": format_second(of.score_from),
        "count": true,
        "exact": of.exact,
        "windows": windows(&series.windows),
        "tolerated": windows(&series.tolerated),
        "oracle": {"winkler": series.truth.winkler, "coverage": series.truth.coverage},
    })
}
