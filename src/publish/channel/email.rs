//! Mailboxes, through an SMTP server.

use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MessageBuilder, MultiPart, SinglePart};
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::transport::smtp::response::Code;
use lettre::{AsyncTransport, Message, Tokio1Executor};
use sha2::{Digest, Sha256};

use super::http::{hide, told};
use super::{Failure, identity};
use crate::alarm::{Incident, Notice, Severity, StateValue, Subject};
use crate::publish::html::{html, plain};
use crate::publish::page::subject;
use crate::publish::secret::Secret;
use crate::publish::template::{Template, rendered};
use crate::publish::text::text;
use crate::publish::{picture, words};

/// How the picture is named within a message.
const PICTURE: &str = "picture";

/// Mailboxes, and the server that takes messages for them.
pub(in crate::publish) struct Mail {
    /// A connection a message: pages are few, and a connection that was kept may be dead by the next.
    pub(in crate::publish) server: AsyncSmtpTransportBuilder,
    pub(in crate::publish) password: Option<Secret>,
    pub(in crate::publish) from: Mailbox,
    pub(in crate::publish) to: Vec<Mailbox>,
    pub(in crate::publish) subject: Option<Template>,
    pub(in crate::publish) body: Option<Template>,
}

impl Mail {
    pub(super) async fn send(&self, notice: &Notice, timeout: Duration) -> Result<(), Failure> {
        let message = self.message(notice)?;
        let server = self.server.clone().timeout(Some(timeout)).build::<Tokio1Executor>();
        let sent = tokio::time::timeout(timeout, server.send(message)).await;
        let late = || Failure::later(format!("no answer within {} s", timeout.as_secs_f64()));
        let error = match sent {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) if error.is_timeout() => return Err(late()),
            Ok(Err(error)) => error,
            Err(_) => return Err(late()),
        };
        let secrets: Vec<&Secret> = self.password.iter().collect();
        let text = hide(&told(&error), &secrets);
        let may_pass = !error.is_permanent() || error.status().is_some_and(is_of_credentials);
        Err(if may_pass { Failure::later(text) } else { Failure::never(text) })
    }

    /// The message: text, HTML and the picture. Its id is the same each time it is sent, and the end of an episode
    /// answers its begin, so that mail programs drop repeats and show both together.
    fn message(&self, notice: &Notice) -> Result<Message, Failure> {
        let wrong = |error: &dyn std::fmt::Display| Failure::never(format!("can't write the message: {error}"));
        let id = |identity: &str| message_id(identity, self.from.email.domain());
        let begun = format!("{}:{}", notice.dedup_key, StateValue::Alarm);
        let title = words::cut(&rendered(self.subject.as_ref(), notice, || subject(notice)), 200);
        let mut builder = Message::builder()
            .from(self.from.clone())
            .subject(title.as_str())
            .message_id(Some(id(&identity(notice))))
            .date_now();
        for mailbox in &self.to {
            builder = builder.to(mailbox.clone());
        }
        if identity(notice) != begun && matches!(notice.subject, Subject::StateChange(_)) {
            builder = builder.in_reply_to(id(&begun)).references(id(&begun));
        }
        // RFC 3834: so that no vacation notice comes back.
        builder = header(builder, "Auto-Submitted", "auto-generated");
        if notice.severity == Severity::Critical && is_alarm(notice) {
            builder = header(builder, "Importance", "high");
        }
        builder.multipart(self.parts(notice, &title)).map_err(|error| wrong(&error))
    }

    fn parts(&self, notice: &Notice, title: &str) -> MultiPart {
        let picture = incident(notice).filter(|incident| !incident.picture.is_empty());
        let picture = picture.and_then(|incident| {
            let drawn = picture::png(incident);
            drawn.inspect_err(|error| tracing::warn!("{error}; the message goes without")).ok()
        });
        let address = picture.as_ref().map(|_| format!("cid:{PICTURE}"));
        let own = matches!(notice.subject, Subject::StateChange(_)) && self.body.is_some();
        let text = rendered(self.body.as_ref(), notice, || text(notice));
        let html = if own { plain(title, &text, address.as_deref()) } else { html(notice, address.as_deref()) };
        let alternatives = MultiPart::alternative().singlepart(SinglePart::plain(text));
        match picture {
            None => alternatives.singlepart(SinglePart::html(html)),
            Some(png) => {
                let name = format!("{PICTURE}.png");
                let kind = ContentType::parse("image/png").expect("a media type");
                let attached = Attachment::new_inline_with_name(PICTURE.to_owned(), name).body(png, kind);
                let related = MultiPart::related().singlepart(SinglePart::html(html)).singlepart(attached);
                alternatives.multipart(related)
            }
        }
    }
}

/// Whether a reply of a server is about who sends, not what: RFC 4954's authentication required (530), mechanism too
/// weak (534), credentials invalid (535) and encryption required (538). Someone may mend that.
fn is_of_credentials(code: Code) -> bool {
    [530, 534, 535, 538].contains(&u16::from(code))
}

fn is_alarm(notice: &Notice) -> bool {
    matches!(&notice.subject, Subject::StateChange(change) if change.new_state == StateValue::Alarm)
}

fn incident(notice: &Notice) -> Option<&Incident> {
    match &notice.subject {
        Subject::StateChange(change) => change.incident.as_ref(),
        _ => None,
    }
}

fn header(builder: MessageBuilder, name: &'static str, value: &str) -> MessageBuilder {
    builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned()))
}

fn message_id(identity: &str, domain: &str) -> String {
    let hash: String = Sha256::digest(identity.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("<keytide.{hash}@{domain}>")
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};

    use lettre::transport::smtp::authentication::Credentials;

    use super::*;
    use crate::publish::sample;

    fn mail() -> Mail {
        let mailbox = |text: &str| text.parse::<Mailbox>().expect("a mailbox");
        Mail {
            server: lettre::AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("localhost"),
            password: None,
            from: mailbox("Keytide <keytide@example.com>"),
            to: vec![mailbox("oncall@example.com"), mailbox("Ann <ann@example.com>")],
            subject: None,
            body: None,
        }
    }

    fn sent(notice: &Notice) -> String {
        String::from_utf8(mail().message(notice).expect("a message").formatted()).expect("text")
    }

    fn line<'a>(message: &'a str, name: &str) -> Option<&'a str> {
        message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    #[test]
    fn the_end_answers_the_begin_and_a_repeat_has_the_same_id() {
        let (begun, again, over) = (sent(&sample::page()), sent(&sample::page()), sent(&sample::resolved()));
        assert_eq!(line(&begun, "Message-ID"), line(&again, "Message-ID"));
        assert_eq!(line(&over, "In-Reply-To"), line(&begun, "Message-ID"));
        assert_ne!(line(&over, "Message-ID"), line(&begun, "Message-ID"));
        assert_eq!(line(&begun, "In-Reply-To"), None);
        assert_eq!((line(&begun, "Importance"), line(&over, "Importance")), (Some("high"), None));
        assert_eq!(line(&begun, "Auto-Submitted"), Some("auto-generated"));
    }

    #[test]
    fn an_alarm_that_comes_again_answers_the_first_and_is_as_urgent() {
        let mut notice = sample::page();
        if let Subject::StateChange(change) = &mut notice.subject {
            (change.again, change.changed_at) = (true, change.changed_at + 600);
        }
        let (begun, again) = (sent(&sample::page()), sent(&notice));
        assert_ne!(line(&again, "Message-ID"), line(&begun, "Message-ID"));
        assert_eq!(line(&again, "In-Reply-To"), line(&begun, "Message-ID"));
        assert_eq!(line(&again, "Importance"), Some("high"));
    }

    /// What becomes of a message to a server that answers credentials, and the sender, with these.
    async fn refused(credentials: &'static str, sender: &'static str) -> Failure {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = std::thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a client");
            let mut lines = BufReader::new(stream.try_clone().expect("its other half")).lines();
            let say = |text: &str| (&stream).write_all(format!("{text}\r\n").as_bytes()).expect("it listens");
            say("220 localhost");
            while let Some(Ok(line)) = lines.next() {
                match line.split_whitespace().next() {
                    Some("EHLO") => say("250-localhost\r\n250 AUTH PLAIN"),
                    Some("AUTH") => say(credentials),
                    Some("MAIL") => say(sender),
                    _ => return say("221 bye"),
                }
            }
        });
        let login = Credentials::new("keytide".to_owned(), "s3cret".to_owned());
        let builder = lettre::AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1");
        let mail = Mail { server: builder.port(port).credentials(login), ..mail() };
        let failure = mail.send(&sample::page(), Duration::from_secs(10)).await.expect_err("it refuses");
        server.join().expect("the server");
        failure
    }

    #[tokio::test]
    async fn what_a_server_says_of_the_password_may_be_mended_and_what_it_says_of_the_message_not() {
        for reply in ["535 5.7.8 credentials invalid", "530 5.7.0 authentication required", "534 5.7.9 too weak"] {
            let failure = refused(reply, "250 ok").await;
            assert!(matches!(&failure, Failure::Later { error, .. } if error.contains(&reply[..3])), "{failure:?}");
        }
        let failure = refused("235 ok", "550 5.1.8 no such sender").await;
        assert!(matches!(&failure, Failure::Never { error } if error.contains("550")), "{failure:?}");
    }

    #[test]
    fn a_page_has_text_html_and_its_picture() {
        let message = sent(&sample::page());
        for part in ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "<picture>"]
        {
            assert!(message.contains(part), "{part}");
        }
        assert!(!sent(&sample::test()).contains("image/png"));
    }
}
