//! The OpenSSL backend of `jsonwebtoken`, checked against OpenSSL itself and against the examples of the RFCs.
#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm::{
    self, ES256, ES384, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512,
};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, ThumbprintHash};
use jsonwebtoken::{
    AlgorithmFamily, DecodingKey, EncodingKey, Header, Validation, crypto, decode, encode,
};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer, Verifier};
use serde_json::{Value, json};

const ALL: [Algorithm; 12] = [
    HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA,
];
const SHARED: &[u8] = b"a secret of sixty-four octets, for the longest of the three HMACs";
const MESSAGE: &[u8] = b"header.payload";

/// A key pair: OpenSSL's own, and what `jsonwebtoken` reads of it.
struct Pair {
    key: PKey<Private>,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

fn ec(curve: Nid) -> PKey<Private> {
    PKey::from_ec_key(EcKey::generate(&EcGroup::from_curve_name(curve).unwrap()).unwrap()).unwrap()
}

fn encoding(family: AlgorithmFamily, key: &PKey<Private>) -> EncodingKey {
    let pem = key.private_key_to_pem_pkcs8().unwrap();
    match family {
        AlgorithmFamily::Hmac => EncodingKey::from_secret(SHARED),
        AlgorithmFamily::Rsa => EncodingKey::from_rsa_pem(&pem).unwrap(),
        AlgorithmFamily::Ec => EncodingKey::from_ec_pem(&pem).unwrap(),
        AlgorithmFamily::Ed => EncodingKey::from_ed_pem(&pem).unwrap(),
    }
}

fn pair(algorithm: Algorithm) -> Pair {
    keys::install();
    if algorithm.family() == AlgorithmFamily::Hmac {
        let (encoding, decoding) = (
            EncodingKey::from_secret(SHARED),
            DecodingKey::from_secret(SHARED),
        );
        return Pair {
            key: PKey::hmac(SHARED).unwrap(),
            encoding,
            decoding,
        };
    }
    let key = match algorithm {
        ES256 => ec(Nid::X9_62_PRIME256V1),
        ES384 => ec(Nid::SECP384R1),
        EdDSA => PKey::generate_ed25519().unwrap(),
        _ => PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(),
    };
    let public = key.public_key_to_pem().unwrap();
    let decoding = match algorithm.family() {
        AlgorithmFamily::Ec => DecodingKey::from_ec_pem(&public),
        AlgorithmFamily::Ed => DecodingKey::from_ed_pem(&public),
        _ => DecodingKey::from_rsa_pem(&public),
    };
    Pair {
        encoding: encoding(algorithm.family(), &key),
        decoding: decoding.unwrap(),
        key,
    }
}

fn digest(algorithm: Algorithm) -> MessageDigest {
    match algorithm {
        HS384 | RS384 | PS384 | ES384 => MessageDigest::sha384(),
        HS512 | RS512 | PS512 => MessageDigest::sha512(),
        _ => MessageDigest::sha256(),
    }
}

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn number(text: &str) -> BigNum {
    BigNum::from_slice(&bytes(text)).unwrap()
}

fn sign(algorithm: Algorithm, key: &EncodingKey) -> Vec<u8> {
    bytes(&crypto::sign(MESSAGE, key, algorithm).unwrap())
}

fn verifies(algorithm: Algorithm, key: &DecodingKey, signature: &[u8]) -> bool {
    crypto::verify(&URL_SAFE_NO_PAD.encode(signature), MESSAGE, key, algorithm).unwrap()
}

/// Verifies a signature with OpenSSL directly, not through the provider.
fn openssl_verifies(algorithm: Algorithm, key: &PKey<Private>, signature: &[u8]) -> bool {
    match algorithm {
        HS256 | HS384 | HS512 => {
            Signer::new(digest(algorithm), key)
                .unwrap()
                .sign_oneshot_to_vec(MESSAGE)
                .unwrap()
                == signature
        }
        ES256 | ES384 => {
            let (r, s) = signature.split_at(signature.len() / 2);
            let signature = EcdsaSig::from_private_components(
                BigNum::from_slice(r).unwrap(),
                BigNum::from_slice(s).unwrap(),
            )
            .unwrap();
            signature
                .verify(
                    &hash(digest(algorithm), MESSAGE).unwrap(),
                    &key.ec_key().unwrap(),
                )
                .unwrap()
        }
        EdDSA => Verifier::new_without_digest(key)
            .unwrap()
            .verify_oneshot(signature, MESSAGE)
            .unwrap(),
        _ => {
            let mut verifier = Verifier::new(digest(algorithm), key).unwrap();
            if let Some(salt) = salt(algorithm) {
                verifier.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
                verifier.set_rsa_pss_saltlen(salt).unwrap();
            }
            verifier.verify_oneshot(signature, MESSAGE).unwrap()
        }
    }
}

/// The salt length in octets that RFC 7518 §3.5 wants.
fn salt(algorithm: Algorithm) -> Option<RsaPssSaltlen> {
    match algorithm {
        PS256 => Some(RsaPssSaltlen::custom(32)),
        PS384 => Some(RsaPssSaltlen::custom(48)),
        PS512 => Some(RsaPssSaltlen::custom(64)),
        _ => None,
    }
}

/// Signatures of every algorithm verify with the same algorithm.
#[test]
fn signatures_of_every_algorithm_verify() {
    for algorithm in ALL {
        let pair = pair(algorithm);
        let token = encode(
            &Header::new(algorithm),
            &json!({ "sub": "alice", "exp": 4_102_444_800_u64 }),
            &pair.encoding,
        )
        .unwrap();
        let claims = decode::<Value>(&token, &pair.decoding, &Validation::new(algorithm))
            .unwrap()
            .claims;
        assert_eq!(claims["sub"], "alice", "{algorithm:?}");

        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = signed.split_once('.').unwrap();
        let other = format!(
            "{header}.{}.{signature}",
            URL_SAFE_NO_PAD.encode(br#"{"sub":"mallory","exp":4102444800}"#)
        );
        let refused =
            decode::<Value>(&other, &pair.decoding, &Validation::new(algorithm)).unwrap_err();
        assert_eq!(
            *refused.kind(),
            ErrorKind::InvalidSignature,
            "{algorithm:?}"
        );
    }
}

#[test]
fn openssl_itself_accepts_every_signature() {
    for algorithm in ALL {
        let pair = pair(algorithm);
        let mut signature = sign(algorithm, &pair.encoding);
        assert!(
            openssl_verifies(algorithm, &pair.key, &signature),
            "{algorithm:?}"
        );
        assert!(
            verifies(algorithm, &pair.decoding, &signature),
            "{algorithm:?}"
        );
        signature[9] ^= 1;
        assert!(
            !verifies(algorithm, &pair.decoding, &signature),
            "{algorithm:?}"
        );
    }
}

/// RFC 7518 §3.5: the salt is as long as the hash, neither more nor less.
#[test]
fn another_salt_length_is_refused() {
    for algorithm in [PS256, PS384, PS512] {
        let pair = pair(algorithm);
        for length in [RsaPssSaltlen::custom(20), RsaPssSaltlen::MAXIMUM_LENGTH] {
            let mut signer = Signer::new(digest(algorithm), &pair.key).unwrap();
            signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
            signer.set_rsa_pss_saltlen(length).unwrap();
            assert!(
                !verifies(
                    algorithm,
                    &pair.decoding,
                    &signer.sign_oneshot_to_vec(MESSAGE).unwrap()
                ),
                "{algorithm:?}"
            );
        }
    }
}

#[test]
fn a_key_of_another_family_is_refused() {
    let pairs = [HS256, RS256, ES256, ES384, EdDSA].map(|algorithm| (algorithm, pair(algorithm)));
    for (of, pair) in &pairs {
        for algorithm in ALL {
            if algorithm.family() != of.family() {
                assert_eq!(
                    *crypto::sign(MESSAGE, &pair.encoding, algorithm)
                        .unwrap_err()
                        .kind(),
                    ErrorKind::InvalidKeyFormat
                );
                assert_eq!(
                    *crypto::verify("", MESSAGE, &pair.decoding, algorithm)
                        .unwrap_err()
                        .kind(),
                    ErrorKind::InvalidKeyFormat
                );
            }
        }
    }
}

#[test]
fn a_key_on_another_curve_is_refused() {
    for (algorithm, other) in [(ES256, pair(ES384)), (ES384, pair(ES256))] {
        assert_eq!(
            *crypto::sign(MESSAGE, &other.encoding, algorithm)
                .unwrap_err()
                .kind(),
            ErrorKind::InvalidKeyFormat
        );
        assert_eq!(
            *crypto::verify("", MESSAGE, &other.decoding, algorithm)
                .unwrap_err()
                .kind(),
            ErrorKind::InvalidKeyFormat
        );
        assert!(Jwk::from_encoding_key(&other.encoding, algorithm).is_err());
    }
}

/// A key that declares another key type than its own is refused.
#[test]
fn mislabeled_key_is_refused() {
    let rsa = pair(RS256).key.private_key_to_pkcs8().unwrap();
    let ec = pair(ES256).key.private_key_to_pkcs8().unwrap();
    for (key, algorithm) in [
        (EncodingKey::from_ec_der(&rsa), ES256),
        (EncodingKey::from_ed_der(&ec), EdDSA),
        (EncodingKey::from_rsa_der(&ec), RS256),
        (EncodingKey::from_rsa_der(&ec), PS256),
        (EncodingKey::from_ec_der(b"\x30\x03nonsense"), ES256),
    ] {
        assert_eq!(
            *crypto::sign(MESSAGE, &key, algorithm).unwrap_err().kind(),
            ErrorKind::InvalidKeyFormat,
            "{algorithm:?}"
        );
    }
}

/// RFC 7518 §3.4: the signature is R and S, each in full width.
#[test]
fn ecdsa_signatures_of_another_length_are_refused() {
    for algorithm in [ES256, ES384] {
        let pair = pair(algorithm);
        let signature = sign(algorithm, &pair.encoding);
        for length in 0..signature.len() {
            assert!(
                !verifies(algorithm, &pair.decoding, &signature[..length]),
                "{length} octets"
            );
        }
        assert!(!verifies(
            algorithm,
            &pair.decoding,
            &[&signature[..], &[0]].concat()
        ));
        assert!(!verifies(
            algorithm,
            &pair.decoding,
            &vec![0; signature.len()]
        ));
        assert!(!verifies(
            algorithm,
            &pair.decoding,
            &vec![0xff; signature.len()]
        ));
        let (r, s) = signature.split_at(signature.len() / 2);
        assert!(
            !verifies(algorithm, &pair.decoding, &[r, &[0], s].concat()),
            "the same numbers, one octet wider"
        );
        let der = EcdsaSig::from_private_components(
            BigNum::from_slice(r).unwrap(),
            BigNum::from_slice(s).unwrap(),
        )
        .unwrap();
        assert!(!verifies(algorithm, &pair.decoding, &der.to_der().unwrap()));
    }
}

/// R or S begins with a zero octet in one signature of 128, and a shorter half would be a different number.
#[test]
fn ecdsa_signatures_have_their_full_width() {
    for (algorithm, width) in [(ES256, 64), (ES384, 96)] {
        let pair = pair(algorithm);
        for _ in 0..600 {
            assert_eq!(sign(algorithm, &pair.encoding).len(), width);
        }
    }
}

#[test]
fn sec1_keys_are_refused() {
    keys::install();
    let key = ec(Nid::X9_62_PRIME256V1).ec_key().unwrap();
    let refused = EncodingKey::from_ec_pem(&key.private_key_to_pem().unwrap()).unwrap_err();
    assert_eq!(*refused.kind(), ErrorKind::InvalidKeyFormat);
    let sec1 = EncodingKey::from_ec_der(&key.private_key_to_der().unwrap());
    assert_eq!(
        *crypto::sign(MESSAGE, &sec1, ES256).unwrap_err().kind(),
        ErrorKind::InvalidKeyFormat
    );
}

#[test]
fn a_point_off_the_curve_is_refused() {
    keys::install();
    for point in [
        DecodingKey::from_ec_der(&[4; 65]),
        DecodingKey::from_ec_der(&[0]),
        DecodingKey::from_ec_der(&[]),
    ] {
        assert_eq!(
            *crypto::verify("", MESSAGE, &point, ES256)
                .unwrap_err()
                .kind(),
            ErrorKind::InvalidKeyFormat
        );
    }
    let short = DecodingKey::from_ed_der(&[1; 31]);
    assert_eq!(
        *crypto::verify("", MESSAGE, &short, EdDSA)
            .unwrap_err()
            .kind(),
        ErrorKind::InvalidKeyFormat
    );
}

/// RFC 7518 §6.2.1.2: a coordinate has the full width of the curve, also when it begins with a zero octet.
#[test]
fn exported_coordinates_have_their_full_width() {
    keys::install();
    for (algorithm, curve, width) in [
        (ES256, Nid::X9_62_PRIME256V1, 32),
        (ES384, Nid::SECP384R1, 48),
    ] {
        for _ in 0..600 {
            let jwk = Jwk::from_encoding_key(&encoding(AlgorithmFamily::Ec, &ec(curve)), algorithm)
                .unwrap();
            let AlgorithmParameters::EllipticCurve(parameters) = jwk.algorithm else {
                panic!("an EC key")
            };
            assert_eq!(
                (bytes(&parameters.x).len(), bytes(&parameters.y).len()),
                (width, width)
            );
        }
    }
}

#[test]
fn an_exported_key_verifies() {
    for algorithm in [RS256, PS384, ES256, ES384, EdDSA] {
        let pair = pair(algorithm);
        let jwk = Jwk::from_encoding_key(&pair.encoding, algorithm).unwrap();
        assert!(
            verifies(
                algorithm,
                &DecodingKey::from_jwk(&jwk).unwrap(),
                &sign(algorithm, &pair.encoding)
            ),
            "{algorithm:?}"
        );
        assert_eq!(
            Jwk::from_decoding_key(&pair.decoding, Some(algorithm)).unwrap(),
            jwk
        );
        for (hash, octets) in [
            (ThumbprintHash::SHA256, 32),
            (ThumbprintHash::SHA384, 48),
            (ThumbprintHash::SHA512, 64),
        ] {
            assert_eq!(bytes(&jwk.thumbprint(hash).unwrap()).len(), octets);
        }
    }
}

#[test]
fn installing_twice_does_no_harm() {
    keys::install();
    keys::install();
    assert!(verifies(
        HS256,
        &DecodingKey::from_secret(SHARED),
        &sign(HS256, &EncodingKey::from_secret(SHARED))
    ));
}

const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

/// RFC 7515 A.2.
#[test]
fn the_rs256_example_is_signed_and_verified() {
    keys::install();
    let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    let d = "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ";
    let p = "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc";
    let q = "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc";
    let dp = "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0";
    let dq = "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU";
    let qi = "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U";
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let message = format!("eyJhbGciOiJSUzI1NiJ9.{CLAIMS}");
    let key = Rsa::from_private_components(
        number(n),
        number("AQAB"),
        number(d),
        number(p),
        number(q),
        number(dp),
        number(dq),
        number(qi),
    );
    let encoding = encoding(AlgorithmFamily::Rsa, &PKey::from_rsa(key.unwrap()).unwrap());
    assert_eq!(
        crypto::sign(message.as_bytes(), &encoding, RS256).unwrap(),
        signature
    );
    let decoding = DecodingKey::from_rsa_components(n, "AQAB").unwrap();
    assert!(crypto::verify(signature, message.as_bytes(), &decoding, RS256).unwrap());
    assert!(!crypto::verify(signature, message.as_bytes(), &decoding, PS256).unwrap());
}

/// RFC 7515 A.3.
#[test]
fn the_es256_example_is_verified() {
    keys::install();
    let (x, y) = (
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    );
    let signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let message = format!("eyJhbGciOiJFUzI1NiJ9.{CLAIMS}");
    let decoding = DecodingKey::from_ec_components(x, y).unwrap();
    assert!(crypto::verify(signature, message.as_bytes(), &decoding, ES256).unwrap());

    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let secret = number("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI");
    let mut point = EcPoint::new(&group).unwrap();
    point
        .mul_generator2(
            &group,
            &secret,
            &mut openssl::bn::BigNumContext::new().unwrap(),
        )
        .unwrap();
    let key = PKey::from_ec_key(EcKey::from_private_components(&group, &secret, &point).unwrap())
        .unwrap();
    let ours = crypto::sign(
        message.as_bytes(),
        &encoding(AlgorithmFamily::Ec, &key),
        ES256,
    )
    .unwrap();
    assert!(crypto::verify(&ours, message.as_bytes(), &decoding, ES256).unwrap());
}

/// RFC 8037 A.4 and A.5.
#[test]
fn the_eddsa_example_is_signed_and_verified() {
    keys::install();
    let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let key = PKey::private_key_from_raw_bytes(
        &bytes("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"),
        Id::ED25519,
    )
    .unwrap();
    assert_eq!(
        crypto::sign(message, &encoding(AlgorithmFamily::Ed, &key), EdDSA).unwrap(),
        signature
    );
    let decoding =
        DecodingKey::from_ed_components("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
    assert!(crypto::verify(signature, message, &decoding, EdDSA).unwrap());
}
