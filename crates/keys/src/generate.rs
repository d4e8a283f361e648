//! Generates signing keys.

use openssl::ec::{EcGroup, EcKey};
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;

use crate::error::KeyError;
use crate::scheme::{KeyType, SigningScheme};

/// The length of RSA keys: the minimum of RFC 7518 §3.3, which every client accepts.
const RSA_BITS: u32 = 2048;

/// Generates a key that signs with `scheme`.
///
/// # Errors
/// [`KeyError::NoKey`] for HMAC, which has shared secrets as keys.
pub(crate) fn generate(scheme: &SigningScheme) -> Result<PKey<Private>, KeyError> {
    Ok(match scheme.key_type {
        KeyType::Hmac => return Err(KeyError::NoKey(scheme.name.to_owned())),
        KeyType::RsaPkcs1 | KeyType::RsaPss => PKey::from_rsa(Rsa::generate(RSA_BITS)?)?,
        KeyType::Ecdsa(curve) => {
            PKey::from_ec_key(EcKey::generate(&*EcGroup::from_curve_name(curve.nid)?)?)?
        }
        KeyType::Ed25519 => PKey::generate_ed25519()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_fits_the_scheme_it_is_made_for() {
        for name in ["RS256", "PS384", "ES256", "ES384", "EdDSA"] {
            let scheme = SigningScheme::from_name(name).unwrap();
            assert!(scheme.accepts(&generate(scheme).unwrap()), "{name}");
        }
        assert_eq!(
            generate(SigningScheme::from_name("RS256").unwrap())
                .unwrap()
                .bits(),
            2048
        );
        assert!(matches!(
            generate(SigningScheme::from_name("HS256").unwrap()),
            Err(KeyError::NoKey(_))
        ));
    }
}
