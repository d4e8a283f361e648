//! The keys of a client: each must be a public key, and some must fit the algorithms that the client asked for. RFC 7517,
//! RFC 7518 §6, RFC 8037 §2.

mod certificates;
mod modulus;
mod octet_pair;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use protocol::values::{AuthMethod, SigningAlgorithm};
use protocol::{ClientMetadata, InvalidMember, Object, ProviderMetadata};
use serde_json::Value;

use self::octet_pair::OctetPairCurve;

/// The type of a key, by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClientKeyType {
    Rsa,
    /// An elliptic curve by its name.
    Ec(&'static str),
    Ed,
    /// A Montgomery curve, for key agreement only.
    X,
    /// An unknown type, which RFC 7517 §5 says to ignore.
    Unknown,
}

/// The use that a key is needed for.
#[derive(Debug, Clone, Copy)]
enum KeyUse {
    Signing,
    Encryption,
}

/// Checks the keys in `jwks`, and that the client has a key for each algorithm that it asks for. A client that authenticates with a
/// key and names no algorithm needs a key for one that the provider offers.
///
/// # Errors
/// When a key is malformed or missing. The reason never contains a key.
pub fn check(agreed: &ClientMetadata, provider: &ProviderMetadata) -> Result<(), InvalidMember> {
    let by_reference = agreed.jwks_uri.is_some();
    let keys = match &agreed.jwks {
        None => None,
        Some(set) => Some(
            set.keys()
                .map(|key| Ok((key, kind(key)?)))
                .collect::<Result<Vec<_>, &'static str>>()
                .map_err(|why| InvalidMember::new("jwks", why))?,
        ),
    };
    let fits = |key_use: KeyUse, algorithm: &str, wanted: &dyn Fn(ClientKeyType) -> bool| {
        by_reference
            || keys
                .iter()
                .flatten()
                .any(|(key, kind)| wanted(*kind) && serves(key, key_use) && is_for(key, algorithm))
    };
    let verifiable = |algorithm: &SigningAlgorithm| {
        fits(KeyUse::Signing, algorithm.as_str(), &|kind| {
            verifies(kind, algorithm)
        })
    };
    if agreed.token_endpoint_auth_method == Some(AuthMethod::PrivateKeyJwt) {
        let offered = provider
            .token_endpoint_auth_signing_alg_values_supported
            .as_deref();
        let wanted = agreed
            .token_endpoint_auth_signing_alg
            .as_ref()
            .map(std::slice::from_ref)
            .or(offered);
        let any = || {
            by_reference
                || keys
                    .iter()
                    .flatten()
                    .any(|(key, kind)| signs(*kind) && serves(key, KeyUse::Signing))
        };
        if !wanted.map_or_else(any, |wanted| {
            wanted
                .iter()
                .filter(|one| !is_symmetric_or_none(one.as_str()))
                .any(verifiable)
        }) {
            return Err(InvalidMember::new(
                "jwks",
                "has no key for token_endpoint_auth_method and its signing algorithm",
            ));
        }
    }
    for (row, held) in agreed
        .present()
        .filter(|(row, _)| row.name.ends_with("_alg"))
    {
        let (member, values) = (row.name, held.values());
        let Some(value) = values.first() else {
            continue;
        };
        let found = if member.ends_with("encrypted_response_alg") {
            encryption_key(value).is_none_or(|wanted| fits(KeyUse::Encryption, value, &wanted))
        } else if signed_by_client(member) {
            is_symmetric_or_none(value) || verifiable(&SigningAlgorithm::from(value.as_ref()))
        } else {
            true
        };
        if !found {
            return Err(InvalidMember::new(
                member,
                "requires a suitable key in jwks, or jwks_uri",
            ));
        }
    }
    Ok(())
}

/// Returns true for the members about signatures of the client, rather than of the provider.
fn signed_by_client(member: &str) -> bool {
    matches!(
        member,
        "request_object_signing_alg" | "backchannel_authentication_request_signing_alg"
    )
}

fn is_symmetric_or_none(algorithm: &str) -> bool {
    algorithm == "none" || SigningAlgorithm::from(algorithm).is_symmetric()
}

/// Returns the test for keys that an encryption to the client needs, or nothing for algorithms with a shared key.
fn encryption_key(algorithm: &str) -> Option<impl Fn(ClientKeyType) -> bool + use<>> {
    let rsa = algorithm.starts_with("RSA");
    let agreement = algorithm.starts_with("ECDH-ES");
    (rsa || agreement).then_some(move |kind| match kind {
        ClientKeyType::Rsa => rsa,
        ClientKeyType::Ec(_) | ClientKeyType::X => agreement,
        ClientKeyType::Ed | ClientKeyType::Unknown => false,
    })
}

fn signs(kind: ClientKeyType) -> bool {
    matches!(
        kind,
        ClientKeyType::Rsa | ClientKeyType::Ec(_) | ClientKeyType::Ed
    )
}

fn verifies(kind: ClientKeyType, algorithm: &SigningAlgorithm) -> bool {
    use SigningAlgorithm::{EdDsa, Es256, Es384, Es512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    match algorithm {
        Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512 => kind == ClientKeyType::Rsa,
        Es256 => kind == ClientKeyType::Ec("P-256"),
        Es384 => kind == ClientKeyType::Ec("P-384"),
        Es512 => kind == ClientKeyType::Ec("P-521"),
        EdDsa => kind == ClientKeyType::Ed,
        // An algorithm that is not known here: any key that signs may be for it.
        _ => signs(kind) || kind == ClientKeyType::Unknown,
    }
}

/// Returns true if `use` and `key_ops` of a key permit that use; an empty `key_ops` permits every use. RFC 7517 §4.2, §4.3.
fn serves(key: &Object, key_use: KeyUse) -> bool {
    let (usage, operations): (&str, &[&str]) = match key_use {
        KeyUse::Signing => ("sig", &["verify", "sign"]),
        KeyUse::Encryption => (
            "enc",
            &[
                "encrypt",
                "wrapKey",
                "deriveKey",
                "deriveBits",
                "decrypt",
                "unwrapKey",
            ],
        ),
    };
    let declared = key
        .get("key_ops")
        .and_then(Value::as_array)
        .filter(|declared| !declared.is_empty());
    key.get("use").is_none_or(|declared| declared == usage)
        && declared.is_none_or(|declared| {
            declared
                .iter()
                .filter_map(Value::as_str)
                .any(|one| operations.contains(&one))
        })
}

/// Returns true if `alg` of a key permits that algorithm, which may have two names. RFC 7517 §4.4, RFC 9864 §2.2.
fn is_for(key: &Object, algorithm: &str) -> bool {
    let edwards = |name: &str| matches!(name, "EdDSA" | "Ed25519" | "Ed448");
    key.get("alg")
        .and_then(Value::as_str)
        .is_none_or(|declared| declared == algorithm || (edwards(declared) && edwards(algorithm)))
}

/// Returns the type of a key.
///
/// # Errors
/// When it is malformed.
fn kind(key: &Object) -> Result<ClientKeyType, &'static str> {
    for member in ["use", "alg"] {
        if key.get(member).is_some_and(|value| !value.is_string()) {
            return Err("has a key whose use or alg is not a string");
        }
    }
    for member in ["kid", "alg"] {
        if key.get(member).is_some_and(|value| value == "") {
            return Err("has a key whose kid or alg is empty");
        }
    }
    certificates::check(key)?;
    let is_list = |value: &Value| {
        value
            .as_array()
            .is_some_and(|all| all.iter().all(Value::is_string))
    };
    if key.get("key_ops").is_some_and(|value| !is_list(value)) {
        return Err("has a key whose key_ops is not a list of strings");
    }
    match key.get("kty").and_then(Value::as_str) {
        Some("RSA") => rsa(key),
        Some("EC") => elliptic(key),
        Some("OKP") => octet_pair(key),
        _ => Ok(ClientKeyType::Unknown),
    }
}

/// Decodes a member in base64url without padding. RFC 7515 §2.
fn bytes(key: &Object, member: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(key.get(member)?.as_str()?).ok()
}

fn rsa(key: &Object) -> Result<ClientKeyType, &'static str> {
    const BROKEN: &str = "has an RSA key whose n or e is not base64url";
    let number = |member| {
        bytes(key, member)
            .and_then(|bytes| BigNum::from_slice(&bytes).ok())
            .ok_or(BROKEN)
    };
    let (modulus, exponent) = (number("n")?, number("e")?);
    if !modulus::has_length(&modulus) {
        return Err("has an RSA key that is not of 2048 to 16384 bits");
    }
    if modulus::has_small_factor(&modulus).unwrap_or(true) {
        return Err("has an RSA key whose n has a small factor");
    }
    if !exponent.is_bit_set(0) || exponent.num_bits() < 2 || exponent.num_bits() > 64 {
        return Err("has an RSA key whose e is not an odd number of 3 or more");
    }
    Ok(ClientKeyType::Rsa)
}

fn elliptic(key: &Object) -> Result<ClientKeyType, &'static str> {
    const OFF: &str = "has an EC key whose coordinates are not a point on its curve";
    let (curve, name, width) = match key.get("crv").and_then(Value::as_str) {
        Some("P-256") => (Nid::X9_62_PRIME256V1, "P-256", 32),
        Some("P-384") => (Nid::SECP384R1, "P-384", 48),
        Some("P-521") => (Nid::SECP521R1, "P-521", 66),
        Some("secp256k1") => (Nid::SECP256K1, "secp256k1", 32),
        Some(_) => return Ok(ClientKeyType::Unknown),
        None => return Err("has an EC key without crv"),
    };
    let coordinate = |member| {
        bytes(key, member)
            .filter(|bytes| bytes.len() == width)
            .and_then(|bytes| BigNum::from_slice(&bytes).ok())
            .ok_or(OFF)
    };
    let (x, y) = (coordinate("x")?, coordinate("y")?);
    let group = EcGroup::from_curve_name(curve).map_err(|_| OFF)?;
    let point = EcKey::from_public_key_affine_coordinates(&group, &x, &y).map_err(|_| OFF)?;
    point
        .check_key()
        .map(|()| ClientKeyType::Ec(name))
        .map_err(|_| OFF)
}

fn octet_pair(key: &Object) -> Result<ClientKeyType, &'static str> {
    let name = key
        .get("crv")
        .and_then(Value::as_str)
        .ok_or("has an OKP key without crv")?;
    let Some((curve, signs)) = OctetPairCurve::named(name) else {
        return Ok(ClientKeyType::Unknown);
    };
    match bytes(key, "x").filter(|x| curve.has_width(x)) {
        None => Err("has an OKP key whose x is not of its curve's length"),
        Some(x) if !curve.has_point(&x).unwrap_or(false) => {
            Err("has an OKP key that is not a point on its curve, or has a small order")
        }
        Some(_) => Ok(if signs {
            ClientKeyType::Ed
        } else {
            ClientKeyType::X
        }),
    }
}

#[cfg(test)]
mod tests {
    use protocol::{AdmissionRules, LegacyRedirects};
    use serde_json::json;

    use super::*;

    const N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    const X: &str = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
    const Y: &str = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";

    fn judge(members: &Value) -> Result<(), String> {
        let Value::Object(object) = members.clone() else {
            panic!()
        };
        let asked = ClientMetadata::parse(object).map_err(|invalid| invalid.to_string())?;
        let issuer = protocol::Issuer::parse("https://op.example").unwrap();
        let lists = json!({
            "id_token_encryption_alg_values_supported": ["RSA-OAEP", "ECDH-ES", "dir"],
            "request_object_signing_alg_values_supported": ["RS256", "ES256"],
        });
        let provider = ProviderMetadata::default_offer(issuer)
            .configure(lists.as_object().unwrap().clone())
            .unwrap();
        let agreed = provider
            .admit(
                asked,
                &AdmissionRules {
                    native_schemes: &[],
                    any_scope: false,
                    legacy: LegacyRedirects::Refused,
                },
            )
            .map_err(|invalid| invalid.to_string())?;
        check(agreed.members(), &provider).map_err(|invalid| invalid.to_string())
    }

    fn with_key(key: &Value) -> Result<(), String> {
        judge(&json!({ "redirect_uris": ["https://rp.example/cb"], "jwks": { "keys": [key] } }))
    }

    #[test]
    fn public_keys_of_every_known_type_are_accepted() {
        for key in [
            json!({ "kty": "RSA", "n": N, "e": "AQAB" }),
            json!({ "kty": "EC", "crv": "P-256", "x": X, "y": Y, "use": "sig", "kid": "1" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }),
            json!({ "kty": "OKP", "crv": "X25519", "x": "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08" }),
            json!({ "kty": "AKP", "pub": "of an unknown type" }),
        ] {
            assert_eq!(with_key(&key), Ok(()), "{key}");
        }
    }

    #[test]
    fn invalid_key_is_refused_without_echo() {
        for key in [
            json!({ "kty": "RSA", "n": N, "e": "AQAB", "d": "c2VjcmV0" }),
            json!({ "kty": "oct", "k": "c2VjcmV0" }),
            json!({ "kty": "RSA", "n": "c2VjcmV0", "e": "AQAB" }),
            json!({ "kty": "RSA", "n": N, "e": "AA" }),
            json!({ "kty": "RSA", "n": N, "e": "BA" }),
            json!({ "kty": "RSA", "n": format!("{N}=="), "e": "AQAB" }),
            json!({ "kty": "RSA", "e": "AQAB" }),
            json!({ "kty": "EC", "crv": "P-256", "x": X, "y": X }),
            json!({ "kty": "EC", "crv": "P-256", "x": "AQ", "y": Y }),
            json!({ "kty": "EC", "crv": "P-384", "x": X, "y": Y }),
            json!({ "kty": "EC", "x": X, "y": Y }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "c2VjcmV0" }),
            json!({ "kty": "RSA", "n": N, "e": "AQAB", "use": 1 }),
            json!({ "kty": "RSA", "n": N, "e": "AQAB", "key_ops": "verify" }),
            json!({ "kty": "RSA", "n": N, "e": "AQAB", "key_ops": [1] }),
            json!({ "kty": "RSA", "n": N, "e": "AQAB", "x5c": "c2VjcmV0" }),
        ] {
            let refusal = with_key(&key).unwrap_err();
            assert!(
                refusal.starts_with("jwks has a") && !refusal.contains("c2VjcmV0"),
                "{key}: {refusal}"
            );
        }
    }

    #[test]
    fn keys_fit_the_requested_algorithms() {
        let ec = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": X, "y": Y }] });
        let client = |members: Value| {
            let mut all = json!({ "redirect_uris": ["https://rp.example/cb"] });
            all.as_object_mut()
                .unwrap()
                .extend(members.as_object().unwrap().clone());
            judge(&all)
        };
        let jwt = "private_key_jwt";
        assert_eq!(
            client(json!({ "token_endpoint_auth_method": jwt, "jwks": ec })),
            Ok(())
        );
        assert_eq!(
            client(
                json!({ "token_endpoint_auth_method": jwt, "token_endpoint_auth_signing_alg": "ES256", "jwks": ec })
            ),
            Ok(())
        );
        assert!(client(json!({ "token_endpoint_auth_method": jwt, "token_endpoint_auth_signing_alg": "RS256", "jwks": ec })).is_err());
        assert_eq!(
            client(
                json!({ "token_endpoint_auth_method": jwt, "token_endpoint_auth_signing_alg": "RS256", "jwks_uri": "https://rp.example/jwks" })
            ),
            Ok(())
        );
        let mut for_encryption = ec.clone();
        for_encryption["keys"][0]["use"] = "enc".into();
        assert!(
            client(json!({ "token_endpoint_auth_method": jwt, "jwks": for_encryption })).is_err()
        );
        assert_eq!(
            client(json!({ "id_token_encrypted_response_alg": "ECDH-ES", "jwks": for_encryption })),
            Ok(())
        );
        assert!(
            client(json!({ "id_token_encrypted_response_alg": "RSA-OAEP", "jwks": ec })).is_err()
        );
        assert!(client(json!({ "id_token_encrypted_response_alg": "ECDH-ES" })).is_err());
        assert_eq!(
            client(json!({ "id_token_encrypted_response_alg": "dir" })),
            Ok(())
        );
        assert!(client(json!({ "request_object_signing_alg": "RS256", "jwks": ec })).is_err());
        assert_eq!(
            client(json!({ "request_object_signing_alg": "ES256", "jwks": ec })),
            Ok(())
        );
    }

    /// A key is not used if its own members exclude the use.
    #[test]
    fn key_excluded_by_its_own_members() {
        let key = |more: Value| {
            let mut key = json!({ "kty": "EC", "crv": "P-256", "x": X, "y": Y });
            key.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            json!({ "keys": [key] })
        };
        let fits = |more: Value, members: Value| {
            let mut all = json!({ "redirect_uris": ["https://rp.example/cb"], "jwks": key(more) });
            all.as_object_mut()
                .unwrap()
                .extend(members.as_object().unwrap().clone());
            judge(&all).is_ok()
        };
        let signs = || json!({ "token_endpoint_auth_method": "private_key_jwt" });
        let signs_es256 = || json!({ "request_object_signing_alg": "ES256" });
        let decrypts = || json!({ "id_token_encrypted_response_alg": "ECDH-ES" });
        for (own, signing, decrypting) in [
            (json!({}), true, true),
            (json!({ "alg": "ES256" }), true, false),
            (json!({ "alg": "RS256" }), false, false),
            (json!({ "alg": "ECDH-ES" }), false, true),
            (json!({ "key_ops": [] }), true, true),
            (json!({ "key_ops": ["verify"] }), true, false),
            (json!({ "key_ops": ["deriveKey"] }), false, true),
            (
                json!({ "use": "sig", "key_ops": ["deriveKey"] }),
                false,
                false,
            ),
        ] {
            assert_eq!(fits(own.clone(), signs()), signing, "{own}");
            assert_eq!(fits(own.clone(), signs_es256()), signing, "{own}");
            assert_eq!(fits(own.clone(), decrypts()), decrypting, "{own}");
        }
    }

    #[test]
    fn client_without_algorithm_has_an_offered_key() {
        let secp256k1 = json!({ "kty": "EC", "crv": "secp256k1", "x": "eb5mfvncu6xVoGKVzocLBwKb_NstzijZWfKBWxb4F5g", "y": "SDradyajxGVdpPv8DhEIqP0XtEimhVQZnEfQj_sQ1Lg" });
        let client = json!({ "redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [secp256k1] } });
        assert!(
            judge(&client)
                .unwrap_err()
                .starts_with("jwks has no key for")
        );
    }
}
