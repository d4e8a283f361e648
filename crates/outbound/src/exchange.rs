//! A request and its response, to addresses that were checked before.

use std::io::{self, Read};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use openssl::ssl::SslConnector;
use ureq::Body;
use ureq::config::Config;
use ureq::http::header::{AGE, CACHE_CONTROL, CONTENT_TYPE, VARY};
use ureq::http::{HeaderMap, HeaderName, Response, Uri};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::agent::{AgentOptions, agent};
use crate::fetch_error::{FetchError, FetchErrorReason};
use crate::freshness::lifetime;
use crate::target::FetchTarget;
use crate::tls::{TlsConnector, TlsHandshakeError};
use crate::validators::Validators;

/// The maximum length of the head of a response, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// A document and the time for which it may be cached.
pub(crate) struct FetchResponse {
    pub(crate) body: Vec<u8>,
    pub(crate) lifetime: Duration,
}

/// A request to addresses that were checked before.
pub(crate) struct Exchange<'a> {
    pub(crate) target: &'a FetchTarget,
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) trust: &'a SslConnector,
    /// The time limit of the connection and its handshake.
    pub(crate) connect: Duration,
    pub(crate) deadline: Instant,
    pub(crate) accept: &'static str,
    /// The validators that make the request conditional.
    pub(crate) known: Option<&'a Validators>,
}

impl Exchange<'_> {
    /// Sends the request over a new connection, without following redirects and without credentials, and reads the head of the
    /// response.
    pub(crate) fn send(self) -> Result<Response<Body>, FetchError> {
        let begun = Instant::now();
        let left = self.deadline.saturating_duration_since(begun);
        let connect = self.connect.min(left);
        let options = AgentOptions {
            timeout: left,
            connect_timeout: Some(connect),
            max_head_bytes: Some(MAX_HEAD_BYTES),
            user_agent: Some("Frontdesk"),
            accept: Some(self.accept),
        };
        let tls = TlsConnector {
            trust: self.trust.clone(),
            host: self.target.host(),
            deadline: begun.checked_add(connect).unwrap_or(begun),
        };
        let mut request = agent(&options, Some(tls), PinnedResolver(self.addresses))
            .get(self.target.url())
            .header("Connection", "close");
        if let Some(known) = self.known {
            request = known.add_to(request);
        }
        request
            .call()
            .map_err(|error| failure(&error, self.deadline))
    }
}

/// Reads a body of `limit` bytes at most.
pub(crate) fn read_body(
    response: &mut Response<Body>,
    limit: usize,
    deadline: Instant,
) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    let reader = response.body_mut().as_reader();
    reader
        .take(most.saturating_add(1))
        .read_to_end(&mut body)
        .map_err(|error| failure(&error.into(), deadline))?;
    if body.len() > limit {
        return Err(FetchErrorReason::Length.into());
    }
    Ok(body)
}

/// Fetches a document of exactly `application/json`.
pub(crate) fn fetch(
    exchange: Exchange<'_>,
    body_bytes: usize,
) -> Result<FetchResponse, FetchError> {
    let deadline = exchange.deadline;
    let mut response = exchange.send()?;
    if response.status() != 200 {
        return Err(FetchErrorReason::Status.into());
    }
    if !is_json(response.headers()) {
        return Err(FetchErrorReason::ContentType.into());
    }
    let lifetime = cache_lifetime(response.headers());
    let body = read_body(&mut response, body_bytes, deadline)?;
    Ok(FetchResponse { body, lifetime })
}

/// Resolves every name to the addresses that were checked, so that a second DNS answer cannot replace the first.
#[derive(Debug)]
struct PinnedResolver(Vec<SocketAddr>);

impl Resolver for PinnedResolver {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        // The list holds 16 addresses at most; one more would panic.
        for address in self.0.iter().take(16) {
            addresses.push(*address);
        }
        Ok(addresses)
    }
}

pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let mut types = lines(headers, &CONTENT_TYPE);
    let media_type = types
        .next()
        .and_then(|line| line.split(';').next())
        .map_or("", str::trim);
    media_type.eq_ignore_ascii_case("application/json") && types.next().is_none()
}

fn cache_lifetime(headers: &HeaderMap) -> Duration {
    let varies = lines(headers, &VARY).any(|line| line.contains('*'));
    lifetime(
        lines(headers, &CACHE_CONTROL),
        lines(headers, &AGE).next(),
        varies,
    )
}

/// The lines of a field; a line that is not text becomes `?`, which no caller recognises.
pub(crate) fn lines<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .map(|value| value.to_str().unwrap_or("?"))
}

fn failure(error: &ureq::Error, deadline: Instant) -> FetchError {
    let reason = if Instant::now() >= deadline {
        FetchErrorReason::Slow
    } else {
        reason(error)
    };
    reason.into()
}

fn reason(error: &ureq::Error) -> FetchErrorReason {
    match error {
        ureq::Error::Timeout(_) => FetchErrorReason::Slow,
        ureq::Error::Other(inner) if inner.is::<TlsHandshakeError>() => FetchErrorReason::Tls,
        ureq::Error::Io(inner) if inner.kind() == io::ErrorKind::TimedOut => FetchErrorReason::Slow,
        ureq::Error::Io(_) | ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => {
            FetchErrorReason::Connection
        }
        _ => FetchErrorReason::Http,
    }
}
