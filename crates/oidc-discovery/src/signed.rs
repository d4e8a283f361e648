//! The metadata, signed. RFC 8414 §2.1.

use keys::{KeyError, KeyRing};
use protocol::values::SigningAlgorithm;
use protocol::{Issuer, Object};

/// The member of the document that carries it. RFC 8414 §2.1.
pub const MEMBER: &str = "signed_metadata";

/// A JWT whose claims are the members and who attests to them.
///
/// It does not say when it was made, and RS256 has one signature for one text: the same document signed with the same key is
/// the same bytes at every replica and after every restart.
///
/// # Errors
/// When there is no key, and what OpenSSL says.
pub(crate) fn metadata(
    issuer: &Issuer,
    members: &Object,
    keys: &KeyRing,
) -> Result<String, KeyError> {
    let mut claims = Object::new();
    claims.insert("iss".to_owned(), issuer.as_str().into());
    claims.extend(members.clone());
    keys.sign(&SigningAlgorithm::Rs256, "JWT", &claims)
}
