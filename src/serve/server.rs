//! The three pages.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::metrics::Metrics;

/// Who can say how things are now.
pub trait Live: Send + Sync + 'static {
    /// Whether the work is done; else what is in the way, a line each.
    fn ready(&self) -> Result<(), Vec<String>>;
    /// Sets the figures that time alone changes.
    fn refresh(&self, metrics: &Metrics);
}

/// A place to be asked at.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

#[derive(Clone)]
struct Pages {
    metrics: Arc<Metrics>,
    live: Arc<dyn Live>,
}

impl Server {
    /// Takes the address; port 0 takes any that is free.
    ///
    /// # Errors
    /// The port is in use, or may not be used.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address, with its real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until the future is dropped. May be called again after that.
    ///
    /// # Errors
    /// The listener fails.
    pub async fn serve(&self, metrics: Arc<Metrics>, live: Arc<dyn Live>) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener.try_clone()?)?;
        let pages = Router::new()
            .route("/", get(index))
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics_page))
            .with_state(Pages { metrics, live });
        axum::serve(listener, pages).await
    }
}

async fn index() -> &'static str {
    "/healthz\n/readyz\n/metrics\n"
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn readyz(State(pages): State<Pages>) -> Response {
    match pages.live.ready() {
        Ok(()) => "ready\n".into_response(),
        Err(reasons) => (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n").into_response(),
    }
}

async fn metrics_page(State(pages): State<Pages>) -> Response {
    pages.live.refresh(&pages.metrics);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], pages.metrics.text()).into_response()
}
