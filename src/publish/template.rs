//! Subjects and bodies that an operator writes, as minijinja templates over the fields of a notice.

use std::collections::BTreeSet;

use minijinja::{Environment, UndefinedBehavior, Value};
use serde_json::{Map, Value as Json};

use super::markdown::escaped;
use super::page::subject;
use super::sample;
use super::text::text;
use super::words;
use crate::alarm::{Notice, Subject};
use crate::domain;

/// A template that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    name: String,
    source: String,
    dialect: Dialect,
}

/// What a template's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Text, or what its receiver takes for it.
    Plain,
    /// Slack's mrkdwn: values are escaped, since names from log records could mention everyone. What the operator wrote
    /// is left as it is.
    Slack,
}

/// Fields below which anything may be asked for.
const FREE: [&str; 4] = ["tags", "reason_data", "trigger", "contributor"];

/// Fields that hold names from log records, which are what callers wrote.
const FROM_RECORDS: [&str; 5] = ["incident", "contributor", "keys", "aliases", "accounts"];

impl Template {
    /// Checks a template: against the fields that there are, and by rendering a notice that has all of them. The
    /// error names the template, the field, and those that are known.
    pub(super) fn new(name: &str, source: &str, dialect: Dialect) -> Result<Self, String> {
        let template = Template { name: name.to_owned(), source: source.to_owned(), dialect };
        let environment = environment(dialect);
        let fields = fields();
        let parsed = environment.template_from_named_str(name, source);
        let parsed = parsed.map_err(|error| template.failed(&error))?;
        let mut asked: Vec<String> = parsed.undeclared_variables(true).into_iter().collect();
        asked.sort_unstable();
        if let Some(unknown) = asked.iter().find(|field| !is_known(field, &fields)) {
            return Err(format!(
                "the template {name} asks for `{unknown}`, which no notice has; {}",
                beside(unknown, &fields)
            ));
        }
        for notice in [sample::page(), sample::resolved()] {
            template.render(&notice)?;
        }
        Ok(template)
    }

    /// The text for a change of state. Fails where this notice lacks what others have, such as an incident.
    pub(super) fn render(&self, notice: &Notice) -> Result<String, String> {
        environment(self.dialect)
            .render_named_str(&self.name, &self.source, Value::from_serialize(context(notice)))
            .map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &minijinja::Error) -> String {
        let line = error.line().map(|line| format!(", line {line}")).unwrap_or_default();
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        format!("the template {}{line}: {}{detail}", self.name, error.kind())
    }
}

fn environment(dialect: Dialect) -> Environment<'static> {
    let mut environment = Environment::new();
    if dialect == Dialect::Slack {
        environment.set_formatter(|out, state, value| match value.is_undefined() {
            true => minijinja::escape_formatter(out, state, value),
            false => Ok(out.write_str(&escaped(&value.to_string()))?),
        });
    }
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_keep_trailing_newline(true);
    environment.add_filter("count", domain::count);
    environment.add_filter("signed", domain::signed);
    environment.add_filter("percent", words::percent);
    environment.add_filter("dollars", domain::dollars);
    environment.add_filter("span", words::span);
    environment.add_filter("time", words::stamp);
    environment.add_filter("tojson", |value: Value| {
        serde_json::to_string(&value)
            .map_err(|error| minijinja::Error::new(minijinja::ErrorKind::BadSerialization, error.to_string()))
    });
    environment
}

/// What a template sees: the notice's fields, those of what happened beside them, and the built-in subject and page.
fn context(notice: &Notice) -> Json {
    let mut fields = match serde_json::to_value(notice) {
        Ok(Json::Object(fields)) => fields,
        _ => Map::new(),
    };
    if let Some(Json::Object(of_subject)) = fields.remove("subject") {
        fields.extend(of_subject);
    }
    for name in FROM_RECORDS {
        fields.get_mut(name).into_iter().for_each(in_lines);
    }
    fields.insert("title".to_owned(), subject(notice).into());
    fields.insert("page".to_owned(), text(notice).into());
    Json::Object(fields)
}

/// Makes every text within a value one line.
fn in_lines(value: &mut Json) {
    match value {
        Json::String(text) => *text = words::line(text),
        Json::Array(array) => array.iter_mut().for_each(in_lines),
        Json::Object(object) => object.values_mut().for_each(in_lines),
        _ => {}
    }
}

/// Every field of a change of state: `alarm_name`, `incident.excess`, `incident.series[].operation` …
fn fields() -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    walk("", &context(&sample::page()), &mut fields);
    fields
}

fn walk(place: &str, value: &Json, fields: &mut BTreeSet<String>) {
    if !place.is_empty() {
        fields.insert(place.to_owned());
    }
    match value {
        Json::Object(object) if !FREE.contains(&place) => {
            for (name, value) in object {
                let inner = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                walk(&inner, value, fields);
            }
        }
        Json::Array(array) => {
            if let Some(first @ Json::Object(_)) = array.first() {
                walk(&format!("{place}[]"), first, fields);
            }
        }
        _ => {}
    }
}

/// The fields that could have been meant: those of the object that was asked, else those of the notice.
fn beside(unknown: &str, fields: &BTreeSet<String>) -> String {
    let of = unknown.rsplit_once('.').map(|(object, _)| object).filter(|object| fields.contains(*object));
    let inside = |field: &'_ String| -> Option<String> {
        let name = match of {
            Some(object) => field.strip_prefix(object)?.strip_prefix('.')?,
            None => field,
        };
        (!name.contains(['.', '['])).then(|| name.to_owned())
    };
    let known: Vec<String> = fields.iter().filter_map(inside).collect();
    let object = of.map(|object| format!("`{object}` has ")).unwrap_or_else(|| "there are ".to_owned());
    format!("{object}{}", known.join(", "))
}

fn is_known(asked: &str, fields: &BTreeSet<String>) -> bool {
    let top = asked.split('.').next().unwrap_or(asked);
    fields.contains(asked) || FREE.contains(&top) || ["range", "dict"].contains(&asked)
}

/// What the template says of a notice; the built-in text where it has none, for reports and tests, and where it
/// fails: a page with another wording is better than none.
pub(super) fn rendered(template: Option<&Template>, notice: &Notice, built_in: impl FnOnce() -> String) -> String {
    let Some(template) = template.filter(|_| matches!(notice.subject, Subject::StateChange(_))) else {
        return built_in();
    };
    template.render(notice).unwrap_or_else(|error| {
        tracing::warn!("{error}; the built-in text is sent");
        built_in()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_is_named_with_its_template_and_those_that_could_be_meant() {
        for (source, field, beside) in [
            ("{{ keyy }}", "keyy", "there are account, accounts, after_mute_window, "),
            ("{{ subject.title }}", "subject.title", "there are account, "),
            (
                "{% if incident.exces > 1 %}!{% endif %}",
                "incident.exces",
                "`incident` has attribution, attribution_range, ",
            ),
        ] {
            let error = Template::new("`body` of route `ops`", source, Dialect::Plain).expect_err(source);
            assert!(error.contains(&format!("`{field}`")) && error.contains("`body` of route `ops`"), "{error}");
            assert!(error.contains(beside) && !error.contains("[]"), "{error}");
        }
    }

    #[test]
    fn a_series_may_be_told_by_what_tells_it_from_others() {
        let template =
            Template::new("t", "{{ contributor.attributes.QuotaPool }}", Dialect::Plain).expect("a template");
        assert_eq!(template.render(&sample::page()).expect("a text"), "Symmetric");
    }

    #[test]
    fn a_field_that_only_elements_of_a_list_could_have_is_found_by_rendering() {
        let source = "Who:\n{% for part in incident.attribution %}{{ part.caler }}{% endfor %}";
        let error = Template::new("`body` of route `ops`", source, Dialect::Plain).expect_err(source);
        assert!(error.contains("`body` of route `ops`, line 2"), "{error}");
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        let error = Template::new("`subject` of route `ops`", "a\n{{ title", Dialect::Plain).expect_err("no template");
        assert!(error.contains("`subject` of route `ops`, line 2"), "{error}");
    }

    #[test]
    fn a_template_has_fields_filters_and_the_built_in_texts() {
        let source = "{{ new_state }} {{ tags.team }} {{ tags['team'] }} {{ incident.excess|signed }} \
                      {{ incident.attribution[0].share|percent }} {{ incident.onset|time }} {{ alarm_name|tojson }} {{ title }}";
        let template = Template::new("t", source, Dialect::Plain).expect("a template");
        let expect = "ALARM data data +412,000 98 % 2026-11-24T02:40:00Z \"keytide-watch\" \
                      ALARM: 415,230 Decrypt on alias/data-lake-raw, 3,230 expected";
        assert_eq!(template.render(&sample::page()).expect("a text"), expect);
    }

    #[test]
    fn where_a_template_fails_the_built_in_text_is_sent() {
        let template = Template::new("t", "{{ incident.excess }}", Dialect::Plain).expect("a template");
        let mut notice = sample::page();
        let Subject::StateChange(change) = &mut notice.subject else { panic!("a change") };
        change.incident = None;
        assert_eq!(rendered(Some(&template), &notice, || "built in".to_owned()), "built in");
        assert_eq!(rendered(Some(&template), &sample::test(), || "built in".to_owned()), "built in");
        assert_eq!(rendered(Some(&template), &sample::page(), || "built in".to_owned()), "412000.0");
    }
}
