//! Telling people: routes, what a message says on each, and sending what is owed until it has arrived.
//!
//! What enters are `[[route]]` tables, notices, and an outbox; what leaves are messages, and for each whether it was
//! delivered, is tried again, or was given up. This room refuses to know why anything is owed, and where that is kept:
//! whoever keeps it implements [`Outbox`].
//!
//! A notice is first a [`Page`], the same facts in the same words on every route; `text`, `markdown` and `html` write
//! it, and each file of `channel` puts that into its receiver's form. `dispatch` takes what is due, route beside route,
//! and `sending` is one route at work, message after message.

mod backoff;
mod channel;
mod counters;
mod dispatch;
mod html;
mod limit;
mod mail_reader;
mod markdown;
mod matcher;
mod ordered;
mod outbox;
mod page;
pub mod picture;
mod reader;
mod region;
mod route;
mod router;
pub mod sample;
mod secret;
mod sending;
mod table;
mod template;
mod text;
mod words;
mod work;

use std::sync::Once;

pub use counters::{Counters, RouteCounts};
pub use dispatch::{Dispatcher, SetUpError};
pub use html::html;
pub use limit::RateLimit;
pub use matcher::Matcher;
pub use outbox::{Outbox, Owed, Settled};
pub use page::{Fact, Page, page, subject};
pub use route::{Route, routes};
pub use router::Router;
pub use secret::{Resolve, Secret, SecretSource};
pub use table::{Format, Kind, RouteTable, Tls};
pub use text::text;
pub use work::Round;

/// Names ring as what encrypts, for every library that asks rustls. Whoever named another before is left alone.
fn install_crypto() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error says that there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
