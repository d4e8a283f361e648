//! The errors of signing keys.

use openssl::error::ErrorStack;
use store::StoreError;

/// An error of the provider's signing keys. Each prints as a sentence without key material.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The store failed, or a row in it is damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// OpenSSL failed to create a key or a signature.
    #[error("OpenSSL could not make a key or a signature: {0}")]
    OpenSsl(#[from] ErrorStack),
    /// The provider has no key for the algorithm.
    #[error("the provider has no signing key for {0}")]
    NoKey(String),
    /// The keys of the last rotation do not sign yet.
    #[error(
        "the keys of the last rotation begin to sign in {seconds} seconds; rotate again after that"
    )]
    RotationPending {
        /// The time until the last of them signs, in seconds.
        seconds: i64,
    },
    /// Another process rotated the keys at the same time.
    #[error("the keys were rotated by another process at the same time")]
    ConcurrentRotation,
}

impl KeyError {
    /// Returns the error for a row with a private key that does not match the other columns.
    pub(crate) fn damaged_row(kid: &str) -> Self {
        Self::Store(StoreError::Corrupt {
            table: "signing_key",
            column: "private_sealed",
            key: kid.to_owned(),
        })
    }
}
