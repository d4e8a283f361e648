//! Public keys that are no points, or whose secret can be computed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::BigNum;
use openssl::pkey::PKey;
use serde_json::{Value, json};

use super::support::TestServer;

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn octet_pair(curve: &str, x: &[u8]) -> Value {
    json!({ "kty": "OKP", "crv": curve, "x": encode(x) })
}

fn rsa(modulus: &BigNum) -> Value {
    json!({ "kty": "RSA", "n": encode(&modulus.to_vec()), "e": "AQAB" })
}

/// A number of the form `2^2047 + addend`.
fn number(addend: u32) -> BigNum {
    let mut number = BigNum::from_u32(addend).unwrap();
    number.set_bit(2047).unwrap();
    number
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    BigNum::from_hex_str(&format!("01{hexadecimal}"))
        .unwrap()
        .to_vec()
        .split_off(1)
}

/// The encodings of points of small order, by RFC 8032 and as some programs read them, and what is no encoding at all.
fn no_points() -> Vec<Value> {
    let small = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    let montgomery = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    let of = |curve: &'static str| move |text: &&str| octet_pair(curve, &bytes(text));
    let whole = [("Ed25519", 32), ("X25519", 32), ("Ed448", 57), ("X448", 56)];
    let whole = whole.into_iter().flat_map(|(curve, width)| {
        [
            octet_pair(curve, &vec![0; width]),
            octet_pair(curve, &vec![0xff; width]),
        ]
    });
    // No x belongs to y = 2.
    let undecodable = octet_pair(
        "Ed25519",
        &bytes("0200000000000000000000000000000000000000000000000000000000000000"),
    );
    small
        .iter()
        .map(of("Ed25519"))
        .chain(montgomery.iter().map(of("X25519")))
        .chain(whole)
        .chain([undecodable])
        .collect()
}

/// RFC 8037 §2, RFC 8032 §5.1.3, RFC 7748 §6: a key is a point of its curve, and no secret is known beforehand.
#[test]
fn points_of_small_order_are_refused() {
    let server = TestServer::open();
    let client = server.client();
    let told = "jwks has an OKP key that is not a point on its curve, or has a small order.";
    for key in no_points() {
        let mut body =
            json!({ "redirect_uris": ["https://rp.example/cb"], "jwks": { "keys": [key] } });
        assert_eq!(
            server
                .request("POST", "/register")
                .json(&body)
                .send()
                .refused(400, "invalid_client_metadata"),
            told,
            "{key}"
        );
        body["client_id"] = client["client_id"].clone();
        assert_eq!(
            server
                .manage("PUT", &client)
                .json(&body)
                .send()
                .refused(400, "invalid_client_metadata"),
            told,
            "{key}"
        );
    }
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    assert_eq!(server.clients().len(), 1);
}

/// RFC 7518 §6.3.1.1: a modulus is the product of two large primes.
#[test]
fn moduli_with_small_factors_are_refused() {
    let server = TestServer::open();
    let told = "jwks has an RSA key whose n has a small factor.";
    let mut multiple = number(0);
    multiple.mul_word(3).unwrap();
    multiple.add_word(3).unwrap();
    // 2^2047 + 1 is a multiple of 3, since -1 to an odd power is -1.
    for modulus in [number(1), number(0), number(2), multiple] {
        let body = json!({ "redirect_uris": ["https://rp.example/cb"], "jwks": { "keys": [rsa(&modulus)] } });
        assert_eq!(
            server
                .request("POST", "/register")
                .json(&body)
                .send()
                .refused(400, "invalid_client_metadata"),
            told
        );
    }
    assert!(server.clients().is_empty());
}

/// RFC 7517 §A.1, RFC 8037 §A.2, §A.6, RFC 8032 §7.4, RFC 7748 §6.2: the keys of the specifications are accepted.
#[test]
fn keys_of_the_specifications_are_accepted() {
    let server = TestServer::open();
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let keys = json!([
        { "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256" },
        { "kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM" },
        { "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
        { "kty": "OKP", "crv": "X25519", "x": "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08" },
        octet_pair("Ed448", &bytes("5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180")),
        octet_pair("X448", &bytes("9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0")),
        octet_pair("Ed25519", &PKey::generate_ed25519().unwrap().raw_public_key().unwrap()),
    ]);
    let body = json!({ "redirect_uris": ["https://rp.example/cb"], "jwks": { "keys": keys } });
    let client = server
        .request("POST", "/register")
        .json(&body)
        .send()
        .created();
    assert_eq!(client["jwks"]["keys"], keys);
}

/// The public key of RFC 8037 §A.2, with more members.
fn key(more: &Value) -> Value {
    let mut key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let members = key.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    key
}

fn client_with(keys: &[Value]) -> Value {
    json!({ "redirect_uris": ["https://rp.example/cb"], "jwks": { "keys": keys } })
}

/// RFC 7517 §4.4 to §4.9: members about certificates have their form, and identifiers are not empty, with every method
/// and every type of key.
#[test]
fn members_of_keys_have_their_form() {
    let server = TestServer::open();
    let client = server.client();
    let chain = "has a key whose x5c is not a list of certificates in base64";
    let thumbprint = "has a key whose x5t or x5t#S256 is not base64url";
    let address = "has a key whose x5u is not a string";
    let empty = "has a key whose kid or alg is empty";
    for (more, told) in [
        (json!({ "x5c": "abc" }), chain),
        (json!({ "x5c": [] }), chain),
        (json!({ "x5c": [7] }), chain),
        (json!({ "x5c": ["not base64!"] }), chain),
        (json!({ "x5c": ["MIIB", ""] }), chain),
        (json!({ "x5c": ["_-8="] }), chain),
        (json!({ "x5c": { "0": "MIIB" } }), chain),
        (json!({ "x5c": null }), chain),
        (json!({ "x5t": 7 }), thumbprint),
        (json!({ "x5t": "" }), thumbprint),
        (json!({ "x5t": ["dGh1bWI"] }), thumbprint),
        (json!({ "x5t": "a thumbprint" }), thumbprint),
        (json!({ "x5t#S256": false }), thumbprint),
        (json!({ "x5t#S256": "+/+/" }), thumbprint),
        (json!({ "x5u": 7 }), address),
        (json!({ "x5u": ["https://rp.example/x"] }), address),
        (json!({ "kid": "" }), empty),
        (json!({ "alg": "" }), empty),
    ] {
        let unknown = {
            let mut key = key(&more);
            key["kty"] = "of a new type".into();
            key
        };
        for key in [key(&more), unknown] {
            for method in ["client_secret_basic", "none", "private_key_jwt"] {
                let mut body = client_with(std::slice::from_ref(&key));
                body["token_endpoint_auth_method"] = method.into();
                let answer = server.request("POST", "/register").json(&body).send();
                let said = answer.refused(400, "invalid_client_metadata");
                assert_eq!(said, format!("jwks {told}."), "{body}");
                body["client_id"] = client["client_id"].clone();
                let answer = server.manage("PUT", &client).json(&body).send();
                assert_eq!(answer.refused(400, "invalid_client_metadata"), said);
            }
        }
    }
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    assert_eq!(server.clients().len(), 1);
    let good = key(&json!({
        "kid": "1", "alg": "EdDSA", "x5c": ["MIIBszCCAVmg", "MIIB"], "x5t": "dGh1bWJwcmludA", "x5t#S256": "dGh1bWI-_w",
        "x5u": "https://rp.example/chain.pem",
    }));
    let answer = server
        .request("POST", "/register")
        .json(&client_with(std::slice::from_ref(&good)))
        .send();
    assert_eq!(answer.created()["jwks"]["keys"], json!([good]));
}

/// RFC 7517 §4.5: keys may share an identifier if their types differ, as alternatives for one purpose; of one type each has its own.
#[test]
fn keys_of_different_types_share_a_kid() {
    let server = TestServer::open();
    let elliptic = json!({ "kty": "EC", "crv": "P-256", "kid": "1", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM" });
    let pair = key(&json!({ "kid": "1" }));
    let both = client_with(&[elliptic.clone(), pair.clone()]);
    let client = server
        .request("POST", "/register")
        .json(&both)
        .send()
        .created();
    assert_eq!(client["jwks"], both["jwks"]);
    for keys in [[&elliptic, &elliptic], [&pair, &pair]] {
        let mut body = client_with(&keys.map(Clone::clone));
        let answer = server.request("POST", "/register").json(&body).send();
        let told = answer.refused(400, "invalid_client_metadata");
        assert_eq!(told, "jwks has two keys with the same kid and kty.");
        body["client_id"] = client["client_id"].clone();
        let answer = server.manage("PUT", &client).json(&body).send();
        assert_eq!(answer.refused(400, "invalid_client_metadata"), told);
    }
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    assert_eq!(server.clients().len(), 1);
}
