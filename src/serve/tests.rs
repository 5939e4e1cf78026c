//! The older text format, against what Prometheus' documentation shows of it.

use super::Metrics;
use super::text::plain_text;

#[test]
fn a_counter_has_one_name_and_neither_unit_nor_end_is_said() {
    let open_metrics = "# HELP keytide_records Records read.\n# TYPE keytide_records counter\n\
                        keytide_records_total{outcome=\"counted\"} 3\n\
                        # HELP keytide_commit_seconds Time.\n# TYPE keytide_commit_seconds histogram\n\
                        # UNIT keytide_commit_seconds seconds\nkeytide_commit_seconds_sum 0.5\n# EOF\n";
    let plain = "# HELP keytide_records_total Records read.\n# TYPE keytide_records_total counter\n\
                 keytide_records_total{outcome=\"counted\"} 3\n\
                 # HELP keytide_commit_seconds Time.\n# TYPE keytide_commit_seconds histogram\n\
                 keytide_commit_seconds_sum 0.5\n";
    assert_eq!(plain_text(open_metrics), plain);
}

#[test]
fn figures_come_with_names_help_and_values() {
    let metrics = Metrics::new("9.9.9");
    metrics.add_records("counted", 7);
    metrics.add_rejects("no-time", 2);
    metrics.set_condition("no-data", true);
    metrics.outbox_depth.set(4);
    let text = metrics.text();
    for line in [
        "keytide_build_info{version=\"9.9.9\"} 1",
        "keytide_records_total{outcome=\"counted\"} 7",
        "keytide_rejects_total{reason=\"no-time\"} 2",
        "keytide_condition_active{condition=\"no-data\"} 1",
        "# TYPE keytide_outbox_depth gauge",
        "keytide_outbox_depth 4",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}
