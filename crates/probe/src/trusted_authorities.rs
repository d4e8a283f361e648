//! The certificate authorities that a client trusts: those of the system and those of `--ca`.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use openssl::ssl::{SslConnector, SslOptions};
use openssl::x509::X509;

/// Returns a connector that trusts the system's authorities and those in the PEM file `ca`. The error is the rest of a sentence.
pub(crate) fn tls_connector(ca: Option<&Path>) -> anyhow::Result<SslConnector> {
    let authorities = ca.map_or_else(|| Ok(Vec::new()), read_authorities)?;
    let mut builder =
        outbound::tls::connector_builder(authorities).context("OpenSSL cannot be prepared")?;
    // Many servers close the connection without close_notify. A truncated document is not valid JSON, so it is noticed anyway.
    builder.set_options(SslOptions::IGNORE_UNEXPECTED_EOF);
    Ok(builder.build())
}

fn read_authorities(path: &Path) -> anyhow::Result<Vec<X509>> {
    let file = path.display();
    let pem = fs::read(path)
        .map_err(|error| anyhow!("the file {file} given with --ca cannot be read ({error})"))?;
    match X509::stack_from_pem(&pem).unwrap_or_default() {
        authorities if authorities.is_empty() => {
            bail!("the file {file} given with --ca has no certificate in PEM")
        }
        authorities => Ok(authorities),
    }
}
