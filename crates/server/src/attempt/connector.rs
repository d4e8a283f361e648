//! TLS by OpenSSL under the HTTP client, for two things the client's own TLS cannot do: trust a file of authorities
//! besides the system's, and say why a certificate was refused.

use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::time::Instant;

use openssl::ssl::{HandshakeError, SslConnector, SslMethod, SslOptions, SslStream, SslVersion};
use openssl::x509::{X509, X509VerifyResult};
use ureq::unversioned::transport::time::Duration as Budget;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport, TransportAdapter};

/// The system's authorities and those in the PEM file `ca`. The error is the rest of a sentence.
pub(super) fn trust(ca: Option<&Path>) -> Result<SslConnector, String> {
    let openssl = |_| "OpenSSL cannot be prepared".to_owned();
    let mut builder = SslConnector::builder(SslMethod::tls_client()).map_err(openssl)?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2)).map_err(openssl)?;
    // Servers that hang up without a goodbye are common; a cut-off document is no JSON and found out anyway.
    builder.set_options(SslOptions::IGNORE_UNEXPECTED_EOF);
    if let Some(path) = ca {
        let file = path.display();
        let pem = fs::read(path).map_err(|error| format!("the file {file} given with --ca cannot be read ({error})"))?;
        let authorities = X509::stack_from_pem(&pem).unwrap_or_default();
        if authorities.is_empty() {
            return Err(format!("the file {file} given with --ca holds no certificate in PEM"));
        }
        for authority in authorities {
            builder.cert_store_mut().add_cert(authority).map_err(openssl)?;
        }
    }
    Ok(builder.build())
}

/// Why TLS did not come about.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoTls {
    /// The certificate was refused.
    #[error("{0}")]
    Certificate(X509VerifyResult),
    /// Something else in the handshake.
    #[error("{0}")]
    Handshake(&'static str),
}

/// Wraps one connection in TLS before `deadline`, for a server that proves to be `host`.
pub(super) struct Tls {
    pub(super) trust: SslConnector,
    pub(super) host: String,
    pub(super) deadline: Instant,
}

impl<In: Transport> Connector<In> for Tls {
    type Out = Wrapped;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(bare) = chained else { return Ok(None) };
        let bare: Box<dyn Transport> = Box::new(bare);
        let mut adapter = TransportAdapter::new(bare, details.current_time.clone());
        let left = self.deadline.saturating_duration_since(Instant::now());
        adapter.set_timeout(NextTimeout { after: Budget::Exact(left), ..details.timeout });
        let stream = self.trust.connect(&self.host, adapter).map_err(|error| ureq::Error::Other(Box::new(why(&error))))?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Wrapped { buffers, stream }))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

fn why<S>(error: &HandshakeError<S>) -> NoTls {
    let stack = match error {
        HandshakeError::SetupFailure(stack) => Some(stack),
        HandshakeError::Failure(stream) | HandshakeError::WouldBlock(stream) => {
            let verdict = stream.ssl().verify_result();
            if verdict != X509VerifyResult::OK {
                return NoTls::Certificate(verdict);
            }
            stream.error().ssl_error()
        }
    };
    NoTls::Handshake(stack.map_or("the connection broke off", crate::tls::error::reason))
}

/// A connection inside TLS.
pub(super) struct Wrapped {
    buffers: LazyBuffers,
    stream: SslStream<TransportAdapter>,
}

impl Transport for Wrapped {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        Ok(self.stream.write_all(output)?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        false // each step has a connection of its own, so that its time means the same
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wrapped")
    }
}
