//! A collector on loopback: it takes spans over OTLP/HTTP and shows what it was sent.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use openssl::ssl::SslAcceptor;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use prost::Message;
use protocol::Clock;
use server::tls;
use tempfile::TempDir;

use super::support::until;

/// The answer to an export.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Takes,
    /// Takes the connection, and says nothing.
    Hangs,
    /// Answers 500.
    Fails,
}

/// A span, with the fields that are promised.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub name: String,
    pub kind: i32,
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub attributes: BTreeMap<String, String>,
    pub failed: bool,
    pub seconds: f64,
}

impl Span {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

pub struct Collector {
    pub port: u16,
    /// The certificate authority of a collector with TLS.
    pub ca: Option<PathBuf>,
    seen: Arc<Mutex<Seen>>,
    _folder: TempDir,
}

#[derive(Default)]
struct Seen {
    spans: Vec<Span>,
    services: Vec<BTreeMap<String, String>>,
    heads: Vec<String>,
    bytes: Vec<u8>,
}

impl Collector {
    pub fn start(manner: Manner) -> Self {
        Self::listening(manner, None)
    }

    pub fn with_tls() -> Self {
        let folder = TempDir::new().unwrap();
        let made = tls::development_certificates(
            folder.path(),
            &["localhost".to_owned()],
            Clock::system().now(),
        )
        .unwrap();
        let acceptor = tls::acceptor(&made.certificate, &made.key).unwrap().build();
        Self {
            ca: Some(made.ca_pem),
            _folder: folder,
            ..Self::listening(Manner::Takes, Some(acceptor))
        }
    }

    fn listening(manner: Manner, acceptor: Option<SslAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let note = Arc::clone(&seen);
        thread::spawn(move || {
            let mut hanging: Vec<TcpStream> = Vec::new();
            for connection in listener.incoming().map_while(Result::ok) {
                match &acceptor {
                    _ if manner == Manner::Hangs => hanging.push(connection),
                    Some(acceptor) => {
                        // Who does not trust the certificate hangs up, and may come again.
                        if let Ok(mut stream) = acceptor.accept(connection) {
                            answer(&mut stream, manner, &note);
                            let _ = stream.shutdown();
                        }
                    }
                    None => answer(&mut &connection, manner, &note),
                }
            }
        });
        Self {
            port,
            ca: None,
            seen,
            _folder: TempDir::new().unwrap(),
        }
    }

    pub fn endpoint(&self) -> String {
        match self.ca {
            Some(_) => format!("https://localhost:{}", self.port),
            None => format!("http://127.0.0.1:{}", self.port),
        }
    }

    /// Returns the spans received so far.
    pub fn spans(&self) -> Vec<Span> {
        self.seen.lock().unwrap().spans.clone()
    }

    /// The span of the request with that identifier, when it comes.
    pub fn of_request(&self, id: &str) -> Span {
        let mut found = None;
        until(&format!("there is no span of the request {id}"), || {
            found = self
                .spans()
                .into_iter()
                .find(|span| span.attribute("frontdesk.request_id") == Some(id));
            found.is_some()
        });
        found.unwrap()
    }

    /// The spans whose parent is this.
    pub fn children(&self, parent: &Span) -> Vec<Span> {
        self.spans()
            .into_iter()
            .filter(|span| span.parent == parent.id)
            .collect()
    }

    /// Returns the resource attributes of each export.
    pub fn services(&self) -> Vec<BTreeMap<String, String>> {
        self.seen.lock().unwrap().services.clone()
    }

    /// The heads of the exports.
    pub fn heads(&self) -> Vec<String> {
        self.seen.lock().unwrap().heads.clone()
    }

    /// Everything that came, as it came.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap().bytes.clone()
    }
}

fn answer(stream: &mut (impl Read + Write), manner: Manner, seen: &Mutex<Seen>) {
    let (mut head, mut length) = (String::new(), 0);
    let mut reader = BufReader::new(&mut *stream);
    loop {
        let mut line = String::new();
        if !matches!(reader.read_line(&mut line), Ok(1..)) {
            return;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let status = if manner == Manner::Fails {
        "500 Internal Server Error"
    } else {
        "200 OK"
    };
    // A message without members is an empty one: everything was taken.
    let said = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    if said.is_err() || manner == Manner::Fails {
        return;
    }
    let export = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
    let mut seen = seen.lock().unwrap();
    seen.heads.push(head);
    seen.bytes.extend(body);
    for sent in export.resource_spans {
        seen.services
            .push(texts(&sent.resource.unwrap().attributes));
        seen.spans.extend(
            sent.scope_spans
                .into_iter()
                .flat_map(|scope| scope.spans)
                .map(|span| {
                    assert_eq!(
                        (
                            span.events.len(),
                            span.links.len(),
                            span.trace_state.as_str()
                        ),
                        (0, 0, ""),
                        "{}",
                        span.name
                    );
                    Span {
                        trace: hexadecimal(&span.trace_id),
                        id: hexadecimal(&span.span_id),
                        parent: hexadecimal(&span.parent_span_id),
                        attributes: texts(&span.attributes),
                        failed: span.status.is_some_and(|status| status.code == 2),
                        seconds: (span.end_time_unix_nano - span.start_time_unix_nano) as f64 / 1e9,
                        name: span.name,
                        kind: span.kind,
                    }
                }),
        );
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |attribute: &KeyValue| match attribute.value.clone().unwrap().value.unwrap() {
        any_value::Value::StringValue(text) => text,
        any_value::Value::IntValue(number) => number.to_string(),
        other => panic!("{}: {other:?}", attribute.key),
    };
    attributes
        .iter()
        .map(|attribute| (attribute.key.clone(), text(attribute)))
        .collect()
}
