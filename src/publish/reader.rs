//! The settings of each kind of route, read into what sends.

use std::collections::BTreeMap;
use std::ops::Range;

use reqwest::Url;
use reqwest::header::HeaderName;
use toml::Spanned;

use super::channel::{Channel, alertmanager, file, pagerduty, slack, sns, webhook};
use super::secret::{Given, Resolve, Secret};
use super::table::{Format, Kind, RouteTable};
use super::template::{Dialect, Template};
use crate::aws::SnsTopic;
use crate::domain::{Arn, SettingError};

const PAGERDUTY: &str = "https://events.pagerduty.com";
/// How a secret is given.
const KEPT: &str = "{ env = \"NAME\" } or { file = \"PATH\" }";

/// Reads one table.
pub(super) struct Reader<'a> {
    pub(super) table: &'a RouteTable,
    resolve: Resolve<'a>,
    errors: &'a mut Vec<SettingError>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(table: &'a RouteTable, resolve: Resolve<'a>, errors: &'a mut Vec<SettingError>) -> Self {
        Reader { table, resolve, errors }
    }

    /// The channel; none if something is wrong with its settings, which is told then.
    pub(super) fn channel(mut self) -> Option<Channel> {
        let table = self.table;
        // Both are read before either may end this, so that all that is wrong is told at once.
        let dialect = if *table.kind.get_ref() == Kind::Slack { Dialect::Slack } else { Dialect::Plain };
        let subject = self.template("subject", &table.subject, Dialect::Plain);
        let body = self.template("body", &table.body, dialect);
        Some(match *table.kind.get_ref() {
            Kind::Sns => Channel::Sns(self.sns()?),
            Kind::Pagerduty => {
                let routing_key = self.secret("routing_key", &table.routing_key);
                let url = match &table.url {
                    Some(_) => self.url("url", &table.url, true).map(|(url, _)| url),
                    None => Url::parse(PAGERDUTY).ok(),
                };
                let link = self.link();
                Channel::Pagerduty(pagerduty::Service { routing_key: routing_key?, url: url?, link })
            }
            Kind::Slack => {
                let (url, secret_url) = self.url("url", &table.url, true)?;
                let Some(secret_url) = secret_url else {
                    let span = table.url.as_ref().map_or(self.place(), Spanned::span);
                    return self.fail(
                        span,
                        format!("who knows the address of a Slack webhook may post to it; keep it in {KEPT}"),
                    );
                };
                Channel::Slack(slack::Hook { url, secret_url, subject, body })
            }
            Kind::Alertmanager => {
                let is_secret = self.has_secret_headers();
                let (headers, urls, link) = (self.headers(), self.urls(is_secret), self.link());
                let (urls, secrets): (Vec<Url>, Vec<Option<Secret>>) = urls?.into_iter().unzip();
                let secret_urls = secrets.into_iter().flatten().collect();
                Channel::Alertmanager(alertmanager::Cluster { urls, secret_urls, headers: headers?, link })
            }
            Kind::Webhook => {
                let is_secret = self.has_secret_headers();
                let (headers, url) = (self.headers(), self.url("url", &table.url, is_secret));
                let key = table.secret.is_some().then(|| self.secret("secret", &table.secret));
                let (url, secret_url) = url?;
                let key = match key {
                    Some(key) => Some(key?),
                    None => None,
                };
                Channel::Webhook(webhook::Hook { url, secret_url, key, headers: headers?, body })
            }
            Kind::Email => Channel::Email(Box::new(self.email(subject, body)?)),
            Kind::File => {
                let Some(path) = &table.path else {
                    return self.missing("path", "such as \"/var/log/keytide/alarms.jsonl\"");
                };
                let format = self.format(Format::Json);
                Channel::File(file::Lines { path: path.get_ref().clone(), format, body })
            }
            Kind::Stdout => Channel::Stdout(file::Printed { format: self.format(Format::Text), body }),
        })
    }

    fn sns(&mut self) -> Option<sns::Topic> {
        let table = self.table;
        let Some(given) = &table.topic_arn else {
            return self.missing("topic_arn", "such as \"arn:aws:sns:us-east-1:111122223333:alarms\"");
        };
        let arn = Arn::parse(given.get_ref()).filter(|arn| arn.service == "sns" && !arn.region.is_empty());
        let Some(arn) = arn else {
            let text = given.get_ref();
            return self.fail(
                given.span(),
                format!("`{text}` is no ARN of an SNS topic; expected arn:aws:sns:REGION:ACCOUNT:NAME"),
            );
        };
        let region = table.region.as_ref().map_or(arn.region, |region| region.get_ref());
        let endpoint = match &table.endpoint_url {
            Some(url) => Some(self.parsed(url.span(), "endpoint_url", url.get_ref())?.to_string()),
            None => None,
        };
        Some(sns::Topic { topic: SnsTopic::new(given.get_ref(), region, endpoint.as_deref()) })
    }

    fn format(&self, default: Format) -> Format {
        self.table.format.as_ref().map_or(default, |format| *format.get_ref())
    }

    fn template(&mut self, what: &str, given: &Option<Spanned<String>>, dialect: Dialect) -> Option<Template> {
        let given = given.as_ref()?;
        let name = format!("`{what}` of route `{}`", self.table.name.get_ref());
        match Template::new(&name, given.get_ref(), dialect) {
            Ok(template) => Some(template),
            Err(error) => self.fail(given.span(), error),
        }
    }

    /// A secret that has to be given, and not in the file.
    pub(super) fn secret(&mut self, setting: &str, given: &Option<Spanned<Given>>) -> Option<Secret> {
        let Some(given) = given else { return self.missing(setting, &format!("as {KEPT}")) };
        match given.get_ref().source() {
            Some(source) => match (self.resolve)(&source) {
                Ok(secret) => Some(secret),
                Err(error) => self.fail(given.span(), error),
            },
            None => {
                self.fail(given.span(), format!("a secret doesn't belong in this file; give `{setting}` as {KEPT}"))
            }
        }
    }

    /// An address, and the same as a secret if it is kept as one. Addresses of services that know a caller by them
    /// go over HTTPS, unless to the same machine.
    fn url(
        &mut self,
        setting: &str,
        given: &Option<Spanned<Given>>,
        is_trusted: bool,
    ) -> Option<(Url, Option<Secret>)> {
        let Some(given) = given else { return self.missing(setting, "an address that starts with https://") };
        self.address(given.span(), setting, given.get_ref(), is_trusted)
    }

    fn urls(&mut self, is_trusted: bool) -> Option<Vec<(Url, Option<Secret>)>> {
        match &self.table.urls {
            Some(given) if !given.get_ref().is_empty() => {
                let urls: Vec<_> =
                    given.get_ref().iter().map(|each| self.address(given.span(), "urls", each, is_trusted)).collect();
                urls.into_iter().collect()
            }
            _ => self.missing("urls", "such as [\"http://127.0.0.1:9093\"]"),
        }
    }

    /// An address, which has to be a safe one if a secret is sent there, or is in it.
    fn address(
        &mut self,
        span: Range<usize>,
        setting: &str,
        given: &Given,
        is_trusted: bool,
    ) -> Option<(Url, Option<Secret>)> {
        let (text, secret) = match (given, given.source()) {
            (Given::Text(text), _) => (text.clone(), None),
            (_, Some(source)) => match (self.resolve)(&source) {
                Ok(secret) => (secret.reveal().to_owned(), Some(secret)),
                Err(error) => return self.fail(span, error),
            },
            (_, None) => return None,
        };
        let url = match secret {
            None => self.parsed(span.clone(), setting, &text)?,
            // Its text is told to no one.
            Some(_) => match Url::parse(&text).ok().filter(|url| ["http", "https"].contains(&url.scheme())) {
                Some(url) => url,
                None => {
                    return self.fail(span, format!("what is kept for `{setting}` is no http:// or https:// address"));
                }
            },
        };
        if secret.is_none() && url.password().is_some() {
            return self.fail(span, format!("`{setting}` holds a password; keep the whole address in {KEPT}"));
        }
        let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if (is_trusted || secret.is_some()) && url.scheme() != "https" && !is_local {
            let message = format!("`{setting}` has to start with https://: what is sent there holds a secret");
            return self.fail(span, message);
        }
        Some((url, secret))
    }

    fn parsed(&mut self, span: Range<usize>, setting: &str, text: &str) -> Option<Url> {
        match Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host()) {
            Some(url) => Some(url),
            None => self.fail(span, format!("`{setting}` has to be an http:// or https:// address")),
        }
    }

    fn link(&mut self) -> Option<Url> {
        let given = self.table.link.as_ref()?;
        self.parsed(given.span(), "link", given.get_ref())
    }

    fn has_secret_headers(&self) -> bool {
        let mut headers = self.table.headers.iter().flat_map(|given| given.get_ref().values());
        headers.any(|value| value.source().is_some())
    }

    fn headers(&mut self) -> Option<BTreeMap<String, Secret>> {
        let Some(given) = &self.table.headers else { return Some(BTreeMap::new()) };
        let mut headers = BTreeMap::new();
        for (name, value) in given.get_ref() {
            if HeaderName::try_from(name).is_err() {
                return self.fail(given.span(), format!("`{name}` can't be the name of a header"));
            }
            let value = match (value, value.source()) {
                (Given::Text(_), _) if is_secret_header(name) => {
                    let message = format!("a secret doesn't belong in this file; give the header `{name}` as {KEPT}");
                    return self.fail(given.span(), message);
                }
                (Given::Text(text), _) => Secret::new(text),
                (_, Some(source)) => match (self.resolve)(&source) {
                    Ok(secret) => secret,
                    Err(error) => return self.fail(given.span(), error),
                },
                (_, None) => continue,
            };
            headers.insert(name.clone(), value);
        }
        Some(headers)
    }

    pub(super) fn missing<T>(&mut self, setting: &str, example: &str) -> Option<T> {
        let kind = self.table.kind.get_ref().name();
        self.fail(self.place(), format!("a route of kind {kind} needs `{setting}`, {example}"))
    }

    /// Where an error stands that no single setting makes.
    pub(super) fn place(&self) -> Range<usize> {
        self.table.kind.span()
    }

    pub(super) fn fail<T>(&mut self, span: Range<usize>, message: impl Into<String>) -> Option<T> {
        self.errors.push(SettingError::at(span, message));
        None
    }
}

/// Whether a header by its name holds what nobody else may know.
fn is_secret_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["authorization", "proxy-authorization", "cookie"].contains(&name.as_str())
        || ["-key", "-token", "-secret", "-password"].iter().any(|end| name.ends_with(end))
}
