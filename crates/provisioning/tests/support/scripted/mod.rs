//! Scripted authorization servers on loopback: Hydra's admin API in memory, and a Keycloak for the calls of its connector, both with
//! switches. Tests and measurements of several crates use them.

#![allow(dead_code, reason = "each program uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a scripted server takes what it expects"
)]

pub mod hydra;
pub mod keycloak;
pub mod registration;
pub mod switches;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use serde_json::Value;
use url::Url;

use switches::Switches;

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

/// Serves on a port of loopback until the process ends; returns the origin. The switches decide about each request first.
pub fn serve(
    switches: &Arc<Switches>,
    work: impl Fn(&Request) -> Response + Send + Sync + 'static,
) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}/", listener.local_addr().unwrap());
    let (switches, work) = (Arc::clone(switches), Arc::new(work));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), switches, work) = (stream, Arc::clone(&switches), Arc::clone(&work))
            else {
                continue;
            };
            thread::spawn(move || {
                answer(stream, &|request| {
                    switches.answer(request, || work(request))
                })
            });
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
