//! One request and its answer, to addresses already found acceptable.

use std::io::{self, Read};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use openssl::ssl::SslConnector;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::header::{AGE, CACHE_CONTROL, CONTENT_TYPE, VARY};
use ureq::http::{HeaderMap, HeaderName, Uri};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Connector, NextTimeout, TcpConnector};

use crate::freshness::lifetime;
use crate::refused::{Reason, Refused};
use crate::settings::Limits;
use crate::target::Target;
use crate::tls::{NoTls, Tls};

/// How long the head of an answer may be, in bytes.
const HEAD: usize = 16 * 1024;

/// What came back: the document, and how long it may be kept.
pub(crate) struct Answer {
    pub(crate) body: Vec<u8>,
    pub(crate) lifetime: Duration,
}

/// Asks for the document once: on a connection of its own, following nothing, carrying nothing.
pub(crate) fn get(
    target: &Target,
    addresses: Vec<SocketAddr>,
    trust: &SslConnector,
    limits: &Limits,
    deadline: Instant,
) -> Result<Answer, Refused> {
    let begun = Instant::now();
    let left = deadline.saturating_duration_since(begun);
    let connect = limits.connect.min(left);
    let config = Agent::config_builder()
        .https_only(true)
        .proxy(None) // the default would take one from the environment, and with it another destination
        .max_redirects(0)
        .http_status_as_error(false)
        .max_idle_connections(0)
        .max_response_header_size(HEAD)
        .timeout_global(Some(left))
        .timeout_connect(Some(connect))
        .user_agent("Frontdesk")
        .accept("application/json")
        .accept_encoding("identity")
        .build();
    let tls = Tls {
        trust: trust.clone(),
        host: target.host(),
        deadline: begun.checked_add(connect).unwrap_or(begun),
    };
    let agent = Agent::with_parts(
        config,
        ().chain(TcpConnector::default()).chain(tls),
        Pinned(addresses),
    );
    let fault = |fault: &ureq::Error| {
        Refused(if Instant::now() >= deadline {
            Reason::Slow
        } else {
            reason(fault)
        })
    };

    let mut response = agent
        .get(target.url())
        .header("Connection", "close")
        .call()
        .map_err(|error| fault(&error))?;
    if response.status() != 200 {
        return Err(Reason::Status.into());
    }
    if !is_json(response.headers()) {
        return Err(Reason::ContentType.into());
    }
    let lifetime = lifetime_of(response.headers());
    let mut body = Vec::new();
    let most = u64::try_from(limits.body).unwrap_or(u64::MAX);
    let reader = response.body_mut().as_reader();
    reader
        .take(most.saturating_add(1))
        .read_to_end(&mut body)
        .map_err(|error| fault(&error.into()))?;
    if body.len() > limits.body {
        return Err(Reason::Length.into());
    }
    Ok(Answer { body, lifetime })
}

/// Resolves every name to the addresses that were checked, so that no second answer can replace the first.
#[derive(Debug)]
struct Pinned(Vec<SocketAddr>);

impl Resolver for Pinned {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        // A list longer than this panics.
        for address in self.0.iter().take(16) {
            addresses.push(*address);
        }
        Ok(addresses)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut types = lines(headers, &CONTENT_TYPE);
    let essence = types
        .next()
        .and_then(|line| line.split(';').next())
        .map_or("", str::trim);
    essence.eq_ignore_ascii_case("application/json") && types.next().is_none()
}

fn lifetime_of(headers: &HeaderMap) -> Duration {
    let varies = lines(headers, &VARY).any(|line| line.contains('*'));
    lifetime(
        lines(headers, &CACHE_CONTROL),
        lines(headers, &AGE).next(),
        varies,
    )
}

/// Every line of a field; one that is not text is taken for a word we do not know.
fn lines<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .map(|value| value.to_str().unwrap_or("?"))
}

fn reason(fault: &ureq::Error) -> Reason {
    match fault {
        ureq::Error::Timeout(_) => Reason::Slow,
        ureq::Error::Other(inner) if inner.is::<NoTls>() => Reason::Tls,
        ureq::Error::Io(inner) if inner.kind() == io::ErrorKind::TimedOut => Reason::Slow,
        ureq::Error::Io(_) | ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => {
            Reason::Connection
        }
        _ => Reason::Http,
    }
}
