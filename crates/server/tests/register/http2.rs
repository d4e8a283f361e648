//! Bodies that nobody reads to their end, over HTTP/2.

use std::io::{Read, Write};
use std::net::TcpStream;

use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVerifyMode};

use super::support::{PATIENCE, Setup, TestServer};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACKNOWLEDGED: u8 = 1;

/// A frame: its type, its flags, its stream and what is in it. RFC 9113 §4.1.
struct Frame(u8, u8, u32, Vec<u8>);

/// A connection with one request on it.
struct Connection(SslStream<TcpStream>);

impl Connection {
    fn open(server: &TestServer) -> Self {
        let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
        connector.set_verify(SslVerifyMode::NONE);
        connector.set_alpn_protos(b"\x02h2").unwrap();
        let stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut stream = connector.build().connect("localhost", stream).unwrap();
        assert_eq!(stream.ssl().selected_alpn_protocol(), Some(&b"h2"[..]));
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        let mut connection = Self(stream);
        connection.send(&Frame(SETTINGS, 0, 0, Vec::new()));
        // Until then no more than 65535 bytes may be sent (RFC 9113 §6.9.2).
        connection.until(|frame| (frame.0, frame.2) == (WINDOW_UPDATE, 0));
        connection
    }

    fn send(&mut self, frame: &Frame) {
        let Frame(kind, flags, stream, payload) = frame;
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let bytes = [&length[1..], &[*kind, *flags], &stream.to_be_bytes(), payload].concat();
        self.0.write_all(&bytes).unwrap();
    }

    /// The frames that come, up to the one that is looked for.
    fn until(&mut self, wanted: impl Fn(&Frame) -> bool) -> Vec<Frame> {
        let mut frames = Vec::new();
        loop {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).unwrap();
            let mut payload = vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
            self.0.read_exact(&mut payload).unwrap();
            frames.push(Frame(head[3], head[4], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload));
            if frames.last().is_some_and(&wanted) {
                return frames;
            }
        }
    }

    /// Begins a request with a body. Fields are written out, without the compression of RFC 7541.
    fn begin(&mut self, fields: &[(&str, &str)]) {
        let field = |(name, value): &(&str, &str)| {
            let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
            [vec![0], text(name), text(value)].concat()
        };
        let fields: Vec<u8> = [(":scheme", "https"), (":authority", "localhost")].iter().chain(fields).flat_map(field).collect();
        self.send(&Frame(HEADERS, END_HEADERS, 1, fields));
    }
}

/// RFC 9113 §8.1: a client that is still sending gets its answer, whole and without a reset, whoever refused to read on.
#[test]
fn a_body_that_nobody_reads_does_not_cost_its_client_the_answer() {
    let server = Setup::new().with("FRONTDESK_TLS", "self-signed").with("FRONTDESK_REGISTRATION", "open").start();
    let json = ("content-type", "application/json");
    for (method, path, more, told) in [
        ("POST", "/register", json, "The body must be at most 65536 bytes."),
        ("POST", "/register", ("content-type", "text/plain"), "The body must be sent as application/json"),
        ("POST", "/register", ("authorization", "Bearer wrong"), "\"invalid_token\""),
        ("PUT", "/register", json, "This address does not have that method"),
        ("POST", "/nowhere", json, "\"not_found\""),
        ("GET", "/jwks", json, "\"keys\""),
    ] {
        let mut connection = Connection::open(&server);
        connection.begin(&[(":method", method), (":path", path), more]);
        for _ in 0..7 {
            connection.send(&Frame(DATA, 0, 1, vec![b' '; 10_000]));
        }
        let mut frames = connection.until(|frame| frame.0 == HEADERS);
        connection.send(&Frame(DATA, END_STREAM, 1, vec![b' '; 10_000]));
        let ended = |frame: &Frame| frame.0 == RESET || (frame.0 == DATA && frame.1 & END_STREAM != 0);
        frames.extend(connection.until(ended));
        connection.send(&Frame(PING, 0, 0, vec![0; 8]));
        frames.extend(connection.until(|frame| (frame.0, frame.1) == (PING, ACKNOWLEDGED)));
        assert!(frames.iter().all(|frame| frame.0 != RESET), "{method} {path}");
        let body: Vec<u8> = frames.into_iter().filter(|frame| frame.0 == DATA).flat_map(|frame| frame.3).collect();
        let body = String::from_utf8(body).unwrap();
        assert!(body.contains(told), "{method} {path}: {body}");
    }
    assert!(server.clients().is_empty());
}

/// RFC 9113 §8.1: an answer is not held back for as long as a client cares to send.
#[test]
fn a_body_without_an_end_is_cut_off() {
    let server = Setup::new().with("FRONTDESK_TLS", "self-signed").start();
    let mut connection = Connection::open(&server);
    connection.begin(&[(":method", "GET"), (":path", "/jwks")]);
    connection.send(&Frame(DATA, 0, 1, vec![b' '; 10]));
    connection.until(|frame| frame.0 == DATA && frame.1 & END_STREAM != 0);
    connection.until(|frame| (frame.0, frame.2) == (RESET, 1));
}
