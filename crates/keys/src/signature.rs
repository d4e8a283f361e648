//! Creates and verifies raw signatures in the JOSE formats with OpenSSL.

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::pkey::{HasPrivate, HasPublic, PKeyRef};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Signer, Verifier};

use crate::scheme::{Curve, KeyType, SigningScheme};

/// Signs a message with a key that the scheme [accepts](SigningScheme::accepts). RFC 7515 §5.1 step 5.
pub(crate) fn sign<T: HasPrivate>(
    scheme: &SigningScheme,
    key: &PKeyRef<T>,
    message: &[u8],
) -> Result<Vec<u8>, ErrorStack> {
    let mut signer = match scheme.digest() {
        Some(digest) => Signer::new(digest, key)?,
        None => Signer::new_without_digest(key)?,
    };
    if let KeyType::RsaPss = scheme.key_type {
        signer.set_rsa_padding(Padding::PKCS1_PSS)?;
        // By default OpenSSL uses the longest possible salt, which RFC 7518 §3.5 does not allow.
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
    }
    let signature = signer.sign_oneshot_to_vec(message)?;
    match scheme.key_type {
        KeyType::Ecdsa(curve) => der_to_jose(curve, &signature),
        _ => Ok(signature),
    }
}

/// Returns true if the signature of a message is valid for a public key. RFC 7515 §5.2 step 8.
///
/// A malformed signature is invalid.
pub(crate) fn is_valid<T: HasPublic>(
    scheme: &SigningScheme,
    key: &PKeyRef<T>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let check = || {
        let mut verifier = match scheme.digest() {
            Some(digest) => Verifier::new(digest, key)?,
            None => Verifier::new_without_digest(key)?,
        };
        if let KeyType::RsaPss = scheme.key_type {
            verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
            verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
        }
        match scheme.key_type {
            KeyType::Ecdsa(curve) => match jose_to_der(curve, signature)? {
                Some(signature) => verifier.verify_oneshot(&signature, message),
                None => Ok(false),
            },
            _ => verifier.verify_oneshot(signature, message),
        }
    };
    check().unwrap_or(false)
}

/// Converts R and S from OpenSSL's DER to JOSE's two halves of full width. RFC 7518 §3.4.
fn der_to_jose(curve: &Curve, der: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let signature = EcdsaSig::from_der(der)?;
    let mut halves = signature.r().to_vec_padded(curve.width)?;
    halves.extend(signature.s().to_vec_padded(curve.width)?);
    Ok(halves)
}

/// Converts JOSE's two halves to OpenSSL's DER, or returns `None` for another length.
fn jose_to_der(curve: &Curve, signature: &[u8]) -> Result<Option<Vec<u8>>, ErrorStack> {
    let halves = usize::try_from(curve.width).ok().and_then(|width| {
        let (r, s) = signature.split_at_checked(width)?;
        (s.len() == width).then_some((r, s))
    });
    let Some((r, s)) = halves else {
        return Ok(None);
    };
    EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?
        .to_der()
        .map(Some)
}
