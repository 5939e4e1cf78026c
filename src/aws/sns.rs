//! Amazon SNS.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_sns::Client;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tokio::sync::OnceCell;

/// A topic, and how its Region is reached.
#[derive(Debug)]
pub struct SnsTopic {
    arn: String,
    region: String,
    endpoint_url: Option<String>,
    client: OnceCell<Client>,
}

/// What is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnsMessage {
    /// At most 100 characters of ASCII.
    pub subject: String,
    /// At most 256 KiB.
    pub body: String,
    /// Of a FIFO topic: messages of a group stay in order.
    pub group: Option<String>,
    /// Of a FIFO topic: what repeats this within five minutes is dropped.
    pub deduplication: Option<String>,
}

/// Why a message wasn't published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnsFailure {
    /// SNS refuses it for good.
    #[error("{0}")]
    Refused(String),
    /// It may work later.
    #[error("{0}")]
    Passing(String),
}

impl SnsTopic {
    /// A topic. `endpoint_url` is for VPC endpoints and stand-ins.
    pub fn new(arn: &str, region: &str, endpoint_url: Option<&str>) -> Self {
        SnsTopic {
            arn: arn.to_owned(),
            region: region.to_owned(),
            endpoint_url: endpoint_url.map(str::to_owned),
            client: OnceCell::new(),
        }
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Publishes a message, within `timeout`.
    pub async fn publish(&self, message: SnsMessage, timeout: Duration) -> Result<(), SnsFailure> {
        let request = async {
            let client = self.client.get_or_init(|| self.connect(timeout)).await;
            let request = client.publish().topic_arn(&self.arn).subject(message.subject).message(message.body);
            let request = request.set_message_group_id(message.group);
            request.set_message_deduplication_id(message.deduplication).send().await
        };
        match tokio::time::timeout(timeout, request).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => Err(SnsFailure::Passing(format!("no answer from SNS within {} s", timeout.as_secs_f64()))),
        }
    }

    async fn connect(&self, timeout: Duration) -> Client {
        let http =
            aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let timeouts = TimeoutConfig::builder().operation_timeout(timeout).connect_timeout(timeout).build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .region(Region::new(self.region.clone()))
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts);
        if let Some(url) = &self.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        Client::new(&loader.load().await)
    }
}

/// Answers that a later attempt may not meet: throttling, and credentials that are renewed by someone else.
const PASSING: [&str; 8] = [
    "Throttled",
    "Throttling",
    "ThrottlingException",
    "RequestExpired",
    "ExpiredToken",
    "ExpiredTokenException",
    "KMSThrottling",
    "InternalError",
];

fn failure<E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static>(error: &SdkError<E>) -> SnsFailure {
    let SdkError::ServiceError(answer) = error else {
        return SnsFailure::Passing(format!("can't reach SNS: {}", causes(error)));
    };
    let code = answer.err().code().unwrap_or("an error without a code");
    let text = format!("SNS answered {code}: {}", answer.err().message().unwrap_or("no reason given"));
    let status = answer.raw().status().as_u16();
    // 403 and 404: a permission, a key or a topic that someone may mend.
    let may_pass = [403, 404, 408, 429].contains(&status) || PASSING.contains(&code);
    match (400..500).contains(&status) && !may_pass {
        true => SnsFailure::Refused(text),
        false => SnsFailure::Passing(text),
    }
}

/// An error with its causes, the last of which tells what happened.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
