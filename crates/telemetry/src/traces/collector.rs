//! The HTTP client that sends spans to the collector. It opens a connection for each export, with a limit on the time and the
//! length of the response.

use std::fmt;
use std::future::{Future, ready};
use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use openssl::ssl::{SslConnector, SslOptions};
use openssl::x509::X509;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use outbound::agent::{AgentOptions, agent};
use outbound::tls::TlsConnector;
use ureq::Agent;
use ureq::unversioned::resolver::DefaultResolver;
use url::Url;

use super::span_counts::SpanCounts;

/// The time after which an export is given up.
pub(super) const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum length of a response, in bytes.
const RESPONSE_MAX_BYTES: u64 = 64 * 1024;

/// The client. It blocks, and is used by the export thread only.
pub(super) struct Collector {
    trust: SslConnector,
    host: String,
    /// The scheme, host and port of the collector, for log lines.
    origin: String,
    span_counts: Arc<SpanCounts>,
}

impl Collector {
    /// Creates a client for `endpoint`. With https the collector's certificate must be issued by one of the system's authorities or
    /// one of those in the PEM text.
    ///
    /// # Errors
    /// When the certificates cannot be used.
    pub(super) fn new(
        endpoint: &Url,
        authorities: Option<&[u8]>,
        span_counts: Arc<SpanCounts>,
    ) -> anyhow::Result<Self> {
        let context = "the certificate authorities cannot be used";
        let authorities = authorities
            .map_or_else(|| Ok(Vec::new()), X509::stack_from_pem)
            .context(context)?;
        let mut trust = outbound::tls::connector_builder(authorities).context(context)?;
        // Many servers close the connection without close_notify. Content-Length already tells where a response ends.
        trust.set_options(SslOptions::IGNORE_UNEXPECTED_EOF);
        let host = endpoint
            .host_str()
            .unwrap_or_default()
            .trim_matches(['[', ']'])
            .to_owned();
        Ok(Self {
            trust: trust.build(),
            host,
            origin: endpoint.origin().ascii_serialization(),
            span_counts,
        })
    }

    fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let deadline = Instant::now() + EXPORT_TIMEOUT;
        let response = self.send(request, deadline);
        let origin = &self.origin;
        match &response {
            Ok(response) if response.status().is_success() => {}
            Ok(response) => self.span_counts.set_failure_reason(format!(
                "the collector at {origin} answered {}",
                response.status().as_u16()
            )),
            Err(_) if Instant::now() >= deadline => {
                self.span_counts.set_failure_reason(format!(
                    "the collector at {origin} did not answer within {} seconds",
                    EXPORT_TIMEOUT.as_secs()
                ));
            }
            Err(error) => self.span_counts.set_failure_reason(format!(
                "the collector at {origin} cannot be reached: {}",
                without_error_kind(error)
            )),
        }
        Ok(response?)
    }

    fn send(
        &self,
        request: Request<Bytes>,
        deadline: Instant,
    ) -> Result<Response<Bytes>, ureq::Error> {
        let agent = self.agent(deadline, request.uri().scheme_str() == Some("https"));
        let (head, body) = agent.run(request.map(Vec::from))?.into_parts();
        let mut read = Vec::new();
        body.into_reader()
            .take(RESPONSE_MAX_BYTES)
            .read_to_end(&mut read)?;
        Ok(Response::from_parts(head, read.into()))
    }

    fn agent(&self, deadline: Instant, secure: bool) -> Agent {
        let options = AgentOptions {
            timeout: deadline.saturating_duration_since(Instant::now()),
            ..AgentOptions::default()
        };
        let tls = secure.then(|| TlsConnector {
            trust: self.trust.clone(),
            host: self.host.clone(),
            deadline,
        });
        agent(&options, tls, DefaultResolver::default())
    }
}

/// Returns the cause of an error, without the kind that ureq puts in front.
fn without_error_kind(error: &ureq::Error) -> &dyn fmt::Display {
    match error {
        ureq::Error::Io(error) => error,
        ureq::Error::Other(error) => error,
        error => error,
    }
}

impl HttpClient for Collector {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(ready(self.exchange(request)))
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Collector({})", self.origin)
    }
}
