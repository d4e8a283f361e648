//! Why there is no key, or no signature.

use openssl::error::ErrorStack;
use store::StoreError;

/// What can go wrong with the provider's signing keys. Each prints as one sentence, and none shows key material.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The store failed, or a row in it is damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// OpenSSL could not make a key or a signature.
    #[error("OpenSSL could not make a key or a signature: {0}")]
    OpenSsl(#[from] ErrorStack),
    /// The provider has no key for the algorithm.
    #[error("the provider has no signing key for {0}")]
    NoKey(String),
    /// Successors of the last rotation are waiting for their turn.
    #[error(
        "the keys of the last rotation begin to sign in {seconds} seconds: rotate again after that"
    )]
    Rotating {
        /// How long until the last of them signs.
        seconds: i64,
    },
    /// Somebody else rotated in the same moment.
    #[error("the keys were rotated by somebody else in the same moment")]
    Raced,
}

impl KeyError {
    /// The row of a key whose private part is not what the rest of the row says.
    pub(crate) fn damaged(kid: &str) -> Self {
        Self::Store(StoreError::Corrupt {
            table: "signing_key",
            column: "private_sealed",
            key: kid.to_owned(),
        })
    }
}
