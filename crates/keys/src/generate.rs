//! New signing keys.

use openssl::ec::{EcGroup, EcKey};
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;

use crate::error::KeyError;
use crate::scheme::{Kind, Scheme};

/// The size that RFC 7518 §3.3 asks for at least, and that every client takes.
const RSA_BITS: u32 = 2048;

/// Makes a key that signs with `scheme`.
///
/// # Errors
/// [`KeyError::NoKey`] for HMAC, whose keys are shared and not made here; what OpenSSL says.
pub(crate) fn generate(scheme: &Scheme) -> Result<PKey<Private>, KeyError> {
    Ok(match scheme.kind {
        Kind::Hmac => return Err(KeyError::NoKey(scheme.name.to_owned())),
        Kind::RsaPkcs1 | Kind::RsaPss => PKey::from_rsa(Rsa::generate(RSA_BITS)?)?,
        Kind::Ecdsa(curve) => {
            PKey::from_ec_key(EcKey::generate(&*EcGroup::from_curve_name(curve.nid)?)?)?
        }
        Kind::Ed25519 => PKey::generate_ed25519()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_fits_the_scheme_it_is_made_for() {
        for name in ["RS256", "PS384", "ES256", "ES384", "EdDSA"] {
            let scheme = Scheme::named(name).unwrap();
            assert!(scheme.fits(&generate(scheme).unwrap()), "{name}");
        }
        assert_eq!(
            generate(Scheme::named("RS256").unwrap()).unwrap().bits(),
            2048
        );
        assert!(matches!(
            generate(Scheme::named("HS256").unwrap()),
            Err(KeyError::NoKey(_))
        ));
    }
}
