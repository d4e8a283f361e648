//! Raw signatures in the forms JOSE gives them, made and checked by OpenSSL.

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::pkey::{HasPrivate, HasPublic, PKeyRef};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Signer, Verifier};

use crate::scheme::{Curve, Kind, Scheme};

/// Signs a message with a key that [fits](Scheme::fits). RFC 7515 §5.1 step 5.
///
/// # Errors
/// What OpenSSL says; a key that fits does not fail.
pub(crate) fn sign<T: HasPrivate>(
    scheme: &Scheme,
    key: &PKeyRef<T>,
    message: &[u8],
) -> Result<Vec<u8>, ErrorStack> {
    let mut signer = match scheme.digest() {
        Some(digest) => Signer::new(digest, key)?,
        None => Signer::new_without_digest(key)?,
    };
    if let Kind::RsaPss = scheme.kind {
        signer.set_rsa_padding(Padding::PKCS1_PSS)?;
        // Left alone, OpenSSL takes the longest salt there is room for, which RFC 7518 §3.5 does not allow.
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
    }
    let signature = signer.sign_oneshot_to_vec(message)?;
    match scheme.kind {
        Kind::Ecdsa(curve) => joined(curve, &signature),
        _ => Ok(signature),
    }
}

/// Whether a public key's owner signed a message. RFC 7515 §5.2 step 8.
///
/// A signature of the wrong form is a wrong signature.
pub(crate) fn verifies<T: HasPublic>(
    scheme: &Scheme,
    key: &PKeyRef<T>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let check = || {
        let mut verifier = match scheme.digest() {
            Some(digest) => Verifier::new(digest, key)?,
            None => Verifier::new_without_digest(key)?,
        };
        if let Kind::RsaPss = scheme.kind {
            verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
            verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
        }
        match scheme.kind {
            Kind::Ecdsa(curve) => match split(curve, signature)? {
                Some(signature) => verifier.verify_oneshot(&signature, message),
                None => Ok(false),
            },
            _ => verifier.verify_oneshot(signature, message),
        }
    };
    check().unwrap_or(false)
}

/// R and S from OpenSSL's DER to JOSE's two halves of full width. RFC 7518 §3.4.
fn joined(curve: &Curve, der: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let signature = EcdsaSig::from_der(der)?;
    let mut halves = signature.r().to_vec_padded(curve.width)?;
    halves.extend(signature.s().to_vec_padded(curve.width)?);
    Ok(halves)
}

/// The way back; `None` when the length is not that of two halves.
fn split(curve: &Curve, signature: &[u8]) -> Result<Option<Vec<u8>>, ErrorStack> {
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
