//! A receiver on this machine: it writes down what comes, and answers as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc;

use super::PATIENT;

/// A request.
#[derive(Clone, Debug)]
pub struct Got {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Got {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// An answer: status, headers, text. `None` is no answer at all, ever.
pub type Answer = Option<(u16, Vec<(&'static str, String)>, String)>;

/// Answers with a status alone.
pub fn status(code: u16) -> Answer {
    Some((code, Vec::new(), String::new()))
}

/// A receiver.
pub struct Receiver {
    pub address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    coming: mpsc::UnboundedReceiver<Got>,
}

type Answering = dyn Fn(usize, &Got) -> Answer + Send + Sync;

#[derive(Clone)]
struct Shared {
    got: Arc<Mutex<Vec<Got>>>,
    coming: mpsc::UnboundedSender<Got>,
    answer: Arc<Answering>,
}

impl Receiver {
    /// Starts; `answer` is given the number of the request, from 0, and the request.
    pub async fn start(answer: impl Fn(usize, &Got) -> Answer + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, coming) = mpsc::unbounded_channel();
        let got = Arc::new(Mutex::new(Vec::new()));
        let shared = Shared { got: Arc::clone(&got), coming: sender, answer: Arc::new(answer) };
        let app = Router::new().fallback(take).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Receiver { address, got, coming }
    }

    /// One that takes everything.
    pub async fn willing() -> Self {
        Receiver::start(|_, _| status(200)).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All that came so far.
    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// The next request, waited for.
    pub async fn next(&mut self) -> Got {
        let next = tokio::time::timeout(PATIENT, self.coming.recv()).await;
        next.expect("no message came").expect("the receiver runs")
    }
}

async fn take(State(shared): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let got = Got { method, path: uri.path().to_owned(), headers, body: body.to_vec() };
    let number = {
        let mut all = shared.got.lock().unwrap();
        all.push(got.clone());
        all.len() - 1
    };
    let answer = (shared.answer)(number, &got);
    let _ = shared.coming.send(got);
    let Some((code, headers, text)) = answer else { return std::future::pending().await };
    let mut response = (StatusCode::from_u16(code).unwrap(), text).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

/// The address of a port at which no one listens.
pub fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}
