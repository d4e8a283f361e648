//! Asks for a JSON document at an address of the operator's, who may name private addresses.
//!
//! The request is conditional, and the answer bounded in time and size. Redirects are not followed. Unlike the errors about
//! addresses that strangers chose, those here tell the reason.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use openssl::ssl::SslConnector;
use ureq::unversioned::resolver::DefaultResolver;
use url::Url;

use crate::agent::{AgentOptions, agent};
use crate::exchange::is_json;
use crate::fetcher::parse_authorities;
use crate::settings::FetchSettingsError;
use crate::tls::{TlsConnector, connector_builder};
use crate::validators::Validators;

/// The time limit of a request and its answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum length of the head of an answer, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// The maximum length of a document, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// The place of a document.
#[derive(Clone)]
pub struct DocumentSource {
    url: Url,
    trust: Option<SslConnector>,
}

/// The answer of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentAnswer {
    /// The document is the one with the given validators.
    NotModified,
    /// The document, with its own validators.
    Document(Vec<u8>, Validators),
}

/// The reason why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// There was no answer.
    #[error("the server does not answer: {0}")]
    Unreachable(String),
    /// The answer did not end in time.
    #[error("the server does not answer within 10 seconds")]
    Slow,
    /// The status is neither 200 nor 304.
    #[error("the server answers {0}")]
    Status(u16),
    /// The answer has another media type.
    #[error("the answer is not application/json")]
    ContentType,
    /// The answer is too long.
    #[error("the answer is longer than 64 KiB")]
    Length,
}

/// Returns the TLS settings for authorization servers: the system's authorities are trusted, and those of `ca`, in PEM.
///
/// # Errors
/// The authorities cannot be used.
pub fn server_trust(ca: Option<&[u8]>) -> Result<SslConnector, FetchSettingsError> {
    let authorities = ca.map(parse_authorities).transpose()?.unwrap_or_default();
    let builder = connector_builder(authorities).map_err(FetchSettingsError::Certificate)?;
    Ok(builder.build())
}

impl DocumentSource {
    /// Makes a source that trusts the system's authorities and those of `ca`, in PEM.
    ///
    /// # Errors
    /// The authorities cannot be used.
    pub fn new(url: Url, ca: Option<&[u8]>) -> Result<Self, FetchSettingsError> {
        let trust = server_trust(ca)?;
        let trust = (url.scheme() == "https").then_some(trust);
        Ok(Self { url, trust })
    }

    /// Returns the address of the document.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Asks for the document, unless it is the one with these validators. Blocks for at most 10 seconds.
    ///
    /// # Errors
    /// There is no document.
    pub fn ask(&self, known: &Validators) -> Result<DocumentAnswer, DocumentError> {
        let begun = Instant::now();
        let deadline = begun.checked_add(TIMEOUT).unwrap_or(begun);
        let options = AgentOptions {
            timeout: TIMEOUT,
            max_head_bytes: Some(MAX_HEAD_BYTES),
            user_agent: Some("Frontdesk"),
            accept: Some("application/json"),
            ..AgentOptions::default()
        };
        let tls = self.trust.clone().map(|trust| TlsConnector {
            trust,
            host: host(&self.url),
            deadline,
        });
        let request = agent(&options, tls, DefaultResolver::default())
            .get(self.url.as_str())
            .header("Connection", "close");
        let mut response = known
            .add_to(request)
            .call()
            .map_err(|error| describe(&error))?;
        let is_conditional = !known.is_empty();
        match response.status().as_u16() {
            200 => {}
            304 if is_conditional => return Ok(DocumentAnswer::NotModified),
            status => return Err(DocumentError::Status(status)),
        }
        if !is_json(response.headers()) {
            return Err(DocumentError::ContentType);
        }
        let validators = Validators::read(response.headers());
        let body = read(response.body_mut().as_reader())?;
        Ok(DocumentAnswer::Document(body, validators))
    }
}

/// Reads a body within the limit.
fn read(reader: impl Read) -> Result<Vec<u8>, DocumentError> {
    let mut body = Vec::new();
    reader
        .take(MAX_BYTES.saturating_add(1))
        .read_to_end(&mut body)
        .map_err(|error| describe(&error.into()))?;
    match u64::try_from(body.len()) {
        Ok(0..=MAX_BYTES) => Ok(body),
        _ => Err(DocumentError::Length),
    }
}

/// Returns the host of an address as certificates name it.
fn host(url: &Url) -> String {
    url.host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_owned()
}

fn describe(error: &ureq::Error) -> DocumentError {
    match error {
        ureq::Error::Timeout(_) => DocumentError::Slow,
        ureq::Error::Io(inner) if inner.kind() == io::ErrorKind::TimedOut => DocumentError::Slow,
        ureq::Error::Io(inner) => DocumentError::Unreachable(inner.to_string()),
        ureq::Error::Other(inner) => DocumentError::Unreachable(inner.to_string()),
        other => DocumentError::Unreachable(other.to_string()),
    }
}
