//! Requests over HTTP, and what answers mean.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Method, StatusCode, Url, redirect};

use super::Failure;
use crate::publish::backoff::Wait;
use crate::publish::secret::Secret;
use crate::publish::words::cut;

/// So much of an answer is read; the rest can't say more.
const ANSWER_MAX: usize = 4_096;
/// So much of an answer is told.
const TOLD_MAX: usize = 200;

/// Texts shorter than this are not hidden: they would be found in any answer.
const SECRET_LEAST: usize = 4;

/// The one client of all routes.
#[derive(Clone, Debug)]
pub(in crate::publish) struct Http {
    client: Client,
    timeout: Duration,
}

/// Where a request goes, and what its errors must not tell.
pub(in crate::publish) struct Address<'a> {
    pub(in crate::publish) url: &'a Url,
    pub(in crate::publish) secrets: &'a [&'a Secret],
}

impl Http {
    /// A client that waits so long for an answer. It follows no redirect: a message goes where its operator said.
    pub(in crate::publish) fn new(timeout: Duration) -> Result<Self, String> {
        crate::publish::install_crypto();
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(timeout)
            .connect_timeout(timeout)
            .user_agent(concat!("keytide/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("can't set up HTTPS: {}", told(&error)))?;
        Ok(Http { client, timeout })
    }

    pub(in crate::publish) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Posts a body. Any 2xx is a receipt.
    pub(in crate::publish) async fn post(
        &self,
        address: &Address<'_>,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<(), Failure> {
        let request = self.client.request(Method::POST, address.url.clone()).headers(headers).body(body);
        let hidden = |text: &str| hide(text, address.secrets);
        let mut answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.is_timeout() => {
                return Err(Failure::later(format!("no answer within {} s", self.timeout.as_secs_f64())));
            }
            Err(error) if error.is_connect() => {
                return Err(Failure::later(hidden(&format!("can't connect: {}", last_cause(&error.without_url())))));
            }
            Err(error) => return Err(Failure::later(hidden(&told(&error.without_url())))),
        };
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let wait = answer.headers().get(RETRY_AFTER).and_then(|value| Wait::parse(value.to_str().ok()?));
        let mut text = Vec::new();
        while let Ok(Some(chunk)) = answer.chunk().await {
            text.extend_from_slice(&chunk[..chunk.len().min(ANSWER_MAX - text.len())]);
            if text.len() >= ANSWER_MAX {
                break;
            }
        }
        // Hidden before it is cut: a part of a secret is still one.
        Err(refusal(status, wait, &cut(hidden(&String::from_utf8_lossy(&text)).trim(), TOLD_MAX)))
    }
}

fn refusal(status: StatusCode, wait: Option<Wait>, text: &str) -> Failure {
    let said = if text.is_empty() { String::new() } else { format!(": {text}") };
    let error = format!("the receiver answered {status}{said}");
    match status {
        status if status.is_redirection() => {
            Failure::never(format!("{error}; redirects are not followed, so give the address that it leads to"))
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Failure::Later { error, wait },
        // A key that was just changed, a gateway that has lost its way: what is refused now may be taken once someone
        // has mended that.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Failure::Later { error, wait },
        status if status.is_client_error() => Failure::never(error),
        _ => Failure::Later { error, wait },
    }
}

/// An error with its causes, the last of which tells what happened.
pub(in crate::publish) fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}

/// What happened, without what it was a cause of.
fn last_cause(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

/// A text without what must not be told.
pub(in crate::publish) fn hide(text: &str, secrets: &[&Secret]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for secret in secrets.iter().map(|secret| secret.reveal()) {
        parts.push(secret.to_owned());
        // Of `Bearer TOKEN` a receiver may repeat the token alone, of an address the path.
        parts.extend(secret.split_whitespace().skip(1).map(str::to_owned));
        if let Ok(url) = Url::parse(secret) {
            parts.push(url.path().trim_matches('/').to_owned());
            parts.extend([url.query(), url.password()].into_iter().flatten().map(str::to_owned));
        }
    }
    // The longest first, so that no part of a secret is left beside `***`; what is very short is no secret.
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    let parts = parts.iter().filter(|part| part.len() >= SECRET_LEAST);
    parts.fold(text.to_owned(), |text, part| text.replace(part, "***"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let is_later = |status: u16| {
            let status = StatusCode::from_u16(status).expect("a status");
            matches!(refusal(status, None, ""), Failure::Later { .. })
        };
        assert_eq!([301, 307, 400, 405, 410, 413].map(is_later), [false; 6]);
        assert_eq!([401, 403, 404, 408, 429, 500, 502, 503, 504].map(is_later), [true; 9]);
    }
}
