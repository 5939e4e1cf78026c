//! A Slack channel, through an incoming webhook. Source: *Sending messages using incoming webhooks* and *Reference:
//! blocks*, Slack developer documentation.

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::Failure;
use super::http::{Address, Http};
use crate::alarm::{Notice, StateValue, Subject};
use crate::publish::markdown::{escaped, mrkdwn, of_report, pieces};
use crate::publish::page::{page, subject};
use crate::publish::secret::Secret;
use crate::publish::template::{Template, rendered};
use crate::publish::words::cut;

/// Slack's limits: characters of a section and of a header, blocks of a message.
const SECTION_MAX: usize = 3_000;
const HEADER_MAX: usize = 150;
const BLOCKS_MAX: usize = 50;

/// An incoming webhook. Its address is a secret: who knows it may post.
pub(in crate::publish) struct Hook {
    pub(in crate::publish) url: Url,
    pub(in crate::publish) secret_url: Secret,
    pub(in crate::publish) subject: Option<Template>,
    pub(in crate::publish) body: Option<Template>,
}

impl Hook {
    pub(super) async fn send(&self, notice: &Notice, http: &Http) -> Result<(), Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = body(notice, self.subject.as_ref(), self.body.as_ref()).to_string();
        let address = Address { url: &self.url, secrets: &[&self.secret_url] };
        http.post(&address, headers, body.into_bytes()).await
    }
}

/// The message: a header, the page in sections, and below it what kind of message it is.
pub(super) fn body(notice: &Notice, title: Option<&Template>, text: Option<&Template>) -> Value {
    let title = rendered(title, notice, || format!("{}{}", mark(notice), subject(notice)));
    let built_in = || match &notice.subject {
        Subject::Report(report) => of_report(&report.markdown),
        _ => mrkdwn(&page(notice)),
    };
    let text = rendered(text, notice, built_in);
    let header = json!({ "type": "plain_text", "text": cut(&title, HEADER_MAX) });
    let mut blocks = vec![json!({ "type": "header", "text": header })];
    let mut sections = pieces(&text, SECTION_MAX);
    let room = BLOCKS_MAX - 2;
    if sections.len() > room {
        sections.truncate(room - 1);
        sections.push("… the rest is too long for Slack; an e-mail or a file carries it whole.".to_owned());
    }
    let section = |text: &String| {
        // Verbatim: no name becomes a link to a channel or a person.
        json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
    };
    blocks.extend(sections.iter().map(section));
    let foot = format!("Keytide, {}", escaped(&cut(&notice.dedup_key, 200)));
    blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": foot }] }));
    json!({ "text": escaped(&title), "blocks": blocks, "unfurl_links": false })
}

fn mark(notice: &Notice) -> &'static str {
    match &notice.subject {
        Subject::StateChange(change) => match change.new_state {
            StateValue::Alarm => ":red_circle: ",
            StateValue::Ok => ":large_green_circle: ",
            StateValue::InsufficientData => ":white_circle: ",
        },
        Subject::Report(_) | Subject::Test { .. } => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::sample;
    use crate::publish::template::Dialect;

    #[test]
    fn messages_stay_within_the_limits_of_blocks() {
        let mut long = sample::report();
        let Subject::Report(report) = &mut long.subject else { panic!("a report") };
        report.markdown = "| key | calls |\n".repeat(20_000);
        for notice in [sample::page(), sample::resolved(), sample::test(), long] {
            let body = body(&notice, None, None);
            let blocks = body["blocks"].as_array().expect("blocks");
            assert!((2..=50).contains(&blocks.len()));
            let text = |block: &Value| block["text"]["text"].as_str().unwrap_or("").chars().count();
            assert!(blocks.iter().all(|block| text(block) <= if block["type"] == "header" { 150 } else { 3_000 }));
            assert!(body["text"].as_str().is_some_and(|text| !text.is_empty()));
        }
    }

    #[test]
    fn names_cannot_mention_everyone() {
        let mut notice = sample::page();
        let Subject::StateChange(change) = &mut notice.subject else { panic!("a change") };
        change.alarm_description = Some("<!channel> & co".to_owned());
        let body = body(&notice, None, None).to_string();
        assert!(body.contains("&lt;!channel&gt; &amp; co") && !body.contains("<!channel>"));
    }

    #[test]
    fn names_in_templates_cannot_mention_everyone_and_what_the_operator_wrote_can() {
        let mut notice = sample::page();
        let Subject::StateChange(change) = &mut notice.subject else { panic!("a change") };
        let incident = change.incident.as_mut().expect("an incident");
        incident.attribution[0].resource = "<!channel>".to_owned();
        let source = "<!here> {{ incident.attribution[0].resource }} {{ page }} {{ incident.attribution }} \
                      {{ incident.attribution[0].resource|tojson }} {{ incident.attribution[0]|tojson }}";
        let template = Template::new("t", source, Dialect::Slack).expect("a template");
        let body = body(&notice, None, Some(&template)).to_string();
        assert!(body.contains("<!here> &lt;!channel&gt;") && !body.contains("<!channel>"), "{body}");
        assert!(body.contains("\"verbatim\":true"));
    }

    #[test]
    fn templates_take_the_place_of_title_and_text() {
        let template = |source, dialect| Template::new("t", source, dialect).expect("a template");
        let title = template("{{ severity }}: {{ alarm_name }}", Dialect::Plain);
        let text = template("<@U123> {{ incident.excess|signed }}", Dialect::Slack);
        let body = body(&sample::page(), Some(&title), Some(&text));
        assert_eq!(body["blocks"][0]["text"]["text"], "critical: keytide-watch");
        assert_eq!(body["blocks"][1]["text"]["text"], "<@U123> +412,000");
    }
}
