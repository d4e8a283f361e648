//! The OpenSSL backend of `jsonwebtoken`, so that the process uses a single cryptographic library.
//!
//! It signs and verifies HS256 to HS512, RS256 to RS512, PS256 to PS512, ES256, ES384 and `EdDSA` with Ed25519.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result};
use jsonwebtoken::jwk::{EllipticCurve, ThumbprintHash};
use jsonwebtoken::signature::{Error as SignatureError, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::{Id, PKey, Private, Public};
use openssl::rsa::Rsa;

use crate::jwk;
use crate::scheme::{Curve, KeyType, SigningScheme};
use crate::signature;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| signer(*algorithm, key),
    verifier_factory: |algorithm, key| verifier(*algorithm, key),
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: rsa_private_parts,
        rsa_pub_components_from_public_key: rsa_public_parts,
        ec_pub_components_from_private_key: ec_private_parts,
        ed_pub_components_from_private_key: ed_private_parts,
        compute_digest: |data, algorithm| digest(data, &algorithm),
    },
};

/// Makes OpenSSL the backend of `jsonwebtoken` in this process. Further calls have no effect.
///
/// It must be called before the first use of that library, which panics without a backend.
pub fn install() {
    // The only error is that a backend is installed already, and that is this one.
    let _ = PROVIDER.install_default();
}

/// Returns the error for a key that OpenSSL refuses, for every reason.
fn invalid_key(_: ErrorStack) -> Error {
    ErrorKind::InvalidKeyFormat.into()
}

fn scheme(algorithm: Algorithm, family: AlgorithmFamily) -> Result<&'static SigningScheme> {
    if algorithm.family() != family {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    SigningScheme::from_algorithm(algorithm).ok_or_else(|| ErrorKind::UnsupportedAlgorithm.into())
}

struct OpensslSigner {
    scheme: &'static SigningScheme,
    key: PKey<Private>,
}

impl Signer<Vec<u8>> for OpensslSigner {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, SignatureError> {
        signature::sign(self.scheme, &self.key, message).map_err(SignatureError::from_source)
    }
}

impl JwtSigner for OpensslSigner {
    fn algorithm(&self) -> Algorithm {
        self.scheme.algorithm
    }
}

fn signer(algorithm: Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    let scheme = scheme(algorithm, key.family())?;
    let key = match scheme.key_type {
        KeyType::Hmac => PKey::hmac(key.as_bytes()),
        KeyType::RsaPkcs1 | KeyType::RsaPss => rsa_private(key.as_bytes()),
        KeyType::Ecdsa(_) | KeyType::Ed25519 => PKey::private_key_from_pkcs8(key.as_bytes()),
    }
    .map_err(invalid_key)?;
    if !scheme.accepts(&key) {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    Ok(Box::new(OpensslSigner { scheme, key }))
}

/// Parses a private key. `jsonwebtoken` passes PKCS#1 from a PEM file, and DER unchanged from its caller.
fn rsa_private(der: &[u8]) -> std::result::Result<PKey<Private>, ErrorStack> {
    PKey::private_key_from_der(der)
}

struct OpensslVerifier {
    scheme: &'static SigningScheme,
    key: VerifyingKey,
}

enum VerifyingKey {
    Shared(PKey<Private>),
    Public(PKey<Public>),
}

impl Verifier<Vec<u8>> for OpensslVerifier {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), SignatureError> {
        let verified = match &self.key {
            VerifyingKey::Public(key) => signature::is_valid(self.scheme, key, message, signature),
            VerifyingKey::Shared(key) => {
                let expected = signature::sign(self.scheme, key, message)
                    .map_err(SignatureError::from_source)?;
                expected.len() == signature.len() && openssl::memcmp::eq(&expected, signature)
            }
        };
        if verified {
            Ok(())
        } else {
            Err(SignatureError::new())
        }
    }
}

impl JwtVerifier for OpensslVerifier {
    fn algorithm(&self) -> Algorithm {
        self.scheme.algorithm
    }
}

fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let scheme = scheme(algorithm, key.family())?;
    let key = match scheme.key_type {
        KeyType::Hmac => PKey::hmac(key.try_get_as_bytes()?).map(VerifyingKey::Shared),
        KeyType::RsaPkcs1 | KeyType::RsaPss => rsa_public(key.kind()).map(VerifyingKey::Public),
        KeyType::Ecdsa(curve) => {
            ec_public(curve, key.try_get_as_bytes()?).map(VerifyingKey::Public)
        }
        KeyType::Ed25519 => PKey::public_key_from_raw_bytes(key.try_get_as_bytes()?, Id::ED25519)
            .map(VerifyingKey::Public),
    }
    .map_err(invalid_key)?;
    Ok(Box::new(OpensslVerifier { scheme, key }))
}

fn rsa_public(kind: &DecodingKeyKind) -> std::result::Result<PKey<Public>, ErrorStack> {
    let key = match kind {
        DecodingKeyKind::SecretOrDer(der) => Rsa::public_key_from_der_pkcs1(der)?,
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            Rsa::from_public_components(BigNum::from_slice(n)?, BigNum::from_slice(e)?)?
        }
    };
    PKey::from_rsa(key)
}

fn ec_public(curve: &Curve, point: &[u8]) -> std::result::Result<PKey<Public>, ErrorStack> {
    let group = EcGroup::from_curve_name(curve.nid)?;
    let mut context = BigNumContext::new()?;
    let point = EcPoint::from_bytes(&group, point, &mut context)?;
    let key = EcKey::from_public_key(&group, &point)?;
    key.check_key()?;
    PKey::from_ec_key(key)
}

fn rsa_private_parts(der: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    let key = rsa_private(der)
        .and_then(|key| key.rsa())
        .map_err(invalid_key)?;
    Ok((key.n().to_vec(), key.e().to_vec()))
}

fn rsa_public_parts(der: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    let key = Rsa::public_key_from_der_pkcs1(der).map_err(invalid_key)?;
    Ok((key.n().to_vec(), key.e().to_vec()))
}

fn ec_private_parts(der: &[u8], algorithm: Algorithm) -> Result<(EllipticCurve, Vec<u8>, Vec<u8>)> {
    let scheme = scheme(algorithm, AlgorithmFamily::Ec)?;
    let key = PKey::private_key_from_pkcs8(der).map_err(invalid_key)?;
    match scheme.key_type {
        KeyType::Ecdsa(curve) if scheme.accepts(&key) => {
            let (x, y) = jwk::coordinates(curve, &key).map_err(invalid_key)?;
            Ok((curve.jose.clone(), x, y))
        }
        _ => Err(ErrorKind::InvalidEcdsaKey.into()),
    }
}

fn ed_private_parts(der: &[u8], _: &EllipticCurve) -> Result<Vec<u8>> {
    PKey::private_key_from_pkcs8(der)
        .and_then(|key| key.raw_public_key())
        .map_err(invalid_key)
}

fn digest(data: &[u8], algorithm: &ThumbprintHash) -> Result<Vec<u8>> {
    let algorithm = match algorithm {
        ThumbprintHash::SHA256 => MessageDigest::sha256(),
        ThumbprintHash::SHA384 => MessageDigest::sha384(),
        ThumbprintHash::SHA512 => MessageDigest::sha512(),
        _ => return Err(ErrorKind::UnsupportedAlgorithm.into()),
    };
    hash(algorithm, data)
        .map(|digest| digest.to_vec())
        .map_err(invalid_key)
}
