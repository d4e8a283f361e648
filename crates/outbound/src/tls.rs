//! TLS with OpenSSL, as a connector of ureq.
//!
//! ureq's own TLS trusts either the system's authorities or a given list, and does not report the reason for which a certificate
//! is refused. OpenSSL does both.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::time::Instant;

use openssl::error::ErrorStack;
use openssl::ssl::{
    HandshakeError, SslConnector, SslConnectorBuilder, SslMethod, SslStream, SslVersion,
};
use openssl::x509::{X509, X509VerifyResult};
use ureq::unversioned::transport::time::Duration as Budget;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

/// Returns a connector for TLS 1.2 and later that trusts the system's authorities and those given.
///
/// # Errors
/// OpenSSL refuses an authority.
pub fn connector_builder(authorities: Vec<X509>) -> Result<SslConnectorBuilder, ErrorStack> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    for authority in authorities {
        builder.cert_store_mut().add_cert(authority)?;
    }
    Ok(builder)
}

/// Wraps a connection in TLS before a deadline, after the server proved its identity.
pub struct TlsConnector {
    pub trust: SslConnector,
    /// The host that the certificate must name.
    pub host: String,
    /// The time at which the handshake is given up.
    pub deadline: Instant,
}

impl<In: Transport> Connector<In> for TlsConnector {
    type Out = TlsTransport;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(bare) = chained else { return Ok(None) };
        let bare: Box<dyn Transport> = Box::new(bare);
        let mut adapter = TransportAdapter::new(bare, details.current_time.clone());
        let left = self.deadline.saturating_duration_since(Instant::now());
        adapter.set_timeout(NextTimeout {
            after: Budget::Exact(left),
            ..details.timeout
        });
        let stream = self.trust.connect(&self.host, adapter).map_err(|error| {
            ureq::Error::Other(Box::new(TlsHandshakeError::from_handshake(&error)))
        })?;
        let buffers = LazyBuffers::new(
            details.config.input_buffer_size(),
            details.config.output_buffer_size(),
        );
        Ok(Some(TlsTransport {
            buffers,
            stream,
            closed: None,
        }))
    }
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsConnector")
    }
}

/// A failed TLS handshake, as the inner error of [`ureq::Error::Other`].
#[derive(Debug, thiserror::Error)]
pub enum TlsHandshakeError {
    /// The certificate was refused.
    #[error("{0}")]
    Certificate(X509VerifyResult),
    /// Another failure of the handshake, in OpenSSL's words.
    #[error("{0}")]
    Handshake(&'static str),
}

impl TlsHandshakeError {
    fn from_handshake<S>(error: &HandshakeError<S>) -> Self {
        let stack = match error {
            HandshakeError::SetupFailure(stack) => Some(stack),
            HandshakeError::Failure(stream) | HandshakeError::WouldBlock(stream) => {
                let verdict = stream.ssl().verify_result();
                if verdict != X509VerifyResult::OK {
                    return Self::Certificate(verdict);
                }
                stream.error().ssl_error()
            }
        };
        let reason = stack.and_then(|stack| {
            stack
                .errors()
                .iter()
                .find_map(openssl::error::Error::reason)
        });
        Self::Handshake(reason.unwrap_or("the connection was closed"))
    }
}

/// A connection inside TLS.
pub struct TlsTransport {
    buffers: LazyBuffers,
    stream: SslStream<TransportAdapter>,
    /// The error of the last write, if the server closed the connection.
    closed: Option<io::Error>,
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        if self.closed.is_some() {
            return Ok(());
        }
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        match self.stream.write_all(output) {
            // A server that refuses a request before it was sent completely may close the connection after its response, which can
            // still be read. RFC 9112 §9.5.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::BrokenPipe
                        | ErrorKind::ConnectionReset
                        | ErrorKind::ConnectionAborted
                ) =>
            {
                self.closed = Some(error);
                Ok(())
            }
            outcome => Ok(outcome?),
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        let read = self.stream.read(self.buffers.input_append_buf());
        let amount = match self.closed.take() {
            Some(error) if !matches!(read, Ok(1..)) => return Err(error.into()),
            _ => read?,
        };
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        false // every request has a connection of its own
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsTransport")
    }
}
