//! The certificate and key in service, which are replaced while the service runs.
//!
//! OpenSSL asks for the pair at the beginning of every handshake, so a new one needs no new listener and ends no connection.
//! The files are read again at SIGHUP, and their content is compared every few seconds, since the programs that renew
//! certificates replace files and links and seldom send signals. A pair that cannot be used leaves the former one in
//! service. The two files are never written at the same moment: a certificate without its key is reported once, and is
//! accepted as soon as the key is there too.

use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::signal::unix::{Signal, SignalKind, signal};
use openssl::hash::MessageDigest;
use openssl::ssl::{ClientHelloResponse, SslAcceptor, SslContext};
use protocol::{Clock, Timestamp};
use tokio::sync::watch;

use super::acceptor::{acceptor, concern, end};
use super::development::development_certificates;
use super::error::TlsError;

/// The interval at which the files are compared with those in service.
const RELOAD_INTERVAL: Duration = Duration::from_secs(5);

/// The files that a certificate and its key come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// Files of the operator.
    Files {
        /// The chain in PEM.
        certificate: PathBuf,
        /// The private key in PEM.
        key: PathBuf,
    },
    /// Files of development mode in the data folder, made at the start and at SIGHUP if they are missing or about to expire.
    SelfSigned {
        /// The data folder.
        data: PathBuf,
        /// The names that the certificate is for.
        names: Vec<String>,
    },
}

/// The certificate in service. Clones share it.
#[derive(Clone)]
pub struct ServedCertificate(Arc<Inner>);

struct Inner {
    source: CertificateSource,
    pair: watch::Sender<ServedPair>,
}

/// A certificate with its key, ready for handshakes.
struct ServedPair {
    context: SslContext,
    end: Timestamp,
    /// The files' content when they were last read, usable or not.
    read: FileDigest,
}

/// The SHA-256 digests of the certificate's and of the key's file; nothing for a file that cannot be read.
type FileDigest = [Option<Vec<u8>>; 2];

impl ServedCertificate {
    /// Reads the pair.
    ///
    /// # Errors
    /// A sentence naming the file that cannot be used, or made.
    pub fn open(source: CertificateSource, now: Timestamp) -> Result<Self, TlsError> {
        let files = source.files(now)?;
        let (pair, _) = watch::channel(ServedPair::load(&files, digest(&files), now)?);
        Ok(Self(Arc::new(Inner { source, pair })))
    }

    /// Returns TLS settings of a listener, whose handshakes use the pair in service at that time.
    ///
    /// # Errors
    /// As [`ServedCertificate::open`].
    pub fn acceptor(&self, now: Timestamp) -> Result<SslAcceptor, TlsError> {
        let (certificate, key) = self.0.source.files(now)?;
        let mut builder = acceptor(&certificate, &key)?;
        let inner = Arc::clone(&self.0);
        builder.set_client_hello_callback(move |ssl, _| {
            ssl.set_ssl_context(&inner.pair.borrow().context)?;
            Ok(ClientHelloResponse::SUCCESS)
        });
        Ok(builder.build())
    }

    /// Returns the end of the certificate in service. RFC 5280 §4.1.2.5.
    pub fn end(&self) -> Timestamp {
        self.0.pair.borrow().end
    }

    /// Reads the files again.
    ///
    /// # Errors
    /// A sentence naming the file that cannot be used. The former pair stays in service.
    pub fn reload(&self, now: Timestamp) -> Result<(), TlsError> {
        self.replace(&self.0.source.files(now)?, now)
    }

    /// Reads the files again if they changed since they were last read. Returns true if there is a new pair in service.
    ///
    /// # Errors
    /// As [`ServedCertificate::reload`], once for each change.
    pub fn reload_if_changed(&self, now: Timestamp) -> Result<bool, TlsError> {
        let files = self.0.source.places();
        if digest(&files) == self.0.pair.borrow().read {
            return Ok(false);
        }
        self.replace(&files, now).map(|()| true)
    }

    fn replace(&self, files: &(PathBuf, PathBuf), now: Timestamp) -> Result<(), TlsError> {
        // Before the files are used: a change that comes between is noticed at the next comparison.
        let read = digest(files);
        self.0.pair.send_modify(|pair| pair.read.clone_from(&read));
        let pair = ServedPair::load(files, read, now)?;
        self.0.pair.send_replace(pair);
        Ok(())
    }
}

impl CertificateSource {
    /// Returns the paths of the certificate and of its key.
    fn places(&self) -> (PathBuf, PathBuf) {
        match self {
            Self::Files { certificate, key } => (certificate.clone(), key.clone()),
            Self::SelfSigned { data, .. } => (data.join("server.pem"), data.join("server.key")),
        }
    }

    /// Returns the same paths, after files of development mode were made where they are missing or due.
    fn files(&self, now: Timestamp) -> Result<(PathBuf, PathBuf), TlsError> {
        if let Self::SelfSigned { data, names } = self {
            development_certificates(data, names, now)?;
        }
        Ok(self.places())
    }
}

impl ServedPair {
    fn load(
        (certificate, key): &(PathBuf, PathBuf),
        read: FileDigest,
        now: Timestamp,
    ) -> Result<Self, TlsError> {
        let context = acceptor(certificate, key)?.build().into_context();
        if let Some(concern) = concern(certificate, now)? {
            tracing::warn!("{concern}");
        }
        Ok(Self {
            context,
            end: end(certificate)?,
            read,
        })
    }
}

fn digest((certificate, key): &(PathBuf, PathBuf)) -> FileDigest {
    let of = |path: &Path| {
        let content = std::fs::read(path).ok()?;
        let digest = openssl::hash::hash(MessageDigest::sha256(), &content).ok()?;
        Some(digest.to_vec())
    };
    [of(certificate), of(key)]
}

/// The SIGHUPs of the process. As long as the process lives, none of them ends it.
pub struct Hangups(Signal);

impl Hangups {
    /// Listens for the signal from now on.
    ///
    /// # Errors
    /// The system refuses the handler.
    pub fn listen() -> io::Result<Self> {
        signal(SignalKind::hangup()).map(Self)
    }

    /// Reads the certificate again at each signal and when its files change, until the runtime ends.
    pub async fn reload(mut self, certificate: Option<ServedCertificate>, clock: Clock) {
        let mut interval = rt::time::interval(RELOAD_INTERVAL);
        loop {
            let is_asked = poll_fn(|context| match self.0.poll_recv(context) {
                Poll::Ready(Some(())) => Poll::Ready(true),
                _ => interval.poll_tick(context).map(|_| false),
            })
            .await;
            match certificate.clone() {
                Some(certificate) => {
                    let now = clock.now();
                    let work = move || reload(&certificate, is_asked, now);
                    // A file system that hangs keeps its thread and no other.
                    if rt::task::spawn_blocking(work).await.is_err() {
                        tracing::warn!("the certificate was not read again");
                    }
                }
                None if is_asked => {
                    tracing::info!("SIGHUP: without a certificate there is nothing to read again");
                }
                None => {}
            }
        }
    }
}

/// Reads the certificate again, if its files changed or if that is asked for, and logs the result.
fn reload(certificate: &ServedCertificate, is_asked: bool, now: Timestamp) {
    let outcome = if is_asked {
        certificate.reload(now).map(|()| true)
    } else {
        certificate.reload_if_changed(now)
    };
    match outcome {
        Ok(true) => tracing::info!(
            until = certificate.end().seconds(),
            "the certificate was read again"
        ),
        Ok(false) => {}
        Err(error) => {
            tracing::warn!(
                "the certificate was not replaced, and the former one stays in use: {error}"
            );
        }
    }
}
