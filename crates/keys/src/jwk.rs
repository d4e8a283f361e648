//! Public keys as JSON Web Keys. RFC 7517, RFC 7518 §6, RFC 8037 §2.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::{BigNum, BigNumContext};
use openssl::error::ErrorStack;
use openssl::pkey::{HasPublic, PKeyRef};
use openssl::sha::sha256;
use protocol::Object;
use serde_json::Value;

use crate::error::KeyError;
use crate::scheme::{KeyType, NamedCurve, SigningScheme};

/// A public key as a provider publishes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicJwk {
    kid: String,
    members: Object,
}

impl PublicJwk {
    /// Returns the public half of a key that signs with `scheme`. Its members are copied one by one from the public parts, so
    /// that no private member is included.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] if the key has another type than the scheme, or no public half, as an HMAC key.
    pub(crate) fn new<T: HasPublic>(
        scheme: &SigningScheme,
        key: &PKeyRef<T>,
    ) -> Result<Self, KeyError> {
        let no_key = || KeyError::NoKey(scheme.name.to_owned());
        if !scheme.accepts(key) {
            return Err(no_key());
        }
        let required = match scheme.key_type {
            KeyType::Hmac => return Err(no_key()),
            KeyType::RsaPkcs1 | KeyType::RsaPss => {
                let key = key.rsa()?;
                object([
                    ("e", base64url(&key.e().to_vec())),
                    ("kty", "RSA".to_owned()),
                    ("n", base64url(&key.n().to_vec())),
                ])
            }
            KeyType::Ecdsa(curve) => {
                let (x, y) = coordinates(curve, key)?;
                object([
                    ("crv", curve.name.to_owned()),
                    ("kty", "EC".to_owned()),
                    ("x", base64url(&x)),
                    ("y", base64url(&y)),
                ])
            }
            KeyType::Ed25519 => {
                let x = key.raw_public_key()?;
                object([
                    ("crv", "Ed25519".to_owned()),
                    ("kty", "OKP".to_owned()),
                    ("x", base64url(&x)),
                ])
            }
        };
        let kid = thumbprint(&required);
        let mut members = object([
            ("use", "sig".to_owned()),
            ("alg", scheme.name.to_owned()),
            ("kid", kid.clone()),
        ]);
        members.extend(required);
        Ok(Self { kid, members })
    }

    /// The key's identifier: its RFC 7638 thumbprint, which is the same everywhere.
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    pub(crate) fn members(&self) -> &Object {
        &self.members
    }
}

/// Returns the SHA-256 thumbprint of a key's required members, which must be in lexicographic order. RFC 7638 §3.
fn thumbprint(required: &Object) -> String {
    base64url(&sha256(
        Value::Object(required.clone()).to_string().as_bytes(),
    ))
}

/// Returns the coordinates of an EC key, each in the full width of the curve. RFC 7518 §6.2.1.2.
///
/// # Errors
/// The key is not on the curve.
pub(crate) fn coordinates<T: HasPublic>(
    curve: &NamedCurve,
    key: &PKeyRef<T>,
) -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
    let key = key.ec_key()?;
    let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
    key.public_key().affine_coordinates(
        key.group(),
        &mut x,
        &mut y,
        &mut *BigNumContext::new()?,
    )?;
    Ok((x.to_vec_padded(curve.width)?, y.to_vec_padded(curve.width)?))
}

/// Encodes bytes as base64url without padding. RFC 7515 §2.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn object<const N: usize>(members: [(&str, String); N]) -> Object {
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use openssl::pkey::PKey;
    use openssl::rsa::Rsa;

    use super::*;
    use crate::generate::generate;

    fn scheme(name: &str) -> &'static SigningScheme {
        SigningScheme::from_name(name).unwrap()
    }

    fn names(object: &Object) -> Vec<&str> {
        object.keys().map(String::as_str).collect()
    }

    /// RFC 7638 §3.1.
    #[test]
    fn the_kid_is_the_thumbprint() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let modulus = BigNum::from_slice(&URL_SAFE_NO_PAD.decode(n).unwrap()).unwrap();
        let key = PKey::from_rsa(
            Rsa::from_public_components(modulus, BigNum::from_u32(65537).unwrap()).unwrap(),
        )
        .unwrap();
        let jwk = PublicJwk::new(scheme("RS256"), &key).unwrap();
        assert_eq!(jwk.kid(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!(
            Value::Object(jwk.members().clone()),
            serde_json::json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "n": n, "e": "AQAB" })
        );
    }

    /// RFC 8037 A.2 and A.3.
    #[test]
    fn an_ed25519_key_is_an_octet_key_pair() {
        let secret = URL_SAFE_NO_PAD
            .decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
            .unwrap();
        let key = PKey::private_key_from_raw_bytes(&secret, openssl::pkey::Id::ED25519).unwrap();
        let jwk = PublicJwk::new(scheme("EdDSA"), &key).unwrap();
        assert_eq!(jwk.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(
            jwk.members()["x"],
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        );
    }

    #[test]
    fn only_public_members_are_in_it() {
        for (algorithm, expected) in [
            ("RS256", &["use", "alg", "kid", "e", "kty", "n"][..]),
            ("PS512", &["use", "alg", "kid", "e", "kty", "n"]),
            ("ES256", &["use", "alg", "kid", "crv", "kty", "x", "y"]),
            ("ES384", &["use", "alg", "kid", "crv", "kty", "x", "y"]),
            ("EdDSA", &["use", "alg", "kid", "crv", "kty", "x"]),
        ] {
            let jwk =
                PublicJwk::new(scheme(algorithm), &generate(scheme(algorithm)).unwrap()).unwrap();
            assert_eq!(names(jwk.members()), expected, "{algorithm}");
        }
    }

    #[test]
    fn a_secret_is_never_published() {
        let key = PKey::hmac(b"a shared secret of thirty-two by").unwrap();
        for algorithm in ["HS256", "RS256", "ES256", "EdDSA"] {
            let error = PublicJwk::new(scheme(algorithm), &key).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("the provider has no signing key for {algorithm}")
            );
        }
    }

    #[test]
    fn a_key_of_another_family_or_curve_is_refused() {
        let keys = ["RS256", "ES256", "ES384", "EdDSA"]
            .map(|algorithm| (algorithm, generate(scheme(algorithm)).unwrap()));
        for (of, key) in &keys {
            for (asked, _) in &keys {
                assert_eq!(
                    PublicJwk::new(scheme(asked), key).is_ok(),
                    of == asked,
                    "{asked} with a key for {of}"
                );
            }
        }
    }

    /// A coordinate begins with a zero octet for 1 key in 128, and the octet counts.
    #[test]
    fn coordinates_have_their_full_width() {
        for (algorithm, width) in [("ES256", 32), ("ES384", 48)] {
            let scheme = scheme(algorithm);
            let mut zeros = 0;
            for _ in 0..2000 {
                let jwk = PublicJwk::new(scheme, &generate(scheme).unwrap()).unwrap();
                for name in ["x", "y"] {
                    let octets = URL_SAFE_NO_PAD
                        .decode(jwk.members()[name].as_str().unwrap())
                        .unwrap();
                    assert_eq!(octets.len(), width);
                    zeros += usize::from(octets[0] == 0);
                }
            }
            assert!(
                zeros > 0,
                "{algorithm}: of 4000 coordinates about sixteen begin with a zero"
            );
        }
    }
}
