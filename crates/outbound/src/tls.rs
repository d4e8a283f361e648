//! TLS by OpenSSL, as a link in the client's chain of connectors.
//!
//! The client's own TLS can trust the system's authorities or a given list, not both; OpenSSL's connector can.

use std::fmt;
use std::io::{Read, Write};
use std::time::Instant;

use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVersion};
use openssl::x509::X509;
use ureq::unversioned::transport::time::Duration as Budget;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport, TransportAdapter};

use crate::settings::SettingsError;

/// The system's authorities and those of `ca`, from TLS 1.2 on.
pub(crate) fn trust(ca: Option<&[u8]>) -> Result<SslConnector, SettingsError> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    if let Some(pem) = ca {
        let authorities = X509::stack_from_pem(pem).map_err(SettingsError::Certificate)?;
        if authorities.is_empty() {
            return Err(SettingsError::NoCertificate);
        }
        for authority in authorities {
            builder.cert_store_mut().add_cert(authority).map_err(SettingsError::Certificate)?;
        }
    }
    Ok(builder.build())
}

/// Wraps one connection in TLS before `deadline`, for a server that proves to be `host`.
pub(crate) struct Tls {
    pub(crate) trust: SslConnector,
    pub(crate) host: String,
    pub(crate) deadline: Instant,
}

impl<In: Transport> Connector<In> for Tls {
    type Out = Wrapped;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(bare) = chained else { return Ok(None) };
        let bare: Box<dyn Transport> = Box::new(bare);
        let mut adapter = TransportAdapter::new(bare, details.current_time.clone());
        let left = self.deadline.saturating_duration_since(Instant::now());
        adapter.set_timeout(NextTimeout { after: Budget::Exact(left), ..details.timeout });
        let stream = self.trust.connect(&self.host, adapter).map_err(|_| ureq::Error::Other(Box::new(NoTls)))?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Wrapped { buffers, stream }))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

/// The handshake failed. Why is OpenSSL's to know: it quotes the certificate, which is the stranger's text.
#[derive(Debug, thiserror::Error)]
#[error("no TLS")]
pub(crate) struct NoTls;

/// A connection inside TLS.
pub(crate) struct Wrapped {
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
        false // never used for a second request
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
