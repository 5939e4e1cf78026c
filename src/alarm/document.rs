//! An alarm's definition as a document, as CloudWatch's DescribeAlarms gives it.

use serde_json::{Map, Value, json};
use xxhash_rust::xxh3::xxh3_64;

use super::definition::{Alarm, AlarmKind, Condition, Keys};
use super::trigger::trigger;
use crate::domain::Pattern;

impl Alarm {
    /// The definition with CloudWatch's names, without its state; what CloudWatch has no name for is under `Keytide`.
    pub fn document(&self, region: &str, account: &str) -> Value {
        let mut document = match &self.kind {
            AlarmKind::Metric(metric) => match trigger(metric) {
                Value::Object(trigger) => trigger,
                _ => Map::new(),
            },
            AlarmKind::Composite(composite) => {
                let mut document = Map::new();
                document.insert("AlarmRule".into(), composite.rule.text.clone().into());
                if let Some(suppressor) = &composite.suppressor {
                    document.insert("ActionsSuppressor".into(), suppressor.alarm.clone().into());
                    document.insert("ActionsSuppressorWaitPeriod".into(), suppressor.wait_seconds.into());
                    document.insert("ActionsSuppressorExtensionPeriod".into(), suppressor.extension_seconds.into());
                }
                document
            }
        };
        // Of notifications only, or there as an empty text where it isn't set.
        document.remove("StatisticType");
        document.retain(|_, value| value != "" && !value.is_null());
        document.insert("AlarmName".into(), self.name.clone().into());
        document.insert("AlarmArn".into(), self.arn(region, account).into());
        if let Some(description) = &self.description {
            document.insert("AlarmDescription".into(), description.clone().into());
        }
        document.insert("ActionsEnabled".into(), self.actions_enabled.into());
        document.insert("OKActions".into(), json!(self.ok_actions));
        document.insert("AlarmActions".into(), json!(self.alarm_actions));
        document.insert("InsufficientDataActions".into(), json!(self.insufficient_data_actions));
        document.insert("Keytide".into(), self.own());
        Value::Object(document)
    }

    /// A number that changes when the definition does: to know when an alarm was last changed.
    pub fn fingerprint(&self) -> u64 {
        xxh3_64(self.document("", "").to_string().as_bytes())
    }

    fn own(&self) -> Value {
        let mut own = Map::new();
        own.insert("severity".into(), json!(self.severity));
        own.insert("tags".into(), json!(self.tags));
        if let AlarmKind::Metric(metric) = &self.kind {
            let watched = &metric.watched;
            let keys = match &watched.keys {
                Keys::Together => "all together",
                Keys::One(key) => key,
                Keys::Matching(pattern) => pattern.as_str(),
                Keys::EverySeries => "every series",
            };
            own.insert("keys".into(), keys.into());
            own.insert("metric".into(), watched.metric.metric().into());
            let operations: Vec<&str> = watched.operations.iter().map(|operation| operation.name()).collect();
            own.insert("operations".into(), json!(operations));
            let patterns = [("caller", &watched.caller), ("resource", &watched.resource)];
            for (name, pattern) in patterns.into_iter().filter_map(|(name, pattern)| Some((name, pattern.as_ref()?))) {
                own.insert(name.into(), pattern.as_str().into());
            }
            own.insert("condition".into(), condition(&metric.condition));
        }
        Value::Object(own)
    }
}

fn condition(condition: &Condition) -> Value {
    match condition {
        Condition::Threshold { threshold, .. } => json!({"threshold": threshold}),
        Condition::Band { deviations, .. } => json!({"band": deviations}),
        Condition::QuotaShare { share, pool, account, region, .. } => {
            let text = |pattern: &Option<Pattern>| pattern.as_ref().map(|pattern| pattern.as_str().to_owned());
            json!({"quota_share": share, "quota_pool": pool, "account": text(account), "region": text(region)})
        }
        Condition::SpendPerHour { dollars, .. } => json!({"spend_per_hour": dollars}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::AlarmTables;

    fn alarms(text: &str) -> Vec<Alarm> {
        toml::from_str::<AlarmTables>(text).unwrap().read().unwrap().alarms
    }

    const BUSY: &str = "[[alarm]]\nname = 'a'\nperiod = '5m'\nkey = '*'\nthreshold = 10\n\
                        comparison_operator = 'GreaterThanThreshold'\nalarm_actions = ['pager']\n";

    #[test]
    fn a_definition_has_cloudwatchs_names() {
        let document = alarms(BUSY)[0].document("eu-west-1", "111122223333");
        assert_eq!(document["AlarmArn"], "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a");
        let elsewhere = alarms(BUSY)[0].document("cn-north-1", "111122223333");
        assert_eq!(elsewhere["AlarmArn"], "arn:aws-cn:cloudwatch:cn-north-1:111122223333:alarm:a");
        assert_eq!(document["AlarmActions"], json!(["pager"]));
        assert_eq!((&document["Period"], &document["Threshold"]), (&json!(300), &json!(10.0)));
        assert_eq!(document["Keytide"]["keys"], "*");
        for absent in ["AlarmDescription", "TreatMissingData", "DatapointsToAlarm", "StatisticType"] {
            assert_eq!(document.get(absent), None, "{absent}");
        }
        let composite = alarms("[[composite_alarm]]\nname = 'c'\nalarm_rule = 'FALSE'\n");
        assert_eq!(composite[0].document("", "")["AlarmRule"], "FALSE");
    }

    #[test]
    fn every_setting_changes_the_fingerprint() {
        let first = alarms(BUSY)[0].fingerprint();
        assert_eq!(alarms(BUSY)[0].fingerprint(), first);
        for (from, to) in [
            ("'5m'", "'10m'"),
            ("'*'", "'*key/a*'"),
            ("= 10", "= 11"),
            ("'pager'", "'chat'"),
            ("key =", "severity = 'info'\nkey ="),
            ("key =", "caller = 'x*'\nkey ="),
            ("key =", "tags = { a = 'b' }\nkey ="),
            ("key =", "treat_missing_data = 'ignore'\nkey ="),
            ("key =", "operations = ['Sign']\nkey ="),
            ("key =", "metric = 'DeniedRequest'\nkey ="),
            ("key =", "description = 'x'\nkey ="),
            ("key =", "actions_enabled = false\nkey ="),
            ("key =", "datapoints_to_alarm = 1\nkey ="),
        ] {
            assert_ne!(alarms(&BUSY.replace(from, to))[0].fingerprint(), first, "{to}");
        }
    }
}
