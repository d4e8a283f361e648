//! Errors of certificates and keys.

use std::io;
use std::path::PathBuf;

use openssl::error::ErrorStack;

/// Certificates that cannot be used or made: a sentence naming the file or the value.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("The file {} does not exist.", .0.display())]
    Missing(PathBuf),
    /// The file is there and cannot be read.
    #[error("The file {} cannot be read: {source}.", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("The file {} cannot be written: {source}.", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("The file {} holds no certificate in PEM.", .0.display())]
    NoCertificate(PathBuf),
    /// The file holds no private key.
    #[error("The file {} holds no private key in PEM.", .0.display())]
    NoKey(PathBuf),
    /// The key is encrypted, and a server cannot ask for the passphrase.
    #[error("The private key in {} is encrypted; store it without a passphrase.", .0.display())]
    EncryptedKey(PathBuf),
    /// Key and certificate are not a pair.
    #[error("The private key in {} does not belong to the first certificate in {}.", key.display(), certificate.display())]
    Mismatch { certificate: PathBuf, key: PathBuf },
    /// OpenSSL refuses it, for example because it is too weak.
    #[error("The certificate in {} cannot be used: {}.", path.display(), reason(source))]
    Unusable { path: PathBuf, source: ErrorStack },
    /// A certificate cannot be made for this name.
    #[error(
        "\"{0}\" is neither a DNS name nor an IP address, so no certificate can be made for it."
    )]
    Name(String),
    /// The list of names is empty.
    #[error("A certificate needs at least one name.")]
    NoName,
    /// OpenSSL itself failed.
    #[error("OpenSSL failed: {}.", reason(.0))]
    OpenSsl(#[from] ErrorStack),
}

/// OpenSSL's own words for a failure, without the places in its source.
pub(crate) fn reason(stack: &ErrorStack) -> &'static str {
    stack
        .errors()
        .iter()
        .find_map(openssl::error::Error::reason)
        .unwrap_or("for no reason it names")
}
