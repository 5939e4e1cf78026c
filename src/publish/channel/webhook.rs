//! Anything that takes a signed POST.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;

use super::http::{Address, Http};
use super::{Failure, identity, json_text};
use crate::alarm::Notice;
use crate::publish::secret::Secret;
use crate::publish::template::{Template, rendered};

/// Where a message goes, and how it is signed.
pub(in crate::publish) struct Hook {
    pub(in crate::publish) url: Url,
    /// The address, where it is kept as a secret.
    pub(in crate::publish) secret_url: Option<Secret>,
    /// The key of the signature.
    pub(in crate::publish) key: Option<Secret>,
    pub(in crate::publish) headers: BTreeMap<String, Secret>,
    pub(in crate::publish) body: Option<Template>,
}

impl Hook {
    pub(super) async fn send(&self, notice: &Notice, http: &Http, now: DateTime<Utc>) -> Result<(), Failure> {
        let body = body(notice, self.body.as_ref())?;
        let mut headers = headers(&self.headers)?;
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&body).is_ok();
        let kind = if is_json { "application/json" } else { "text/plain; charset=utf-8" };
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(kind));
        let mut set = |name: &'static str, value: &str| -> Result<(), Failure> {
            let value = HeaderValue::from_str(value).map_err(|_| unfit(name))?;
            headers.insert(HeaderName::from_static(name), value);
            Ok(())
        };
        set("idempotency-key", &header_text(&identity(notice)))?;
        if let Some(key) = &self.key {
            set("x-keytide-signature", &signature(key, now.timestamp(), body.as_bytes()))?;
        }
        let secrets: Vec<&Secret> = self.headers.values().chain(&self.secret_url).chain(&self.key).collect();
        http.post(&Address { url: &self.url, secrets: &secrets }, headers, body.into_bytes()).await
    }
}

/// The notice as JSON, or what the template makes of it.
pub(super) fn body(notice: &Notice, template: Option<&Template>) -> Result<String, Failure> {
    let built_in = json_text(notice)?;
    Ok(rendered(template, notice, || built_in))
}

/// `t=SECONDS,v1=HEX`: HMAC-SHA256 with the key over `SECONDS.BODY`.
pub(super) fn signature(key: &Secret, second: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{second}.").as_bytes());
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={second},v1={hex}")
}

/// The operator's own headers. They were checked at start, as far as their names go.
pub(super) fn headers(given: &BTreeMap<String, Secret>) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let (Ok(key), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::from_str(value.reveal())) else {
            return Err(unfit(name));
        };
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    Ok(headers)
}

fn unfit(name: &str) -> Failure {
    Failure::never(format!("the value of the header {name} has characters that no header may have"))
}

/// A text as a header's value may be: what isn't printable ASCII becomes `_`.
fn header_text(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::sample;

    #[test]
    fn the_body_is_the_notice() {
        let notice = sample::page();
        assert_eq!(serde_json::from_str::<Notice>(&body(&notice, None).unwrap()).expect("a notice"), notice);
    }

    #[test]
    fn the_signature_is_an_hmac_over_time_and_body() {
        // printf '1795488000.{"a":1}' | openssl dgst -sha256 -hmac 'whsec test'
        let expect = "t=1795488000,v1=25cfc3928ac9d0d6397110456f45fd20ee262c1fbabd229d3a16a28296ea5d2d";
        assert_eq!(signature(&Secret::new("whsec test\n"), 1_795_488_000, b"{\"a\":1}"), expect);
    }
}
