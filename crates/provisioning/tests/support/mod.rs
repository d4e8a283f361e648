//! Scripted authorization servers: an HTTP server on loopback, Hydra's admin API in memory, and a Keycloak for the calls of the
//! connector.

#![allow(dead_code, reason = "each test program uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test says what it expects"
)]

pub mod hydra;
pub mod keycloak;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use openssl::ssl::SslConnector;
use protocol::{ClientId, ClientSecret, Issuer, RandomSource, RegisteredMetadata};
use provisioning::{DesiredClient, DesiredSecret};
use serde_json::Value;
use url::Url;

pub struct Request {
    pub method: String,
    pub path: String,
    pub query: HashMap<String, String>,
    pub authorization: Option<String>,
    pub body: String,
}

impl Request {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// A response; `None` closes the connection without one.
pub type Answer = Option<Response>;

pub struct Response {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Response {
    pub fn new(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.to_string(),
        }
    }

    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }
}

/// Serves on a port of loopback until the process ends; returns the origin.
pub fn serve(handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}/", listener.local_addr().unwrap());
    let handler = Arc::new(handler);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), handler) = (stream, Arc::clone(&handler)) else {
                continue;
            };
            thread::spawn(move || answer(stream, handler.as_ref()));
        }
    });
    origin.parse().unwrap()
}

fn answer(stream: TcpStream, handler: &dyn Fn(&Request) -> Answer) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let (mut length, mut authorization) = (0, None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "authorization" => authorization = Some(value.to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let url = Url::parse("http://server/").ok()?.join(&target).ok()?;
    let request = Request {
        method,
        path: url.path().to_owned(),
        query: url.query_pairs().into_owned().collect(),
        authorization,
        body: String::from_utf8(body).ok()?,
    };
    let Response {
        status,
        headers,
        body,
    } = handler(&request)?;
    let mut head = format!(
        "HTTP/1.1 {status} Status\r\nContent-Length: {}\r\nContent-Type: application/json\r\nConnection: close\r\n",
        body.len()
    );
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let mut stream = stream;
    stream
        .write_all(format!("{head}\r\n{body}").as_bytes())
        .ok()
}

/// A client that connectors write.
pub struct Wanted {
    pub issuer: Issuer,
    pub id: ClientId,
    pub secret: Option<ClientSecret>,
    pub metadata: RegisteredMetadata,
    pub scopes: Vec<String>,
    pub revision: i64,
}

impl Wanted {
    /// A confidential client of the code flow, with these members besides.
    pub fn new(members: &Value) -> Self {
        let mut metadata = serde_json::json!({
            "redirect_uris": ["https://rp.example/cb"],
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
        });
        for (name, value) in members.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        Self {
            issuer: Issuer::parse("https://login.example.com").unwrap(),
            id: ClientId::new("0ABCdefGHI"),
            secret: Some(ClientSecret::new("S3cretOfTheClient")),
            metadata: RegisteredMetadata::from_stored(metadata.to_string()).unwrap(),
            scopes: vec!["openid".to_owned(), "profile".to_owned()],
            revision: 1,
        }
    }

    pub fn desired(&self) -> DesiredClient<'_> {
        DesiredClient {
            issuer: &self.issuer,
            client_id: Some(&self.id),
            secret: match &self.secret {
                Some(secret) => DesiredSecret::This(secret),
                None => DesiredSecret::None,
            },
            metadata: &self.metadata,
            scopes_supported: &self.scopes,
            revision: self.revision,
            enabled: true,
        }
    }
}

pub fn trust() -> SslConnector {
    outbound::tls::connector_builder(Vec::new())
        .unwrap()
        .build()
}

/// A random source that gives one byte.
pub fn random() -> RandomSource {
    Arc::new(|buffer| {
        buffer.fill(7);
        Ok(())
    })
}

pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}
