//! Software statements: whose are believed, what they override, and what each flaw is called.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};
use protocol::Clock;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::{Setup, TestServer};

pub(super) const AUDIENCE: &str = "http://localhost";
pub(super) const DIRECTORY: &str = "https://directory.example";

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The keys of the directory, one of each type.
pub(super) struct Directory {
    rsa: PKey<Private>,
    ec: PKey<Private>,
    ed: PKey<Private>,
}

impl Directory {
    pub(super) fn new() -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        Self {
            rsa: PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(),
            ec: PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap(),
            ed: PKey::generate_ed25519().unwrap(),
        }
    }

    /// Returns its JWK Set: two entries for the RSA key, of which one is for RS256 only.
    pub(super) fn jwks(&self) -> Value {
        let (rsa, ec) = (self.rsa.rsa().unwrap(), self.ec.ec_key().unwrap());
        let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
        ec.public_key()
            .affine_coordinates(
                ec.group(),
                &mut x,
                &mut y,
                &mut BigNumContext::new().unwrap(),
            )
            .unwrap();
        let (n, e) = (encode(rsa.n().to_vec()), encode(rsa.e().to_vec()));
        json!({ "keys": [
            { "kty": "RSA", "kid": "rsa", "n": n, "e": e },
            { "kty": "RSA", "kid": "rs256", "alg": "RS256", "n": n, "e": e },
            { "kty": "EC", "kid": "ec", "crv": "P-256", "x": encode(x.to_vec_padded(32).unwrap()), "y": encode(y.to_vec_padded(32).unwrap()) },
            { "kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": encode(self.ed.raw_public_key().unwrap()) },
        ] })
    }

    /// A statement signed as its header says, with the key of the type that takes.
    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(header, &claims.to_string())
    }

    fn sign_text(&self, header: &Value, claims: &str) -> String {
        let input = format!("{}.{}", encode(header.to_string()), encode(claims));
        let algorithm = header["alg"].as_str().unwrap_or_default();
        let digest = if algorithm == "RS384" {
            MessageDigest::sha384()
        } else {
            MessageDigest::sha256()
        };
        let signature = match algorithm {
            "none" => Vec::new(),
            "HS256" => {
                let public = PKey::hmac(&self.rsa.public_key_to_pem().unwrap()).unwrap();
                Signer::new(digest, &public)
                    .unwrap()
                    .sign_oneshot_to_vec(input.as_bytes())
                    .unwrap()
            }
            "EdDSA" => Signer::new_without_digest(&self.ed)
                .unwrap()
                .sign_oneshot_to_vec(input.as_bytes())
                .unwrap(),
            "ES256" => {
                let der = Signer::new(digest, &self.ec)
                    .unwrap()
                    .sign_oneshot_to_vec(input.as_bytes())
                    .unwrap();
                let pair = EcdsaSig::from_der(&der).unwrap();
                [
                    pair.r().to_vec_padded(32).unwrap(),
                    pair.s().to_vec_padded(32).unwrap(),
                ]
                .concat()
            }
            _ => {
                let mut signer = Signer::new(digest, &self.rsa).unwrap();
                if algorithm == "PS256" {
                    signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
                    signer
                        .set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)
                        .unwrap();
                }
                signer.sign_oneshot_to_vec(input.as_bytes()).unwrap()
            }
        };
        format!("{input}.{}", encode(signature))
    }
}

/// An open provider that trusts the directory, and the folder with the directory's keys.
fn trusting(directory: &Directory) -> (TestServer, TempDir) {
    let folder = TempDir::new().unwrap();
    let keys = folder.path().join("directory-jwks.json");
    std::fs::write(&keys, directory.jwks().to_string()).unwrap();
    let keys = keys.to_str().unwrap();
    let file = format!(
        "[[provider]]\nissuer = {AUDIENCE:?}\nregistration = \"open\"\n\
         [[provider.software_statement_issuer]]\nissuer = {DIRECTORY:?}\njwks_file = {keys:?}\n"
    );
    (Setup::new().file(&file).start(), folder)
}

pub(super) fn now() -> i64 {
    Clock::system().now().seconds()
}

pub(super) fn rs256() -> Value {
    json!({ "alg": "RS256", "kid": "rsa" })
}

/// Claims of a statement in force, with `more` over them; null takes a claim away.
fn claims(more: &Value) -> Value {
    let now = now();
    let mut claims = json!({ "iss": DIRECTORY, "aud": AUDIENCE, "iat": now, "exp": now + 300, "software_id": "4NRB1-0XZABZI9E6-5SM3R" });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}

pub(super) fn asked(statement: &str) -> Value {
    json!({ "redirect_uris": ["https://rp.example/cb"], "client_name": "As the client says", "software_statement": statement })
}

/// RFC 7591 §2.3, §3.1.1, §3.2.1: a trusted statement's claims take the place of plain members, and it comes back unmodified.
#[test]
fn trusted_statement_overrides_members() {
    let directory = Directory::new();
    let (server, _folder) = trusting(&directory);
    let statement = directory.sign(
        &json!({ "alg": "ES256", "kid": "ec", "typ": "JWT" }),
        &claims(&json!({
            "redirect_uris": ["https://signed.example/cb"], "client_name": "As the directory says", "client_name#fr": "Selon l'annuaire",
            "client_id": "chosen", "client_secret": "chosen", "software_statement": "another", "unknown": "teal", "org_id": 7,
        })),
    );
    let mut metadata = asked(&statement);
    metadata["client_uri"] = "https://rp.example/".into();
    metadata["software_id"] = "of the client".into();
    metadata["client_name#de"] = "Wie der Klient sagt".into();
    let client = server
        .request("POST", "/register")
        .json(&metadata)
        .send()
        .created();
    for (name, value) in [
        ("redirect_uris", json!(["https://signed.example/cb"])),
        ("client_name", json!("As the directory says")),
        ("client_name#fr", json!("Selon l'annuaire")),
        ("client_name#de", Value::Null),
        ("software_id", json!("4NRB1-0XZABZI9E6-5SM3R")),
        ("client_uri", json!("https://rp.example/")),
        ("software_statement", json!(statement)),
        ("unknown", Value::Null),
        ("iss", Value::Null),
        ("org_id", Value::Null),
    ] {
        assert_eq!(client.get(name).unwrap_or(&Value::Null), &value, "{name}");
    }
    assert_ne!(client["client_id"], "chosen");
    assert_ne!(client["client_secret"], "chosen");
    assert_eq!(server.manage("GET", &client).send().ok(), client);

    // An update is judged by the same rules, and one that is refused changes nothing.
    let mut update = asked("forged");
    update["client_id"] = client["client_id"].clone();
    server
        .manage("PUT", &client)
        .json(&update)
        .send()
        .refused(400, "invalid_software_statement");
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    update["software_statement"] = statement.clone().into();
    let updated = server.manage("PUT", &client).json(&update).send().ok();
    assert_eq!(
        (&updated["client_name"], &updated["software_statement"]),
        (&json!("As the directory says"), &json!(statement))
    );
}

/// RFC 7591 §2.3, RFC 8725 §3.1, §3.11: statements are accepted with the four algorithms, the
/// allowed types and a clock difference of a minute.
#[test]
fn valid_statement_is_accepted() {
    let directory = Directory::new();
    let (server, _folder) = trusting(&directory);
    let now = now();
    for (header, more) in [
        (rs256(), json!({})),
        (json!({ "alg": "RS256", "kid": "rs256" }), json!({})),
        (json!({ "alg": "RS256" }), json!({})),
        (json!({ "alg": "PS256", "kid": "rsa" }), json!({})),
        (json!({ "alg": "ES256", "kid": "ec" }), json!({})),
        (json!({ "alg": "EdDSA", "kid": "ed" }), json!({})),
        (
            json!({ "alg": "RS256", "typ": "software-statement+jwt" }),
            json!({}),
        ),
        (
            json!({ "alg": "RS256", "typ": "jwt", "x5c": ["ignored"], "jku": "https://127.0.0.1/ignored" }),
            json!({}),
        ),
        (
            rs256(),
            json!({ "aud": ["https://other.example", AUDIENCE] }),
        ),
        (rs256(), json!({ "exp": now - 30 })),
        (rs256(), json!({ "iat": now + 30, "nbf": now + 30 })),
        (rs256(), json!({ "exp": 4_102_444_800.5 })),
    ] {
        let statement = directory.sign(&header, &claims(&more));
        let client = server
            .request("POST", "/register")
            .json(&asked(&statement))
            .send()
            .created();
        assert_eq!(
            (&client["software_statement"], &client["software_id"]),
            (&json!(statement), &json!("4NRB1-0XZABZI9E6-5SM3R")),
            "{header} {more}"
        );
    }
}

/// RFC 7591 §3.2.2, RFC 8725 §3: unreadable, unsigned, badly signed, not in force or not for this provider is `invalid_software_statement`.
#[test]
fn a_flawed_statement_is_invalid() {
    let directory = Directory::new();
    let (server, _folder) = trusting(&directory);
    let stranger = Directory::new();
    let now = now();
    let good = directory.sign(&rs256(), &claims(&json!({})));
    let parts: Vec<&str> = good.split('.').collect();
    let other_claims = encode(claims(&json!({ "software_id": "forged" })).to_string());
    let own_key = json!({ "alg": "RS256", "kid": "rsa", "jwk": stranger.jwks()["keys"][0], "jku": "https://directory.example/forged" });
    let twice = format!(
        r#"{{"iss":{DIRECTORY:?},"aud":{AUDIENCE:?},"iat":{now},"exp":1,"exp":{}}}"#,
        now + 300
    );
    let mut flawed = vec![
        json!(7),
        json!({}),
        json!([good]),
        json!(true),
        json!("x"),
        json!(".."),
        json!("a.b.c"),
        json!(parts[..2].join(".")),
        json!(format!("{good}.x")),
        json!(format!("{good}=")),
        json!(format!(" {good}")),
        json!(format!("{}.{}.", parts[0], parts[1])),
        json!(format!("{}.{other_claims}.{}", parts[0], parts[2])),
        json!(format!(
            "{}.{}.{}",
            encode(r#"{"alg":"none"}"#),
            parts[1],
            parts[2]
        )),
        json!(stranger.sign(&rs256(), &claims(&json!({})))),
        json!(stranger.sign(&own_key, &claims(&json!({})))),
        json!(directory.sign_text(&rs256(), &twice)),
        json!(directory.sign_text(&rs256(), "[]")),
        json!(directory.sign(
            &rs256(),
            &claims(&json!({ "padding": "x".repeat(16 * 1024) }))
        )),
    ];
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "None" }),
        json!({}),
        json!({ "alg": 1 }),
        json!({ "alg": "HS256", "kid": "rsa" }),
        json!({ "alg": "RS384", "kid": "rsa" }),
        json!({ "alg": "PS256", "kid": "rs256" }),
        json!({ "alg": "RS256", "kid": "ec" }),
        json!({ "alg": "RS256", "kid": "unknown" }),
        json!({ "alg": "RS256", "kid": 1 }),
        json!({ "alg": "RS256", "crit": ["exp"], "exp": 1 }),
        json!({ "alg": "RS256", "crit": [] }),
        json!({ "alg": "RS256", "typ": "at+jwt" }),
        json!({ "alg": "RS256", "typ": 1 }),
    ] {
        flawed.push(directory.sign(&header, &claims(&json!({}))).into());
    }
    for more in [
        json!({ "iss": null }),
        json!({ "iss": 7 }),
        json!({ "aud": "https://other.example" }),
        json!({ "aud": format!("{AUDIENCE}/") }),
        json!({ "aud": [] }),
        json!({ "aud": [AUDIENCE, 7] }),
        json!({ "aud": { "a": AUDIENCE } }),
        json!({ "exp": now - 120 }),
        json!({ "exp": format!("{}", now + 300) }),
        json!({ "exp": true }),
        json!({ "iat": now + 120 }),
        json!({ "iat": "now" }),
        json!({ "nbf": now + 120 }),
        json!({ "nbf": "now" }),
        json!({ "nbf": [] }),
    ] {
        flawed.push(directory.sign(&rs256(), &claims(&more)).into());
    }
    for statement in flawed {
        let mut metadata = asked("");
        metadata["software_statement"] = statement.clone();
        let told = server
            .request("POST", "/register")
            .json(&metadata)
            .send()
            .refused(400, "invalid_software_statement");
        assert!(
            told.starts_with("software_statement ") && told.ends_with('.'),
            "{statement}: {told}"
        );
    }
    assert!(server.clients().is_empty());
}

/// RFC 7591 §3.2.2: a readable statement of an untrusted issuer is answered with
/// `unapproved_software_statement`, independent of its signature.
#[test]
fn untrusted_statement_is_unapproved() {
    let directory = Directory::new();
    let (server, _folder) = trusting(&directory);
    for issuer in [
        "https://other.example",
        "https://directory.example/",
        "HTTPS://directory.example",
        "https://directory.example.evil",
        "",
    ] {
        let statement = directory.sign(&rs256(), &claims(&json!({ "iss": issuer })));
        let told = server
            .request("POST", "/register")
            .json(&asked(&statement))
            .send()
            .refused(400, "unapproved_software_statement");
        assert_eq!(
            told, "The software statement comes from an issuer this provider does not trust.",
            "{issuer}"
        );
    }
    let unsigned = directory.sign(
        &rs256(),
        &claims(&json!({ "iss": "https://other.example", "exp": 1 })),
    );
    let (signed, _) = unsigned.rsplit_once('.').unwrap();
    server
        .request("POST", "/register")
        .json(&asked(&format!("{signed}.AAAA")))
        .send()
        .refused(400, "unapproved_software_statement");
    let trusting_nobody = TestServer::open();
    let statement = directory.sign(
        &rs256(),
        &claims(&json!({ "aud": trusting_nobody.issuer() })),
    );
    trusting_nobody
        .request("POST", "/register")
        .json(&asked(&statement))
        .send()
        .refused(400, "unapproved_software_statement");
    assert!(server.clients().is_empty());
    assert!(trusting_nobody.clients().is_empty());
}

/// RFC 7591 §2.3, §3.2.2: the claims of a statement follow the rules of the client's own members.
#[test]
fn claims_follow_the_member_rules() {
    let directory = Directory::new();
    let (server, _folder) = trusting(&directory);
    for (more, error) in [
        (
            json!({ "redirect_uris": ["javascript:alert(1)"] }),
            "invalid_redirect_uri",
        ),
        (
            json!({ "redirect_uris": ["http://rp.example/"] }),
            "invalid_redirect_uri",
        ),
        (
            json!({ "grant_types": ["urn:x"] }),
            "invalid_client_metadata",
        ),
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt" }),
            "invalid_client_metadata",
        ),
        (
            json!({ "jwks_uri": "https://127.0.0.1/jwks" }),
            "invalid_client_metadata",
        ),
        (json!({ "client_name": 7 }), "invalid_client_metadata"),
    ] {
        let statement = directory.sign(&rs256(), &claims(&more));
        server
            .request("POST", "/register")
            .json(&asked(&statement))
            .send()
            .refused(400, error);
    }
    assert!(server.clients().is_empty());
}

/// PostgreSQL §8.14: claims are read as strictly as a body; a text with U+0000 is no statement.
#[test]
fn nul_is_refused_in_statements() {
    let directory = Directory::new();
    let (server, _folder) = trusting(&directory);
    let of = |more: &Value| asked(&directory.sign(&rs256(), &claims(more)));
    server
        .request("POST", "/register")
        .json(&of(&json!({ "client_name": "Vouched for" })))
        .send()
        .created();
    for more in [
        json!({ "client_name": "a\0" }),
        json!({ "jwks": { "keys": [{ "kty": "new", "kid": "\0" }] } }),
        json!({ "jwks": { "keys": [{ "kty": "new", "a\0": 1 }] } }),
        json!({ "unknown": ["\0"] }),
    ] {
        server
            .request("POST", "/register")
            .json(&of(&more))
            .send()
            .refused(400, "invalid_software_statement");
    }
    let header = asked(&directory.sign(
        &json!({ "alg": "RS256", "kid": "rsa", "more": "\0" }),
        &claims(&json!({})),
    ));
    server
        .request("POST", "/register")
        .json(&header)
        .send()
        .refused(400, "invalid_software_statement");
    assert_eq!(server.clients().len(), 1);
}
