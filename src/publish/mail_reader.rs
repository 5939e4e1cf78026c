//! The settings of a route that sends mail.

use std::fs;
use std::ops::Range;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls as Encryption, TlsParameters};
use lettre::{AsyncSmtpTransport, Tokio1Executor};

use super::channel::email;
use super::reader::Reader;
use super::table::Tls;
use super::template::Template;

impl Reader<'_> {
    pub(super) fn email(&mut self, subject: Option<Template>, body: Option<Template>) -> Option<email::Mail> {
        let table = self.table;
        let from = match &table.from {
            Some(from) => self.mailbox(from.span(), from.get_ref()),
            None => self.missing("from", "such as \"Keytide <keytide@example.com>\""),
        };
        let to = match &table.to {
            Some(to) if !to.get_ref().is_empty() => {
                let boxes: Vec<_> = to.get_ref().iter().map(|text| self.mailbox(to.span(), text)).collect();
                boxes.into_iter().collect::<Option<Vec<Mailbox>>>()
            }
            _ => self.missing("to", "such as [\"oncall@example.com\"]"),
        };
        let password = table.password.as_ref().map(|_| self.secret("password", &table.password));
        let Some(server) = &table.server else { return self.missing("server", "such as \"smtp.example.com\"") };
        let tls = table.tls.as_ref().map_or(Tls::default(), |tls| *tls.get_ref());
        if let (Tls::None, Some(password)) = (tls, &table.password) {
            return self.fail(
                password.span(),
                "a password isn't sent over a connection without encryption; set `tls` to starttls or tls",
            );
        }
        if table.username.is_some() != table.password.is_some() {
            return self.fail(server.span(), "`username` and `password` are given both or not at all");
        }
        let encryption = self.encryption(server.get_ref(), tls)?;
        let usual = match tls {
            Tls::Starttls => 587,
            Tls::Tls => 465,
            Tls::None => 25,
        };
        let port = table.port.as_ref().map_or(usual, |port| *port.get_ref());
        let mut transport =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.get_ref()).port(port).tls(encryption);
        let password = match password {
            Some(password) => Some(password?),
            None => None,
        };
        if let (Some(username), Some(password)) = (&table.username, &password) {
            let password = password.reveal().to_owned();
            transport = transport.credentials(Credentials::new(username.get_ref().clone(), password));
        }
        Some(email::Mail { server: transport, password, from: from?, to: to?, subject, body })
    }

    fn encryption(&mut self, server: &str, tls: Tls) -> Option<Encryption> {
        super::install_crypto();
        let mut parameters = TlsParameters::builder(server.to_owned());
        if let Some(path) = &self.table.ca_file {
            let read = fs::read(path.get_ref()).map_err(|error| error.to_string());
            match read.and_then(|pem| Certificate::from_pem(&pem).map_err(|error| error.to_string())) {
                Ok(certificate) => parameters = parameters.add_root_certificate(certificate),
                Err(error) => {
                    let path_shown = path.get_ref().display();
                    return self.fail(path.span(), format!("can't read certificates from {path_shown}: {error}"));
                }
            }
        }
        if tls == Tls::None {
            return Some(Encryption::None);
        }
        match parameters.build() {
            Ok(parameters) if tls == Tls::Tls => Some(Encryption::Wrapper(parameters)),
            Ok(parameters) => Some(Encryption::Required(parameters)),
            Err(error) => self.fail(self.place(), format!("can't set up TLS to {server}: {error}")),
        }
    }

    fn mailbox(&mut self, span: Range<usize>, text: &str) -> Option<Mailbox> {
        match text.parse() {
            Ok(mailbox) => Some(mailbox),
            Err(error) => self.fail(span, format!("`{text}` is no mail address: {error}")),
        }
    }
}
