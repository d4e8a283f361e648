//! What OpenSSL must know of each JOSE algorithm, one row each.

use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::EllipticCurve;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, PKeyRef};

/// One row: a signature algorithm of RFC 7518 §3.1 or RFC 8037 §3.1.
#[derive(Debug)]
pub(crate) struct Scheme {
    pub(crate) algorithm: Algorithm,
    /// The value of `alg`.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    digest: Option<fn() -> MessageDigest>,
}

/// How a scheme signs, apart from its digest.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// RFC 7518 §3.2.
    Hmac,
    /// RFC 7518 §3.3.
    RsaPkcs1,
    /// RFC 7518 §3.5.
    RsaPss,
    /// RFC 7518 §3.4.
    Ecdsa(&'static Curve),
    /// RFC 8037 §3.1.
    Ed25519,
}

/// A curve of RFC 7518 §6.2.1.1.
#[derive(Debug)]
pub(crate) struct Curve {
    /// The value of `crv`.
    pub(crate) name: &'static str,
    pub(crate) jose: EllipticCurve,
    pub(crate) nid: Nid,
    /// The octets of a coordinate, and of each half of a signature. OpenSSL counts in `i32`.
    pub(crate) width: i32,
}

static P256: Curve = Curve {
    name: "P-256",
    jose: EllipticCurve::P256,
    nid: Nid::X9_62_PRIME256V1,
    width: 32,
};
static P384: Curve = Curve {
    name: "P-384",
    jose: EllipticCurve::P384,
    nid: Nid::SECP384R1,
    width: 48,
};

const fn row(
    algorithm: Algorithm,
    name: &'static str,
    kind: Kind,
    digest: fn() -> MessageDigest,
) -> Scheme {
    Scheme {
        algorithm,
        name,
        kind,
        digest: Some(digest),
    }
}

static SCHEMES: [Scheme; 12] = [
    row(Algorithm::HS256, "HS256", Kind::Hmac, MessageDigest::sha256),
    row(Algorithm::HS384, "HS384", Kind::Hmac, MessageDigest::sha384),
    row(Algorithm::HS512, "HS512", Kind::Hmac, MessageDigest::sha512),
    row(
        Algorithm::RS256,
        "RS256",
        Kind::RsaPkcs1,
        MessageDigest::sha256,
    ),
    row(
        Algorithm::RS384,
        "RS384",
        Kind::RsaPkcs1,
        MessageDigest::sha384,
    ),
    row(
        Algorithm::RS512,
        "RS512",
        Kind::RsaPkcs1,
        MessageDigest::sha512,
    ),
    row(
        Algorithm::PS256,
        "PS256",
        Kind::RsaPss,
        MessageDigest::sha256,
    ),
    row(
        Algorithm::PS384,
        "PS384",
        Kind::RsaPss,
        MessageDigest::sha384,
    ),
    row(
        Algorithm::PS512,
        "PS512",
        Kind::RsaPss,
        MessageDigest::sha512,
    ),
    row(
        Algorithm::ES256,
        "ES256",
        Kind::Ecdsa(&P256),
        MessageDigest::sha256,
    ),
    row(
        Algorithm::ES384,
        "ES384",
        Kind::Ecdsa(&P384),
        MessageDigest::sha384,
    ),
    Scheme {
        algorithm: Algorithm::EdDSA,
        name: "EdDSA",
        kind: Kind::Ed25519,
        digest: None,
    },
];

impl Scheme {
    /// The row of an algorithm; none for one that a later version of the library brings.
    pub(crate) fn of(algorithm: Algorithm) -> Option<&'static Self> {
        SCHEMES.iter().find(|scheme| scheme.algorithm == algorithm)
    }

    /// The row of an `alg` value.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        SCHEMES.iter().find(|scheme| scheme.name == name)
    }

    /// The digest, which Ed25519 chooses for itself.
    pub(crate) fn digest(&self) -> Option<MessageDigest> {
        self.digest.map(|digest| digest())
    }

    /// Whether a key is of the type, and on the curve, that the scheme signs with.
    ///
    /// OpenSSL would sign an ES256 message with a P-384 key, or an RS256 message with an EC key, without a word.
    pub(crate) fn fits<T: HasPublic>(&self, key: &PKeyRef<T>) -> bool {
        match self.kind {
            Kind::Hmac => key.id() == Id::HMAC,
            Kind::RsaPkcs1 | Kind::RsaPss => key.id() == Id::RSA,
            Kind::Ecdsa(curve) => key
                .ec_key()
                .is_ok_and(|key| key.group().curve_name() == Some(curve.nid)),
            Kind::Ed25519 => key.id() == Id::ED25519,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_named_as_the_registry_names_it() {
        for scheme in &SCHEMES {
            assert_eq!(serde_json::to_value(scheme.algorithm).unwrap(), scheme.name);
            assert_eq!(Scheme::of(scheme.algorithm).unwrap().name, scheme.name);
            assert_eq!(
                Scheme::named(scheme.name).unwrap().algorithm,
                scheme.algorithm
            );
        }
        assert!(Scheme::named("none").is_none());
        assert!(Scheme::named("ES512").is_none());
    }
}
