//! `[[route]]` of `keytide.toml`, as written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::secret::Given;
use crate::alarm::{Severity, StateValue};
use crate::domain::Pattern;

/// One `[[route]]`. Which settings a kind has is checked by [`super::routes`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteTable {
    pub(super) name: Spanned<String>,
    pub(super) kind: Spanned<Kind>,

    pub(super) keys: Option<Spanned<Vec<Pattern>>>,
    pub(super) accounts: Option<Spanned<Vec<Pattern>>>,
    pub(super) tags: Option<Spanned<BTreeMap<String, Pattern>>>,
    pub(super) severities: Option<Spanned<Vec<Severity>>>,
    pub(super) states: Option<Spanned<Vec<StateValue>>>,
    pub(super) reports: Option<Spanned<bool>>,
    pub(super) rate_limit: Option<Spanned<String>>,
    pub(super) subject: Option<Spanned<String>>,
    pub(super) body: Option<Spanned<String>>,

    pub(super) topic_arn: Option<Spanned<String>>,
    pub(super) region: Option<Spanned<String>>,
    pub(super) endpoint_url: Option<Spanned<String>>,

    pub(super) routing_key: Option<Spanned<Given>>,
    pub(super) url: Option<Spanned<Given>>,
    pub(super) urls: Option<Spanned<Vec<Given>>>,
    pub(super) secret: Option<Spanned<Given>>,
    pub(super) headers: Option<Spanned<BTreeMap<String, Given>>>,
    pub(super) link: Option<Spanned<String>>,

    pub(super) server: Option<Spanned<String>>,
    pub(super) port: Option<Spanned<u16>>,
    pub(super) tls: Option<Spanned<Tls>>,
    pub(super) username: Option<Spanned<String>>,
    pub(super) password: Option<Spanned<Given>>,
    pub(super) from: Option<Spanned<String>>,
    pub(super) to: Option<Spanned<Vec<String>>>,
    pub(super) ca_file: Option<Spanned<PathBuf>>,

    pub(super) path: Option<Spanned<PathBuf>>,
    pub(super) format: Option<Spanned<Format>>,
}

/// What receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An Amazon SNS topic.
    Sns,
    /// A service in PagerDuty, through its Events API v2.
    Pagerduty,
    /// A Slack channel, through an incoming webhook.
    Slack,
    /// Prometheus Alertmanager, through its API v2.
    Alertmanager,
    /// Anything that takes a signed POST.
    Webhook,
    /// Mailboxes, through an SMTP server.
    Email,
    /// A file that is appended to.
    File,
    /// Standard output.
    Stdout,
}

impl Kind {
    /// The name as written in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Sns => "sns",
            Kind::Pagerduty => "pagerduty",
            Kind::Slack => "slack",
            Kind::Alertmanager => "alertmanager",
            Kind::Webhook => "webhook",
            Kind::Email => "email",
            Kind::File => "file",
            Kind::Stdout => "stdout",
        }
    }

    /// The settings that only some kinds have, and this one does.
    pub(super) const fn own(self) -> &'static [&'static str] {
        match self {
            Kind::Sns => &["topic_arn", "region", "endpoint_url"],
            Kind::Pagerduty => &["routing_key", "url", "link"],
            Kind::Slack => &["url", "subject", "body"],
            Kind::Alertmanager => &["urls", "headers", "link"],
            Kind::Webhook => &["url", "secret", "headers", "body"],
            Kind::Email => {
                &["server", "port", "tls", "username", "password", "from", "to", "ca_file", "subject", "body"]
            }
            Kind::File => &["path", "format", "body"],
            Kind::Stdout => &["format", "body"],
        }
    }
}

/// How a connection to an SMTP server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// After a greeting in the clear; a server that can't is refused.
    #[default]
    Starttls,
    /// From the first byte.
    Tls,
    /// Not at all: for a server on the same machine.
    None,
}

/// How a message is written to a file or to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line: the notice.
    Json,
    /// The page, for people.
    Text,
}

impl RouteTable {
    /// The settings given that only some kinds have: name and place.
    pub(super) fn own_given(&self) -> Vec<(&'static str, std::ops::Range<usize>)> {
        fn place<T>(setting: &Option<Spanned<T>>) -> Option<std::ops::Range<usize>> {
            setting.as_ref().map(Spanned::span)
        }
        let all = [
            ("subject", place(&self.subject)),
            ("body", place(&self.body)),
            ("topic_arn", place(&self.topic_arn)),
            ("region", place(&self.region)),
            ("endpoint_url", place(&self.endpoint_url)),
            ("routing_key", place(&self.routing_key)),
            ("url", place(&self.url)),
            ("urls", place(&self.urls)),
            ("secret", place(&self.secret)),
            ("headers", place(&self.headers)),
            ("link", place(&self.link)),
            ("server", place(&self.server)),
            ("port", place(&self.port)),
            ("tls", place(&self.tls)),
            ("username", place(&self.username)),
            ("password", place(&self.password)),
            ("from", place(&self.from)),
            ("to", place(&self.to)),
            ("ca_file", place(&self.ca_file)),
            ("path", place(&self.path)),
            ("format", place(&self.format)),
        ];
        all.into_iter().filter_map(|(name, place)| Some((name, place?))).collect()
    }
}
