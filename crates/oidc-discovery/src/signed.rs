//! The signed metadata. RFC 8414 §2.1.

use keys::{KeyError, KeyRing};
use protocol::values::SigningAlgorithm;
use protocol::{Issuer, Object};

/// The member of the document with the signed metadata. RFC 8414 §2.1.
pub const MEMBER: &str = "signed_metadata";

/// Returns a JWT with the members and `iss` as claims.
///
/// It has no time, and RS256 is deterministic: the same document and key give the same bytes at every replica and after every
/// restart.
pub(crate) fn sign_metadata(
    issuer: &Issuer,
    members: &Object,
    keys: &KeyRing,
) -> Result<String, KeyError> {
    let mut claims = Object::new();
    claims.insert("iss".to_owned(), issuer.as_str().into());
    claims.extend(members.clone());
    keys.sign(&SigningAlgorithm::Rs256, "JWT", &claims)
}
