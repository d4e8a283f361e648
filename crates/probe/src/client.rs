//! An HTTP request and its response, over a new connection, without redirects or a proxy, limited in time and length.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use openssl::ssl::SslConnector;
use outbound::agent::{AgentOptions, agent};
use outbound::tls::{TlsConnector, TlsHandshakeError};
use protocol::{Object, Secret};
use serde_json::Value;
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use ureq::http::{self, HeaderMap, HeaderName, Method};
use ureq::{Agent, Body};
use url::Url;

use crate::resolver::{HostResolver, ResolveOverride};
use crate::trusted_authorities::tls_connector;

/// The time limit of a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum length of a response body, in bytes.
const MAX_BODY_BYTES: u64 = 1024 * 1024;

/// The value of an `Authorization` header.
#[derive(Debug, Clone)]
pub(crate) struct Authorization {
    header: Secret,
    /// The parts that must be masked in output.
    pub(crate) secrets: Vec<Secret>,
}

impl Authorization {
    /// Returns `Bearer` credentials. RFC 6750 §2.1.
    pub(crate) fn bearer(token: &Secret) -> Self {
        Self {
            header: Secret::new(format!("Bearer {}", token.reveal())),
            secrets: vec![token.clone()],
        }
    }

    /// Returns `Basic` credentials. RFC 7617 §2.
    pub(crate) fn basic(name: &str, password: &Secret) -> Self {
        let pair =
            openssl::base64::encode_block(format!("{name}:{}", password.reveal()).as_bytes());
        Self {
            header: Secret::new(format!("Basic {pair}")),
            secrets: vec![password.clone(), Secret::new(pair)],
        }
    }
}

/// Credentials that a registration endpoint may require.
#[derive(Debug, Clone)]
pub enum TryCredentials {
    /// An initial access token, sent as `Bearer`. RFC 7591 §3.
    Token(Secret),
    /// An account, sent as `Basic`. RFC 7617.
    Account { name: String, password: Secret },
}

impl From<&TryCredentials> for Authorization {
    fn from(credentials: &TryCredentials) -> Self {
        match credentials {
            TryCredentials::Token(token) => Self::bearer(token),
            TryCredentials::Account { name, password } => Self::basic(name, password),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct ProbeRequest {
    pub(crate) method: Method,
    pub(crate) url: Url,
    authorization: Option<Authorization>,
    headers: Vec<(HeaderName, String)>,
    body: Option<String>,
}

impl ProbeRequest {
    pub(crate) fn new(method: Method, url: &Url) -> Self {
        Self {
            method,
            url: url.clone(),
            authorization: None,
            headers: Vec::new(),
            body: None,
        }
    }

    pub(crate) fn get(url: &Url) -> Self {
        Self::new(Method::GET, url)
    }

    pub(crate) fn with_authorization(self, authorization: Option<Authorization>) -> Self {
        Self {
            authorization,
            ..self
        }
    }

    pub(crate) fn with_object(self, body: Object) -> Self {
        self.with_json(Value::Object(body).to_string())
    }

    /// Sets a body that is sent as `application/json`, without checking that it is JSON.
    pub(crate) fn with_json(self, body: String) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    /// Returns true for the methods that change or delete a client.
    pub(crate) fn is_modifying(&self) -> bool {
        self.method == Method::PUT || self.method == Method::DELETE
    }

    /// The length of the body, in bytes.
    pub(crate) fn body_length(&self) -> usize {
        self.body.as_ref().map_or(0, String::len)
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

#[derive(Debug, Clone)]
pub(crate) struct ProbeResponse {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl ProbeResponse {
    /// The body, if it is a JSON object.
    pub(crate) fn object(&self) -> Option<Object> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Some(object),
            _ => None,
        }
    }

    /// The values of a header; a value that is not text is returned as an empty string.
    pub(crate) fn values(&self, name: &HeaderName) -> Vec<&str> {
        self.headers
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap_or_default())
            .collect()
    }
}

/// Sends requests; trusts the authorities of the system and, if given, those of a file.
pub(crate) struct ProbeClient {
    trust: SslConnector,
    ca: Option<PathBuf>,
    resolve: Vec<ResolveOverride>,
    timeout: Duration,
}

impl ProbeClient {
    /// Trusts the authorities of the system and those in the PEM file `ca`. The error is the rest of a sentence.
    pub(crate) fn new(ca: Option<&Path>) -> anyhow::Result<Self> {
        Ok(Self {
            trust: tls_connector(ca)?,
            ca: ca.map(Path::to_owned),
            resolve: Vec::new(),
            timeout: REQUEST_TIMEOUT,
        })
    }

    /// Overrides the addresses of some hosts.
    pub(crate) fn with_overrides(self, resolve: Vec<ResolveOverride>) -> Self {
        Self { resolve, ..self }
    }

    /// Sends a request and reads its response. The error is the rest of a sentence that gives the reason.
    pub(crate) fn send(&self, request: &ProbeRequest) -> anyhow::Result<ProbeResponse> {
        let deadline = Instant::now() + self.timeout;
        self.exchange(request, deadline)
            .map_err(|error| anyhow!(self.describe_error(&request.url, &error, deadline)))
    }

    fn exchange(
        &self,
        request: &ProbeRequest,
        deadline: Instant,
    ) -> Result<ProbeResponse, ureq::Error> {
        let mut asked = http::Request::builder()
            .method(&request.method)
            .uri(request.url.as_str())
            .header("Connection", "close");
        if let Some(authorization) = &request.authorization {
            asked = asked.header(AUTHORIZATION, authorization.header.reveal());
        }
        for (name, value) in &request.headers {
            asked = asked.header(name, value);
        }
        let agent = self.agent(&request.url, deadline);
        let answer = match &request.body {
            None => agent.run(asked.body(())?)?,
            Some(body) => agent.run(
                asked
                    .header(CONTENT_TYPE, "application/json")
                    .body(body.as_str())?,
            )?,
        };
        let text = |name: HeaderName| {
            answer
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let (status, content_type, location) =
            (answer.status().as_u16(), text(CONTENT_TYPE), text(LOCATION));
        let headers = answer.headers().clone();
        Ok(ProbeResponse {
            status,
            content_type,
            location,
            headers,
            body: read(answer)?,
        })
    }

    fn agent(&self, url: &Url, deadline: Instant) -> Agent {
        let options = AgentOptions {
            timeout: deadline.saturating_duration_since(Instant::now()),
            user_agent: Some("frontdesk-try"),
            accept: Some("application/json"),
            ..AgentOptions::default()
        };
        let tls = (url.scheme() != "http").then(|| TlsConnector {
            trust: self.trust.clone(),
            host: url
                .host_str()
                .unwrap_or_default()
                .trim_matches(['[', ']'])
                .to_owned(),
            deadline,
        });
        agent(&options, tls, HostResolver::new(&self.resolve))
    }

    fn describe_error(&self, url: &Url, error: &ureq::Error, deadline: Instant) -> String {
        let host = url.host_str().unwrap_or_default();
        let place = url
            .port_or_known_default()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        if matches!(error, ureq::Error::Timeout(_)) || Instant::now() >= deadline {
            return format!(
                "{place} did not answer within {} seconds",
                self.timeout.as_secs()
            );
        }
        match error {
            ureq::Error::HostNotFound => {
                format!("the host {host} is unknown; is its name spelled right?")
            }
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                format!("nothing answers at {place}; is the server running?")
            }
            ureq::Error::Io(error) => format!("the connection to {place} failed ({error})"),
            ureq::Error::BodyExceedsLimit(most) => {
                format!("the answer of {place} is longer than {most} bytes")
            }
            ureq::Error::Other(inner) => match inner.downcast_ref::<TlsHandshakeError>() {
                Some(TlsHandshakeError::Certificate(verdict)) => self.describe_certificate_error(
                    &place,
                    verdict.error_string(),
                    verdict.as_raw(),
                ),
                _ => format!(
                    "the TLS handshake with {place} failed ({inner}); does it serve https on this port?"
                ),
            },
            ureq::Error::Http(_) => format!(
                "the request to {place} cannot be sent; do the credentials contain a character that no header may have?"
            ),
            other => format!("the answer of {place} is not valid HTTP ({other})"),
        }
    }

    fn describe_certificate_error(&self, place: &str, verdict: &str, code: i32) -> String {
        // OpenSSL's X509_V_ERR_* codes for dates and names: another authority would not help.
        if matches!(code, 9 | 10 | 62 | 64) {
            return format!("the certificate of {place} is refused ({verdict})");
        }
        match &self.ca {
            None => format!(
                "the certificate of {place} is not trusted ({verdict}); name the file of its certificate authority with --ca"
            ),
            Some(ca) => format!(
                "the certificate of {place} is trusted neither by the system nor by {} ({verdict}); is that the file of its certificate authority?",
                ca.display()
            ),
        }
    }
}

fn read(answer: http::Response<Body>) -> Result<Vec<u8>, ureq::Error> {
    let mut body = Vec::new();
    answer
        .into_body()
        .into_reader()
        .take(MAX_BODY_BYTES + 1)
        .read_to_end(&mut body)?;
    if u64::try_from(body.len()).is_ok_and(|length| length > MAX_BODY_BYTES) {
        return Err(ureq::Error::BodyExceedsLimit(MAX_BODY_BYTES));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn impatient() -> ProbeClient {
        ProbeClient {
            timeout: Duration::from_millis(50),
            ..ProbeClient::new(None).unwrap()
        }
    }

    /// A server that sends nothing is given up after the time limit.
    #[test]
    fn silent_server_times_out() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        for scheme in ["http", "https"] {
            let url = Url::parse(&format!("{scheme}://{place}/")).unwrap();
            let reason = impatient().send(&ProbeRequest::get(&url)).unwrap_err();
            assert_eq!(
                reason.to_string(),
                format!("{place} did not answer within 0 seconds")
            );
        }
    }

    /// An unknown host is reported as unknown.
    #[test]
    fn unknown_host_is_reported() {
        let http = ProbeClient::new(None).unwrap();
        let url = Url::parse("https://login.example.invalid/").unwrap();
        let reason = http.describe_error(
            &url,
            &ureq::Error::HostNotFound,
            Instant::now() + REQUEST_TIMEOUT,
        );
        assert_eq!(
            reason,
            "the host login.example.invalid is unknown; is its name spelled right?"
        );
    }

    #[test]
    fn credentials_are_not_printed() {
        let account = TryCredentials::Account {
            name: "admin".to_owned(),
            password: Secret::new("correct horse"),
        };
        let printed = format!("{account:?} {:?}", Authorization::from(&account));
        assert!(
            !printed.contains("horse") && !printed.contains("YWRtaW4"),
            "{printed}"
        );
    }
}
