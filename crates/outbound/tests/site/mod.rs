//! A server on loopback that answers TLS connections as a test tells it, and counts them.

#![allow(dead_code, reason = "each test program uses a part")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslMethod, SslStream};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};

/// The server's reaction to a request.
#[derive(Clone)]
pub enum Answer {
    /// Sends these bytes and closes.
    Whole(Vec<u8>),
    /// Sends these bytes, then one more each time it has waited in vain for the peer to leave.
    Dribble(Vec<u8>),
    /// Sends these bytes, then more until the peer leaves.
    Endless(Vec<u8>),
    /// Says nothing until the peer leaves.
    Silence,
}

impl Answer {
    /// A complete answer with one header block and one body.
    pub fn new(status: &str, headers: &str, body: &str) -> Self {
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        Self::Whole([head.as_bytes(), body.as_bytes()].concat())
    }

    /// 200 with JSON.
    pub fn json(headers: &str, body: &str) -> Self {
        Self::new(
            "200 OK",
            &format!("Content-Type: application/json\r\n{headers}"),
            body,
        )
    }
}

/// Pages by path.
pub type Pages = Arc<Mutex<BTreeMap<String, Answer>>>;

/// Chooses the answer.
type Choose = dyn Fn(usize, &str) -> Answer + Send + Sync;

/// The server; its thread ends with the process.
pub struct Site {
    pub port: u16,
    pub certificate: Vec<u8>,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Site {
    /// Starts on any free port, with a fresh certificate for `127.0.0.1`, `documents.example` and the names below it.
    pub fn start(answer: Answer) -> Self {
        Self::answering(move |_, _| answer.clone())
    }

    /// Starts a server that answers as `choose` says for the number of the request, from 0, and its head.
    pub fn answering(choose: impl Fn(usize, &str) -> Answer + Send + Sync + 'static) -> Self {
        let choose: Arc<Choose> = Arc::new(choose);
        let (key, certificate) = certificate();
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        acceptor.set_private_key(&key).unwrap();
        acceptor.set_certificate(&certificate).unwrap();
        let acceptor = Arc::new(acceptor.build());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let site = Self {
            port: listener.local_addr().unwrap().port(),
            certificate: certificate.to_pem().unwrap(),
            connections: Arc::default(),
            requests: Arc::default(),
        };
        let (connections, requests) = (Arc::clone(&site.connections), Arc::clone(&site.requests));
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                connections.fetch_add(1, Ordering::SeqCst);
                let (acceptor, requests, choose) = (
                    Arc::clone(&acceptor),
                    Arc::clone(&requests),
                    Arc::clone(&choose),
                );
                thread::spawn(move || {
                    // A client that does not trust the certificate leaves here.
                    if let Ok(mut stream) = acceptor.accept(connection) {
                        serve(&mut stream, &requests, &*choose);
                    }
                });
            }
        });
        site
    }

    /// Starts a server with pages by path, which may be changed; 404 elsewhere.
    pub fn with_pages() -> (Self, Pages) {
        let pages = Pages::default();
        let served = Arc::clone(&pages);
        let site = Self::answering(move |_, head| {
            let path = head.split(' ').nth(1).unwrap_or_default();
            let page = served.lock().unwrap().get(path).cloned();
            page.unwrap_or_else(|| Answer::new("404 Not Found", "", ""))
        });
        (site, pages)
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn url(&self) -> String {
        format!("https://{}/document.json", self.address())
    }

    /// Returns the number of accepted connections. It connects itself first: the listener accepts in order, so that no earlier
    /// connection is pending. This connection is not counted.
    pub fn connections(&self) -> usize {
        let before = self.connections.load(Ordering::SeqCst);
        drop(TcpStream::connect(self.address()).unwrap());
        let seen = (0..10_000_000).find_map(|_| {
            thread::yield_now();
            Some(self.connections.load(Ordering::SeqCst)).filter(|count| *count > before)
        });
        let others = seen.expect("the listener takes our own connection") - 1;
        self.connections.fetch_sub(1, Ordering::SeqCst);
        others
    }

    /// The heads of the requests that came.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(stream: &mut SslStream<TcpStream>, requests: &Mutex<Vec<String>>, choose: &Choose) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(1) => head.extend(byte),
            _ => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let number = {
        let mut requests = requests.lock().unwrap();
        requests.push(head.clone());
        requests.len() - 1
    };
    match choose(number, &head) {
        Answer::Whole(bytes) => {
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown();
        }
        Answer::Dribble(bytes) => {
            let _ = stream.write_all(&bytes);
            while !left(stream) && stream.write_all(b" ").is_ok() {}
        }
        Answer::Endless(bytes) => {
            let _ = stream.write_all(&bytes);
            while stream.write_all(&[b' '; 4096]).is_ok() {}
        }
        Answer::Silence => while !left(stream) {},
    }
}

/// Returns true if the peer closes soon.
fn left(stream: &mut SslStream<TcpStream>) -> bool {
    stream
        .get_ref()
        .set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    !matches!(stream.read_exact(&mut [0]), Err(fault) if fault.kind() == std::io::ErrorKind::WouldBlock)
}

/// A certificate that signs itself.
fn certificate() -> (PKey<Private>, X509) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, "a site in a test")
        .unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder
        .set_serial_number(&BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap())
        .unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(&key).unwrap();
    builder
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::days_from_now(1).unwrap())
        .unwrap();
    builder
        .append_extension(BasicConstraints::new().critical().ca().build().unwrap())
        .unwrap();
    let names = SubjectAlternativeName::new()
        .ip("127.0.0.1")
        .dns("documents.example")
        .dns("*.documents.example")
        .build(&builder.x509v3_context(None, None))
        .unwrap();
    builder.append_extension(names).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    (key, builder.build())
}
