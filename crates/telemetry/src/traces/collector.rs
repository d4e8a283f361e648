//! The connection to the collector: one for each export, with a limit on time and length.

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
use outbound::tls::TlsConnector;
use ureq::Agent;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector, TcpConnector};
use url::Url;

use super::ledger::Ledger;

/// How long one attempt to send spans may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How long an answer may be, in bytes.
const ANSWER_MAX: u64 = 64 * 1024;

/// What sends to the collector. It blocks, and is asked on a thread of its own.
pub(super) struct Collector {
    trust: SslConnector,
    host: String,
    /// The address as the log names it.
    place: String,
    ledger: Arc<Ledger>,
}

impl Collector {
    /// The one at `endpoint`; with https it must prove who it is to the system's authorities or those in the PEM text.
    ///
    /// # Errors
    /// When the certificates cannot be used.
    pub(super) fn new(
        endpoint: &Url,
        authorities: Option<&[u8]>,
        ledger: Arc<Ledger>,
    ) -> anyhow::Result<Self> {
        let unusable = "the certificate authorities cannot be used";
        let authorities = authorities
            .map_or_else(|| Ok(Vec::new()), X509::stack_from_pem)
            .context(unusable)?;
        let mut trust = outbound::tls::connector_builder(authorities).context(unusable)?;
        // Servers that hang up without a goodbye are common, and a length says where an answer ends.
        trust.set_options(SslOptions::IGNORE_UNEXPECTED_EOF);
        let host = endpoint
            .host_str()
            .unwrap_or_default()
            .trim_matches(['[', ']'])
            .to_owned();
        Ok(Self {
            trust: trust.build(),
            host,
            place: endpoint.origin().ascii_serialization(),
            ledger,
        })
    }

    fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let deadline = Instant::now() + PATIENCE;
        let answer = self.answer(request, deadline);
        let place = &self.place;
        match &answer {
            Ok(answer) if answer.status().is_success() => {}
            Ok(answer) => self.ledger.because(format!(
                "the collector at {place} answered {}",
                answer.status().as_u16()
            )),
            Err(_) if Instant::now() >= deadline => {
                self.ledger.because(format!(
                    "the collector at {place} did not answer within {} seconds",
                    PATIENCE.as_secs()
                ));
            }
            Err(error) => self.ledger.because(format!(
                "the collector at {place} cannot be reached: {}",
                bare(error)
            )),
        }
        Ok(answer?)
    }

    fn answer(
        &self,
        request: Request<Bytes>,
        deadline: Instant,
    ) -> Result<Response<Bytes>, ureq::Error> {
        let agent = self.agent(deadline, request.uri().scheme_str() == Some("https"));
        let (head, body) = agent.run(request.map(Vec::from))?.into_parts();
        let mut read = Vec::new();
        body.into_reader().take(ANSWER_MAX).read_to_end(&mut read)?;
        Ok(Response::from_parts(head, read.into()))
    }

    fn agent(&self, deadline: Instant, secure: bool) -> Agent {
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .max_idle_connections(0)
            .timeout_global(Some(deadline.saturating_duration_since(Instant::now())))
            .accept_encoding("identity")
            .build();
        let tcp = ().chain(TcpConnector::default());
        if secure {
            let tls = TlsConnector {
                trust: self.trust.clone(),
                host: self.host.clone(),
                deadline,
            };
            return Agent::with_parts(config, tcp.chain(tls), DefaultResolver::default());
        }
        Agent::with_parts(config, tcp, DefaultResolver::default())
    }
}

/// What happened, without the library's word for its kind.
fn bare(error: &ureq::Error) -> &dyn fmt::Display {
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
        write!(f, "Collector({})", self.place)
    }
}
