//! The JOSE algorithms in OpenSSL's terms, a row each.

use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::EllipticCurve;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, PKeyRef};
use protocol::values::SigningAlgorithm;

/// The algorithms with which a provider signs. RS256 comes first, since every OpenID Provider has it (OIDC Core §15.1).
pub static SIGNING_ALGORITHMS: [SigningAlgorithm; 2] =
    [SigningAlgorithm::Rs256, SigningAlgorithm::Es256];

/// A signature algorithm of RFC 7518 §3.1 or RFC 8037 §3.1.
#[derive(Debug)]
pub(crate) struct SigningScheme {
    pub(crate) algorithm: Algorithm,
    /// The value of `alg`.
    pub(crate) name: &'static str,
    pub(crate) key_type: KeyType,
    digest: Option<fn() -> MessageDigest>,
}

/// The type of key and padding of a scheme.
#[derive(Debug, Clone, Copy)]
pub(crate) enum KeyType {
    /// RFC 7518 §3.2.
    Hmac,
    /// RFC 7518 §3.3.
    RsaPkcs1,
    /// RFC 7518 §3.5.
    RsaPss,
    /// RFC 7518 §3.4.
    Ecdsa(&'static NamedCurve),
    /// RFC 8037 §3.1.
    Ed25519,
}

/// A curve of RFC 7518 §6.2.1.1.
#[derive(Debug)]
pub(crate) struct NamedCurve {
    /// The value of `crv`.
    pub(crate) name: &'static str,
    pub(crate) jose: EllipticCurve,
    pub(crate) nid: Nid,
    /// The length in octets of a coordinate, and of each half of a signature. OpenSSL uses `i32`.
    pub(crate) width: i32,
}

static P256: NamedCurve = NamedCurve {
    name: "P-256",
    jose: EllipticCurve::P256,
    nid: Nid::X9_62_PRIME256V1,
    width: 32,
};
static P384: NamedCurve = NamedCurve {
    name: "P-384",
    jose: EllipticCurve::P384,
    nid: Nid::SECP384R1,
    width: 48,
};

const fn row(
    algorithm: Algorithm,
    name: &'static str,
    key_type: KeyType,
    digest: fn() -> MessageDigest,
) -> SigningScheme {
    SigningScheme {
        algorithm,
        name,
        key_type,
        digest: Some(digest),
    }
}

static SCHEMES: [SigningScheme; 12] = [
    row(
        Algorithm::HS256,
        "HS256",
        KeyType::Hmac,
        MessageDigest::sha256,
    ),
    row(
        Algorithm::HS384,
        "HS384",
        KeyType::Hmac,
        MessageDigest::sha384,
    ),
    row(
        Algorithm::HS512,
        "HS512",
        KeyType::Hmac,
        MessageDigest::sha512,
    ),
    row(
        Algorithm::RS256,
        "RS256",
        KeyType::RsaPkcs1,
        MessageDigest::sha256,
    ),
    row(
        Algorithm::RS384,
        "RS384",
        KeyType::RsaPkcs1,
        MessageDigest::sha384,
    ),
    row(
        Algorithm::RS512,
        "RS512",
        KeyType::RsaPkcs1,
        MessageDigest::sha512,
    ),
    row(
        Algorithm::PS256,
        "PS256",
        KeyType::RsaPss,
        MessageDigest::sha256,
    ),
    row(
        Algorithm::PS384,
        "PS384",
        KeyType::RsaPss,
        MessageDigest::sha384,
    ),
    row(
        Algorithm::PS512,
        "PS512",
        KeyType::RsaPss,
        MessageDigest::sha512,
    ),
    row(
        Algorithm::ES256,
        "ES256",
        KeyType::Ecdsa(&P256),
        MessageDigest::sha256,
    ),
    row(
        Algorithm::ES384,
        "ES384",
        KeyType::Ecdsa(&P384),
        MessageDigest::sha384,
    ),
    SigningScheme {
        algorithm: Algorithm::EdDSA,
        name: "EdDSA",
        key_type: KeyType::Ed25519,
        digest: None,
    },
];

impl SigningScheme {
    /// Returns the row of an algorithm, or `None` for one that a later version of the library adds.
    pub(crate) fn from_algorithm(algorithm: Algorithm) -> Option<&'static Self> {
        SCHEMES.iter().find(|scheme| scheme.algorithm == algorithm)
    }

    /// Returns the row of an `alg` value.
    pub(crate) fn from_name(name: &str) -> Option<&'static Self> {
        SCHEMES.iter().find(|scheme| scheme.name == name)
    }

    /// The digest, or `None` for Ed25519, which has its own.
    pub(crate) fn digest(&self) -> Option<MessageDigest> {
        self.digest.map(|digest| digest())
    }

    /// Returns true if a key has the type and the curve of the scheme.
    ///
    /// OpenSSL does not check this: it would sign an ES256 message with a P-384 key, or an RS256 message with an EC key.
    pub(crate) fn accepts<T: HasPublic>(&self, key: &PKeyRef<T>) -> bool {
        match self.key_type {
            KeyType::Hmac => key.id() == Id::HMAC,
            KeyType::RsaPkcs1 | KeyType::RsaPss => key.id() == Id::RSA,
            KeyType::Ecdsa(curve) => key
                .ec_key()
                .is_ok_and(|key| key.group().curve_name() == Some(curve.nid)),
            KeyType::Ed25519 => key.id() == Id::ED25519,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row has the name that the registry gives it.
    #[test]
    fn scheme_names_match_the_registry() {
        for scheme in &SCHEMES {
            assert_eq!(serde_json::to_value(scheme.algorithm).unwrap(), scheme.name);
            assert_eq!(
                SigningScheme::from_algorithm(scheme.algorithm)
                    .unwrap()
                    .name,
                scheme.name
            );
            assert_eq!(
                SigningScheme::from_name(scheme.name).unwrap().algorithm,
                scheme.algorithm
            );
        }
        assert!(SigningScheme::from_name("none").is_none());
        assert!(SigningScheme::from_name("ES512").is_none());
    }
}
