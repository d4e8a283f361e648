//! SHA-256 of a text. The one-shot function of OpenSSL looks its algorithm up at each call.

use openssl::sha::Sha256;

/// The length of a digest, in bytes.
const DIGEST_BYTES: usize = 32;

pub(crate) fn sha256(bytes: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut hasher = Sha256::new();
    hasher.update(bytes);
    hasher.finish()
}
