//! Schedules as CloudWatch writes those of its mute rules: `cron(0 2 * * 1)`.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

const FIELDS: &str = "there are five fields: minute, hour, day of the month, month, day of the week";

/// How a schedule is written, for messages.
pub const CRON_FORM: &str = "cron(MINUTE HOUR DAY MONTH WEEKDAY), as cron(0 2 * * 1)";

/// Reads `cron(MINUTE HOUR DAY MONTH WEEKDAY)`; `None` if it is nothing of the form `cron(…)`.
pub fn read_cron(text: &str) -> Option<Result<Cron, String>> {
    let fields = text.strip_prefix("cron(")?.strip_suffix(')')?.trim();
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    Some(match parser.parse(fields) {
        Ok(cron) if fields.split_whitespace().count() == 5 => Ok(cron),
        // Names such as `@daily`, which CloudWatch doesn't know.
        Ok(_) => Err(format!("`{fields}` is no schedule; {FIELDS}")),
        Err(error) => {
            let error = error.to_string();
            let reason = error.trim_start_matches("Component error: ").trim_end_matches('.').to_lowercase();
            Err(format!("`{fields}` is no schedule: {reason}; {FIELDS}"))
        }
    })
}
