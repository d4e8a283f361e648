//! A call to the API of an authorization server: a new connection, no redirects, limits in time and length.
//!
//! The address of the API is the operator's word, so private addresses are allowed here. An error says what happened and
//! contains neither a secret nor the address of the call, which may contain identifiers.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use openssl::ssl::SslConnector;
use outbound::agent::{AgentOptions, agent};
use outbound::tls::{TlsConnector, TlsHandshakeError};
use protocol::{Object, Secret};
use serde_json::Value;
use ureq::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LINK, RETRY_AFTER};
use ureq::http::{HeaderMap, HeaderName, Method, Request};
use ureq::unversioned::resolver::DefaultResolver;
use url::Url;

use crate::connector::ConnectorError;

/// The maximum length of a response body, in bytes: a page of copies.
const MAX_BODY_BYTES: u64 = 4 * 1024 * 1024;

/// The maximum length of a server's reason, in characters.
const MAX_REASON_CHARS: usize = 300;

/// The number of characters at the beginning of a reason that is too long. The rest is its end.
const REASON_BEGIN_CHARS: usize = 60;

/// The maximum wait that a server can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(5);

/// A call.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) authorization: Option<Secret>,
    pub(crate) body: Option<CallBody>,
}

/// The body of a call.
pub(crate) enum CallBody {
    Json(String),
    Form(String),
}

impl Call {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            authorization: None,
            body: None,
        }
    }

    pub(crate) fn bearer(mut self, token: Option<&Secret>) -> Self {
        self.authorization = token.map(|token| Secret::new(format!("Bearer {}", token.reveal())));
        self
    }

    pub(crate) fn json(mut self, members: &Object) -> Self {
        self.body = serde_json::to_string(members).ok().map(CallBody::Json);
        self
    }
}

/// The response to a call.
pub(crate) struct ApiResponse {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    headers: HeaderMap,
}

impl ApiResponse {
    /// Returns the body, if it is a JSON object.
    pub(crate) fn object(&self) -> Option<Object> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Some(object),
            _ => None,
        }
    }

    /// Returns the body, if it is a JSON array.
    pub(crate) fn array(&self) -> Option<Vec<Value>> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Array(array)) => Some(array),
            _ => None,
        }
    }

    /// Returns the address of the next page. RFC 8288 §3.
    pub(crate) fn next_page(&self, base: &Url) -> Option<Url> {
        self.lines(&LINK)
            .flat_map(|line| line.split(','))
            .find_map(|link| {
                let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
                let is_next = parameters
                    .split(';')
                    .any(|parameter| matches!(parameter.trim(), "rel=\"next\"" | "rel=next"));
                is_next.then(|| base.join(target).ok()).flatten()
            })
    }

    fn lines(&self, name: &HeaderName) -> impl Iterator<Item = &str> {
        self.headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
    }

    /// Returns the wait that the server asks for. RFC 9110 §10.2.3.
    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.lines(&RETRY_AFTER).next()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
    }

    /// Returns the server's reason for its refusal: short, in plain characters, without the secrets of the call.
    pub(crate) fn reason(&self, secrets: &[&Secret]) -> String {
        let named = self.object().and_then(|members| {
            ["error_description", "errorMessage", "error"]
                .iter()
                .find_map(|name| {
                    members
                        .get(*name)
                        .and_then(Value::as_str)
                        .map(str::to_owned)
                })
        });
        let mut reason = named.unwrap_or_default();
        for secret in secrets {
            if !secret.reveal().is_empty() {
                reason = reason.replace(secret.reveal(), "***");
            }
        }
        let reason = shortened(&reason.replace(char::is_control, " "));
        match reason.trim() {
            "" => format!("the authorization server answered {}", self.status),
            reason => format!(
                "the authorization server answered {}: {reason}",
                self.status
            ),
        }
    }

    /// Returns the error of a status that can pass.
    pub(crate) fn unavailable(&self, secrets: &[&Secret]) -> ConnectorError {
        ConnectorError::Unavailable {
            reason: self.reason(secrets),
            retry_after: self.retry_after(),
        }
    }
}

/// Returns the beginning and the end of a long reason: Hydra has four sentences about refusals in general before its reason.
fn shortened(reason: &str) -> String {
    let length = reason.chars().count();
    if length <= MAX_REASON_CHARS {
        return reason.to_owned();
    }
    let begin: String = reason.chars().take(REASON_BEGIN_CHARS).collect();
    let end = MAX_REASON_CHARS - REASON_BEGIN_CHARS - 1;
    let end: String = reason.chars().skip(length - end).collect();
    format!("{begin}…{end}")
}

/// The client of a server's API.
pub(crate) struct Api {
    trust: SslConnector,
}

impl Api {
    /// Makes a client that trusts the authorities of `trust`.
    pub(crate) fn new(trust: SslConnector) -> Self {
        Self { trust }
    }

    /// Makes a call and reads its response, of any status.
    ///
    /// # Errors
    /// There is no whole response before the deadline. The server may have done the work.
    pub(crate) fn send(
        &self,
        call: &Call,
        deadline: Instant,
    ) -> Result<ApiResponse, ConnectorError> {
        self.exchange(call, deadline)
            .map_err(|error| ConnectorError::unavailable(describe(&error)))
    }

    fn exchange(&self, call: &Call, deadline: Instant) -> Result<ApiResponse, ureq::Error> {
        let options = AgentOptions {
            timeout: deadline
                .saturating_duration_since(Instant::now())
                .max(Duration::from_millis(1)),
            user_agent: Some("Frontdesk"),
            ..AgentOptions::default()
        };
        let tls = (call.url.scheme() != "http").then(|| TlsConnector {
            trust: self.trust.clone(),
            host: call
                .url
                .host_str()
                .unwrap_or_default()
                .trim_matches(['[', ']'])
                .to_owned(),
            deadline,
        });
        let agent = agent(&options, tls, DefaultResolver::default());
        let mut request = Request::builder()
            .method(&call.method)
            .uri(call.url.as_str())
            .header(ACCEPT, "application/json")
            .header("Connection", "close");
        if let Some(authorization) = &call.authorization {
            request = request.header(AUTHORIZATION, authorization.reveal());
        }
        let (content_type, text) = match &call.body {
            None => (None, ""),
            Some(CallBody::Json(text)) => (Some("application/json"), text.as_str()),
            Some(CallBody::Form(text)) => {
                (Some("application/x-www-form-urlencoded"), text.as_str())
            }
        };
        let mut response = match content_type {
            None => agent.run(request.body(())?)?,
            Some(content_type) => {
                agent.run(request.header(CONTENT_TYPE, content_type).body(text)?)?
            }
        };
        let mut body = Vec::new();
        response
            .body_mut()
            .as_reader()
            .take(MAX_BODY_BYTES + 1)
            .read_to_end(&mut body)?;
        if u64::try_from(body.len()).is_ok_and(|length| length > MAX_BODY_BYTES) {
            return Err(ureq::Error::BodyExceedsLimit(MAX_BODY_BYTES));
        }
        Ok(ApiResponse {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body,
        })
    }
}

fn describe(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "the authorization server did not answer in time".to_owned(),
        ureq::Error::HostNotFound => "the host of the authorization server is unknown".to_owned(),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            "nothing answers at the address of the authorization server".to_owned()
        }
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
            "the authorization server did not answer in time".to_owned()
        }
        ureq::Error::Io(error) => {
            format!("the connection to the authorization server failed: {error}")
        }
        ureq::Error::BodyExceedsLimit(most) => {
            format!("the answer of the authorization server is longer than {most} bytes")
        }
        ureq::Error::Other(inner) => match inner.downcast_ref::<TlsHandshakeError>() {
            Some(error) => {
                format!("the TLS handshake with the authorization server failed: {error}")
            }
            None => "the call to the authorization server failed".to_owned(),
        },
        _ => "the answer of the authorization server is not valid HTTP".to_owned(),
    }
}

/// Adds a segment to the path of an address, percent-encoded.
pub(crate) fn below(base: &Url, segments: &[&str]) -> Option<Url> {
    let mut url = base.clone();
    url.path_segments_mut()
        .ok()?
        .pop_if_empty()
        .extend(segments);
    Some(url)
}

/// Returns bytes as hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
