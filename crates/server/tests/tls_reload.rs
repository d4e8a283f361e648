//! The certificate is replaced while the service runs: at SIGHUP, and when its files change.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVerifyMode};
use protocol::{Clock, Timestamp};
use server::tls::{DevelopmentCertificates, development_certificates, end};
use support::{PATIENCE, Setup, TestServer};
use tempfile::TempDir;

const DAY: Duration = Duration::from_hours(24);

/// Makes a certificate for localhost that is a given number of days old.
fn made(folder: &Path, age: u32) -> DevelopmentCertificates {
    let now = Clock::system().now().minus(DAY * age);
    development_certificates(folder, &["localhost".to_owned()], now).unwrap()
}

/// The folder with the files that the service is configured with, and two pairs to put there.
struct Files {
    folder: Arc<TempDir>,
    first: DevelopmentCertificates,
    second: DevelopmentCertificates,
}

impl Files {
    fn new() -> Self {
        let folder = Arc::new(TempDir::new().unwrap());
        let first = made(&folder.path().join("first"), 100);
        let second = made(&folder.path().join("second"), 10);
        let files = Self {
            folder,
            first,
            second,
        };
        files.put(&files.first.certificate, "tls.crt");
        files.put(&files.first.key, "tls.key");
        files
    }

    /// Puts a copy of a file in the place of another, in one step.
    fn put(&self, file: &Path, name: &str) {
        let new = self.folder.path().join("new");
        fs::copy(file, &new).unwrap();
        fs::rename(new, self.folder.path().join(name)).unwrap();
    }

    fn start(&self) -> TestServer {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        Setup::new()
            .with("FRONTDESK_TLS", "files")
            .with("FRONTDESK_TLS_CERTIFICATE", &at("tls.crt"))
            .with("FRONTDESK_TLS_KEY", &at("tls.key"))
            .within(&self.folder)
            .start()
    }
}

fn connect(port: u16) -> SslStream<TcpStream> {
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.set_verify(SslVerifyMode::NONE);
    let stream = TcpStream::connect(("localhost", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    connector.build().connect("localhost", stream).unwrap()
}

/// Requests the keys over a connection, and returns the status line.
fn get_keys(stream: &mut SslStream<TcpStream>) -> String {
    stream
        .write_all(b"GET /jwks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

/// The certificate that a new connection gets, in DER.
fn served(port: u16) -> Vec<u8> {
    let stream = connect(port);
    stream.ssl().peer_certificate().unwrap().to_der().unwrap()
}

fn own(file: &Path) -> Vec<u8> {
    let pem = fs::read(file).unwrap();
    openssl::x509::X509::from_pem(&pem)
        .unwrap()
        .to_der()
        .unwrap()
}

/// Waits until a condition holds, and returns the time that it took.
#[track_caller]
fn wait_until(server: &TestServer, condition: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "{}", server.log());
        std::thread::yield_now();
    }
    begun.elapsed()
}

/// The end of the certificate in service, as the metrics have it.
fn metric(server: &TestServer) -> Timestamp {
    let metrics = server.managed("/metrics").text;
    let value = metrics
        .lines()
        .find_map(|line| line.strip_prefix("frontdesk_certificate_end_timestamp_seconds "))
        .unwrap();
    Timestamp::from_seconds(value.parse().unwrap())
}

/// SIGHUP puts the new certificate into service without ending a connection, and the metric of its
/// end follows.
#[test]
fn sighup_replaces_the_certificate() {
    let files = Files::new();
    let server = files.start();
    assert_eq!(served(server.port), own(&files.first.certificate));
    assert_eq!(metric(&server), end(&files.first.certificate).unwrap());
    let mut open = connect(server.port);

    files.put(&files.second.certificate, "tls.crt");
    files.put(&files.second.key, "tls.key");
    server.signal("-HUP");
    wait_until(&server, || {
        served(server.port) == own(&files.second.certificate)
    });
    assert_eq!(metric(&server), end(&files.second.certificate).unwrap());
    server.logs("the certificate was read again");
    assert_eq!(get_keys(&mut open), "HTTP/1.1 200 OK");
    assert_eq!(get_keys(&mut connect(server.port)), "HTTP/1.1 200 OK");
}

/// A changed certificate is in service within 20 seconds, also where a link is changed, as
/// orchestrators do with their secrets.
#[test]
fn changed_files_are_read_within_20_seconds() {
    let files = Files::new();
    let at = |name: &str| files.folder.path().join(name);
    symlink(at("first"), at("current")).unwrap();
    for (name, target) in [("tls.crt", "server.pem"), ("tls.key", "server.key")] {
        fs::remove_file(at(name)).unwrap();
        symlink(at("current").join(target), at(name)).unwrap();
    }
    let server = files.start();
    assert_eq!(served(server.port), own(&files.first.certificate));

    symlink(at("second"), at("next")).unwrap();
    fs::rename(at("next"), at("current")).unwrap();
    let took = wait_until(&server, || {
        served(server.port) == own(&files.second.certificate)
    });
    assert!(took < Duration::from_secs(20), "{took:?}");
}

/// A pair that cannot be used is reported and leaves the former one in service; the repaired pair
/// needs no signal.
#[test]
fn unusable_pair_keeps_the_former() {
    let files = Files::new();
    let server = files.start();
    let kept = |sentence: &str| {
        wait_until(&server, || {
            server.log().lines().any(|line| {
                line.contains("\"WARN\"")
                    && line.contains("the former one stays in use")
                    && line.contains(sentence)
            })
        });
        assert_eq!(served(server.port), own(&files.first.certificate));
        assert_eq!(metric(&server), end(&files.first.certificate).unwrap());
    };
    files.put(&files.second.certificate, "tls.crt");
    server.signal("-HUP");
    kept("does not belong to the first certificate in");
    fs::write(files.folder.path().join("tls.crt"), "nonsense").unwrap();
    server.signal("-HUP");
    kept("tls.crt holds no certificate in PEM");
    fs::remove_file(files.folder.path().join("tls.crt")).unwrap();
    kept("tls.crt does not exist"); // noticed without a signal

    files.put(&files.second.key, "tls.key");
    files.put(&files.second.certificate, "tls.crt");
    wait_until(&server, || {
        served(server.port) == own(&files.second.certificate)
    });
}

/// SIGHUP ends no service in any TLS mode.
#[test]
fn sighup_never_ends_the_service() {
    let files = Files::new();
    for (mut server, sentence) in [
        (Setup::new().start(), "there is nothing to read again"),
        (
            Setup::new().with("FRONTDESK_TLS", "self-signed").start(),
            "the certificate was read again",
        ),
        (files.start(), "the certificate was read again"),
    ] {
        for signals in 1..=3 {
            server.signal("-HUP");
            wait_until(&server, || {
                server.log().matches(sentence).count() >= signals
            });
        }
        assert_eq!(server.managed("/readyz").status(), 200);
        server.signal("-TERM");
        assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    }
}

/// SIGHUP makes the missing certificate of development mode anew, by the authority that clients
/// already trust.
#[test]
fn sighup_restores_a_self_signed_pair() {
    let server = Setup::new().with("FRONTDESK_TLS", "self-signed").start();
    let at = |name: &str| server.folder.path().join("frontdesk-data").join(name);
    let (authority, before) = (fs::read(at("ca.pem")).unwrap(), served(server.port));
    assert_eq!(before, own(&at("server.pem")));
    fs::remove_file(at("server.pem")).unwrap();
    server.signal("-HUP");
    wait_until(&server, || served(server.port) != before);
    assert_eq!(served(server.port), own(&at("server.pem")));
    assert_eq!(fs::read(at("ca.pem")).unwrap(), authority);
}

/// SIGHUP before the service is ready does not end its start.
#[test]
fn sighup_does_not_end_the_start() {
    const SIGHUP: u64 = 1;
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("frontdesk-data");
    fs::create_dir(&data).unwrap();
    let held = File::open(&data).unwrap();
    held.lock().unwrap();
    let mut child = Setup::new()
        .with("FRONTDESK_TLS", "self-signed")
        .with("FRONTDESK_LISTEN", "localhost:0")
        .with("FRONTDESK_MANAGEMENT_LISTEN", "127.0.0.1:0")
        .command(folder.path(), &["serve"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let begun = Instant::now();
    let caught = || {
        let status = fs::read_to_string(&status).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        u64::from_str_radix(mask.unwrap().trim(), 16).unwrap() & (1 << (SIGHUP - 1)) != 0
    };
    while !caught() {
        assert!(begun.elapsed() < PATIENCE, "SIGHUP is never caught");
        std::thread::yield_now();
    }
    let killed = std::process::Command::new("kill")
        .args(["-HUP", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    held.unlock().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(
        lines.any(|line| line.unwrap().contains("serving")),
        "the service ended: {:?}",
        child.wait()
    );
    child.kill().unwrap();
    child.wait().unwrap();
}
