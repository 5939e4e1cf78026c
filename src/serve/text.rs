//! OpenMetrics to Prometheus' older text format, which every scraper reads.

/// What both formats share stays. In the older one a counter's family has its samples' name, units are part of names
/// alone, and there is no mark of the end.
pub(super) fn plain_text(open_metrics: &str) -> String {
    let families = open_metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let suffix = |kind: &str| match kind {
        "counter" => "_total",
        "info" => "_info",
        _ => "",
    };
    let suffixes: std::collections::HashMap<&str, &str> = families.map(|(name, kind)| (name, suffix(kind))).collect();
    let mut plain = String::with_capacity(open_metrics.len());
    for line in open_metrics.lines() {
        let Some(comment) = line.strip_prefix("# ") else {
            plain.extend([line, "\n"]);
            continue;
        };
        let mut words = comment.splitn(3, ' ');
        let (Some(word @ ("HELP" | "TYPE")), Some(name), Some(rest)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let rest = if (word, rest) == ("TYPE", "info") { "gauge" } else { rest };
        let suffix = suffixes.get(name).copied().unwrap_or("");
        plain.extend(["# ", word, " ", name, suffix, " ", rest, "\n"]);
    }
    plain
}
