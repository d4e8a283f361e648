//! Whom a client trusts: the system's authorities and those of `--ca`.

use std::fs;
use std::path::Path;

use openssl::ssl::{SslConnector, SslOptions};
use openssl::x509::X509;

/// The system's authorities and those in the PEM file `ca`. The error is the rest of a sentence.
pub(crate) fn trust(ca: Option<&Path>) -> Result<SslConnector, String> {
    let authorities = ca.map_or_else(|| Ok(Vec::new()), authorities)?;
    let mut builder =
        outbound::tls::trust(authorities).map_err(|_| "OpenSSL cannot be prepared".to_owned())?;
    // Servers that hang up without a goodbye are common; a cut-off document is no JSON and found out anyway.
    builder.set_options(SslOptions::IGNORE_UNEXPECTED_EOF);
    Ok(builder.build())
}

fn authorities(path: &Path) -> Result<Vec<X509>, String> {
    let file = path.display();
    let pem = fs::read(path)
        .map_err(|error| format!("the file {file} given with --ca cannot be read ({error})"))?;
    match X509::stack_from_pem(&pem).unwrap_or_default() {
        none if none.is_empty() => Err(format!(
            "the file {file} given with --ca holds no certificate in PEM"
        )),
        authorities => Ok(authorities),
    }
}
