//! Requested metadata, and the metadata agreed to.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::rsa::Rsa;
use protocol::Clock;
use serde_json::{Value, json};

use super::support::{Setup, TestServer};

/// A public RSA key of 2048 bits.
fn public_key() -> Value {
    let key = Rsa::generate(2048).unwrap();
    let text = |number: &openssl::bn::BigNumRef| URL_SAFE_NO_PAD.encode(number.to_vec());
    json!({ "kty": "RSA", "use": "sig", "kid": "one", "n": text(key.n()), "e": text(key.e()) })
}

/// `{ "redirect_uris": …, more… }`.
fn with(more: &Value) -> Value {
    let mut metadata = json!({ "redirect_uris": ["https://rp.example/cb"] });
    for (name, value) in more.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    metadata
}

/// The members of an answer that the client chose or was given a default for.
fn agreed(mut information: Value) -> Value {
    let members = information.as_object_mut().unwrap();
    for issued in [
        "client_id",
        "client_secret",
        "client_secret_expires_at",
        "client_id_issued_at",
        "registration_access_token",
        "registration_client_uri",
    ] {
        members.remove(issued);
    }
    information
}

/// RFC 7591 §3.2.1, §2, OIDC Registration §2: the answer has the issued values and all agreed
/// metadata, defaults included.
#[test]
fn minimal_client_gets_every_default() {
    let server = TestServer::open();
    let before = Clock::system().now().seconds();
    let client = server
        .request("POST", "/register")
        .json(&json!({ "redirect_uris": ["https://rp.example/cb?a=b&c=%2F"] }))
        .send()
        .created();
    let after = Clock::system().now().seconds();
    let id = client["client_id"].as_str().unwrap();
    let (secret, token) = (
        client["client_secret"].as_str().unwrap(),
        client["registration_access_token"].as_str().unwrap(),
    );
    assert!((before..=after).contains(&client["client_id_issued_at"].as_i64().unwrap()));
    assert!(token.starts_with("rat_") && token.len() == 47 && secret.len() == 43);
    for text in [id, secret, token] {
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'),
            "{text}"
        );
    }
    assert_eq!(
        client,
        json!({
            "client_id": id,
            "client_secret": secret,
            "client_secret_expires_at": 0,
            "client_id_issued_at": client["client_id_issued_at"],
            "registration_access_token": token,
            "registration_client_uri": format!("{}/register/{id}", server.issuer()),
            "redirect_uris": ["https://rp.example/cb?a=b&c=%2F"],
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "application_type": "web",
            "id_token_signed_response_alg": "RS256",
            "require_auth_time": false,
        })
    );
    let other = server
        .request("POST", "/register")
        .json(&json!({ "redirect_uris": ["https://rp.example/cb?a=b&c=%2F"] }))
        .send()
        .created();
    for own in [
        "client_id",
        "client_secret",
        "registration_access_token",
        "registration_client_uri",
    ] {
        assert_ne!(client[own], other[own], "{own}");
    }
}

/// RFC 7591 §2: unknown members are ignored, and null or empty members count as absent.
#[test]
fn unknown_members_are_ignored() {
    let server = TestServer::open();
    let plain = agreed(
        server
            .request("POST", "/register")
            .json(&with(&json!({})))
            .send()
            .created(),
    );
    for more in [
        json!({ "favourite_colour": "teal", "ext_param_owner": "bob", "id_token_token_binding_cnf": "tbh", "__proto__": { "a": 1 } }),
        json!({ "redirect_uris#en": ["https://evil.example/"], "scope#en": "openid", "": 1, "Client_Name": "x", "client_name ": "x" }),
        json!({ "client_name": null, "client_uri": null, "scope": null, "contacts": null, "jwks": null, "jwks_uri": null, "software_statement": null }),
        json!({ "client_name": "", "client_uri": "", "scope": "", "jwks_uri": "", "software_id": "", "software_statement": "", "logo_uri#fr": "" }),
        json!({ "grant_types": null, "response_types": [], "token_endpoint_auth_method": "", "application_type": null, "default_max_age": null }),
    ] {
        assert_eq!(
            agreed(
                server
                    .request("POST", "/register")
                    .json(&with(&more))
                    .send()
                    .created()
            ),
            plain,
            "{more}"
        );
    }
    for client in server.clients() {
        assert_eq!(client["metadata"], plain);
    }
}

/// RFC 7591 §3.2.1, RFC 9700 §4.15: a client does not choose the values that the provider issues.
#[test]
fn issued_members_are_ignored_in_requests() {
    let server = TestServer::open();
    let chosen = json!({
        "client_id": "chosen", "client_secret": "chosen", "client_id_issued_at": 1, "client_secret_expires_at": 1,
        "registration_access_token": "rat_chosen", "registration_client_uri": "https://evil.example/", "redirect_uris": ["https://rp.example/cb"],
    });
    let client = server
        .request("POST", "/register")
        .json(&chosen)
        .send()
        .created();
    for own in [
        "client_id",
        "client_secret",
        "client_id_issued_at",
        "registration_access_token",
        "registration_client_uri",
    ] {
        assert_ne!(client[own], chosen[own], "{own}");
    }
    assert_eq!(client["client_secret_expires_at"], 0);
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    server
        .request("GET", "/register/chosen")
        .bearer("rat_chosen")
        .send()
        .refused(401, "invalid_token");
}

/// OIDC Registration §2.1, RFC 7591 §2.2: human-readable members come in languages, each under the name it was sent with.
#[test]
fn human_readable_members_come_in_languages() {
    let server = TestServer::open();
    let asked = json!({
        "redirect_uris": ["https://rp.example/cb"],
        "client_name": "A \u{22}client\u{22}", "client_name#ja-Jpan-JP": "クライアント名", "client_name#de-CH": "Ein Klient",
        "client_uri": "https://rp.example/", "client_uri#fr": "http://rp.example/fr", "logo_uri#en": "https://rp.example/logo.png",
        "policy_uri#fr": "https://rp.example/fr/policy", "tos_uri#x-pig-latin": "https://rp.example/tos",
    });
    let client = server
        .request("POST", "/register")
        .json(&asked)
        .send()
        .created();
    for (name, value) in asked.as_object().unwrap() {
        assert_eq!(&client[name], value, "{name}");
    }
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    let tags = |count: u8| -> Value {
        let names = (0..count).map(|at| {
            (
                format!("client_name#a{}", char::from(b'a' + at)),
                Value::from("x"),
            )
        });
        with(&Value::Object(names.collect()))
    };
    server
        .request("POST", "/register")
        .json(&tags(20))
        .send()
        .created();
    for metadata in [
        with(&json!({ "client_name#": "x" })),
        with(&json!({ "client_name#not a tag": "x" })),
        with(&json!({ "client_name#en": "x", "client_name#EN": "y" })),
        with(&json!({ "client_name#en": 1 })),
        with(&json!({ "logo_uri#en": "javascript:alert(1)" })),
        tags(21),
    ] {
        server
            .request("POST", "/register")
            .json(&metadata)
            .send()
            .refused(400, "invalid_client_metadata");
    }
    assert_eq!(server.clients().len(), 2);
}

/// RFC 7591 §3.2.1: a secret is issued exactly if the agreed method needs it, with a number for its
/// expiry.
#[test]
fn secret_is_issued_only_if_needed() {
    let server = Setup::new()
        .with("FRONTDESK_REGISTRATION", "open")
        .with("FRONTDESK_CLIENT_SECRET_LIFETIME", "90d")
        .start();
    let keys = json!({ "keys": [public_key()] });
    for (more, needed) in [
        (json!({}), true),
        (
            json!({ "token_endpoint_auth_method": "client_secret_basic" }),
            true,
        ),
        (
            json!({ "token_endpoint_auth_method": "client_secret_post" }),
            true,
        ),
        (json!({ "token_endpoint_auth_method": "none" }), false),
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": keys }),
            false,
        ),
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://rp.example/jwks" }),
            false,
        ),
    ] {
        let client = server
            .request("POST", "/register")
            .json(&with(&more))
            .send()
            .created();
        assert_eq!(client["client_secret"].is_string(), needed, "{more}");
        let expires =
            needed.then(|| client["client_id_issued_at"].as_i64().unwrap() + 90 * 24 * 3600);
        assert_eq!(
            client
                .get("client_secret_expires_at")
                .map(|at| at.as_i64().unwrap()),
            expires,
            "{more}"
        );
        assert_eq!(server.manage("GET", &client).send().ok(), client);
    }
}

/// OIDC Core §10.1: an algorithm with a shared key needs the secret even when the method does not; a client that does not
/// authenticate cannot keep one.
#[test]
fn an_algorithm_with_a_shared_key_needs_a_secret() {
    let server = Setup::new()
        .file(
            "[[provider]]\nissuer = \"http://localhost\"\nregistration = \"open\"\n[provider.metadata]\n\
             id_token_signing_alg_values_supported = [\"RS256\", \"HS256\"]\n",
        )
        .start();
    let register = |more: &Value| {
        server
            .request("POST", "/register")
            .json(&with(more))
            .send()
            .created()
    };
    let keys = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://rp.example/jwks" });
    assert_eq!(register(&keys).get("client_secret"), None);
    let mut shared = keys;
    shared["id_token_signed_response_alg"] = "HS256".into();
    let shared = register(&shared);
    assert!(shared["client_secret"].is_string() && shared["client_secret_expires_at"] == 0);
    let public = register(
        &json!({ "token_endpoint_auth_method": "none", "id_token_signed_response_alg": "RS256" }),
    );
    assert_eq!(
        (
            public.get("client_secret"),
            public.get("client_secret_expires_at")
        ),
        (None, None)
    );
    let asked = with(
        &json!({ "token_endpoint_auth_method": "none", "id_token_signed_response_alg": "HS256" }),
    );
    let told = server
        .request("POST", "/register")
        .json(&asked)
        .send()
        .refused(400, "invalid_client_metadata");
    assert_eq!(
        told,
        "id_token_signed_response_alg must not use a shared secret when token_endpoint_auth_method is none."
    );
    assert_eq!(server.clients().len(), 3);
}

/// RFC 7591 §2.1, §3.2.1: lists are narrowed to the offer, grants and response types are made
/// consistent, and values without a governing list are left out; the answer has the agreed
/// metadata.
#[test]
fn answer_has_the_agreed_metadata() {
    let server = TestServer::open();
    for (asked, expected) in [
        (
            json!({ "grant_types": ["authorization_code", "urn:x:other"] }),
            json!({ "grant_types": ["authorization_code"], "response_types": ["code"] }),
        ),
        (
            json!({ "response_types": ["code", "code id_token"] }),
            json!({ "grant_types": ["authorization_code"], "response_types": ["code"] }),
        ),
        (
            json!({ "response_types": ["token id_token"] }),
            json!({ "grant_types": ["implicit"], "response_types": ["id_token token"] }),
        ),
        (
            json!({ "grant_types": ["implicit"] }),
            json!({ "grant_types": ["implicit"], "response_types": ["id_token", "id_token token", "token"] }),
        ),
        (
            json!({ "grant_types": ["authorization_code", "implicit", "refresh_token"], "response_types": ["code"] }),
            json!({ "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"] }),
        ),
        (
            json!({ "grant_types": ["authorization_code"], "response_types": ["code", "id_token"] }),
            json!({ "grant_types": ["authorization_code"], "response_types": ["code"] }),
        ),
        (
            json!({ "grant_types": ["client_credentials"], "redirect_uris": null }),
            json!({ "grant_types": ["client_credentials"], "response_types": [] }),
        ),
        (
            json!({ "scope": "openid admin email" }),
            json!({ "scope": "openid email" }),
        ),
        (
            json!({ "userinfo_signed_response_alg": "RS256" }),
            json!({ "userinfo_signed_response_alg": null }),
        ),
        (
            json!({ "request_object_signing_alg": "none" }),
            json!({ "request_object_signing_alg": null }),
        ),
        (
            json!({ "default_acr_values": ["urn:x"] }),
            json!({ "default_acr_values": null }),
        ),
        (
            json!({ "response_modes": ["query", "jwt"] }),
            json!({ "response_modes": ["query"] }),
        ),
        (
            json!({ "default_max_age": 86400, "require_auth_time": true }),
            json!({ "default_max_age": 86400, "require_auth_time": true }),
        ),
        (
            json!({ "default_max_age": 60.0 }),
            json!({ "default_max_age": 60 }),
        ),
        (
            json!({ "id_token_signed_response_alg": "ES256" }),
            json!({ "id_token_signed_response_alg": "ES256" }),
        ),
    ] {
        let client = server
            .request("POST", "/register")
            .json(&with(&asked))
            .send()
            .created();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(client.get(name).unwrap_or(&Value::Null), value, "{asked}");
        }
    }
}

/// RFC 7591 §3.2.2: invalid metadata is refused with a sentence that names the member and repeats
/// none of its value.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn invalid_metadata_is_refused_by_name() {
    let server = TestServer::open();
    let key = public_key();
    let private = || {
        let mut key = key.clone();
        key["d"] = "c2VjcmV0".into();
        json!({ "keys": [key] })
    };
    for (member, more) in [
        ("grant_types", json!({ "grant_types": ["urn:x:secret"] })),
        (
            "response_types",
            json!({ "response_types": ["code secret"] }),
        ),
        (
            "grant_types",
            json!({ "grant_types": ["authorization_code"], "response_types": ["id_token"] }),
        ),
        (
            "grant_types",
            json!({ "grant_types": "authorization_code" }),
        ),
        ("grant_types", json!({ "grant_types": [null] })),
        ("scope", json!({ "scope": "openid  email" })),
        ("scope", json!({ "scope": ["openid"] })),
        (
            "token_endpoint_auth_method",
            json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
        ),
        (
            "token_endpoint_auth_method",
            json!({ "token_endpoint_auth_method": "private_key_jwt" }),
        ),
        (
            "token_endpoint_auth_method",
            json!({ "token_endpoint_auth_method": "none", "grant_types": ["client_credentials"] }),
        ),
        (
            "token_endpoint_auth_signing_alg",
            json!({ "token_endpoint_auth_signing_alg": "none" }),
        ),
        (
            "token_endpoint_auth_signing_alg",
            json!({ "token_endpoint_auth_signing_alg": "HS256" }),
        ),
        (
            "id_token_signed_response_alg",
            json!({ "id_token_signed_response_alg": "none" }),
        ),
        ("subject_type", json!({ "subject_type": "secret" })),
        (
            "subject_type",
            json!({ "subject_type": "pairwise", "redirect_uris": ["https://a.example/", "https://b.example/"] }),
        ),
        ("application_type", json!({ "application_type": "secret" })),
        ("client_name", json!({ "client_name": "secret".repeat(50) })),
        ("client_name", json!({ "client_name": "secret\u{2028}" })),
        ("client_name", json!({ "client_name": "secret\u{202e}" })),
        ("client_name", json!({ "client_name": ["secret"] })),
        (
            "client_uri",
            json!({ "client_uri": "javascript:alert('secret')" }),
        ),
        (
            "logo_uri",
            json!({ "logo_uri": "data:image/png;base64,secret" }),
        ),
        (
            "tos_uri",
            json!({ "tos_uri": "https://user:secret@rp.example/" }),
        ),
        ("policy_uri", json!({ "policy_uri": "/secret" })),
        ("contacts", json!({ "contacts": "secret@rp.example" })),
        ("contacts", json!({ "contacts": ["secret\n"] })),
        ("jwks", json!({ "jwks": { "keys": [key, key] } })),
        ("jwks", json!({ "jwks": private() })),
        (
            "jwks",
            json!({ "jwks": { "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] } }),
        ),
        (
            "jwks",
            json!({ "jwks": { "keys": [{ "kty": "RSA", "n": "c2VjcmV0", "e": "AQAB" }] } }),
        ),
        ("jwks", json!({ "jwks": { "keys": [] } })),
        ("jwks", json!({ "jwks": "secret" })),
        (
            "jwks",
            json!({ "jwks": { "keys": [key] }, "jwks_uri": "https://rp.example/jwks" }),
        ),
        (
            "jwks_uri",
            json!({ "jwks_uri": "http://rp.example/secret" }),
        ),
        (
            "jwks_uri",
            json!({ "jwks_uri": "https://127.0.0.1/secret" }),
        ),
        (
            "jwks_uri",
            json!({ "jwks_uri": "https://localhost/secret" }),
        ),
        (
            "jwks_uri",
            json!({ "jwks_uri": "https://[::ffff:10.0.0.1]/secret" }),
        ),
        (
            "initiate_login_uri",
            json!({ "initiate_login_uri": "http://rp.example/secret" }),
        ),
        (
            "request_uris",
            json!({ "request_uris": ["http://rp.example/secret"] }),
        ),
        (
            "request_uris",
            json!({ "request_uris": (0..11).map(|n| format!("https://rp.example/secret/{n}")).collect::<Vec<_>>() }),
        ),
        (
            "post_logout_redirect_uris",
            json!({ "post_logout_redirect_uris": ["javascript:secret"] }),
        ),
        ("default_max_age", json!({ "default_max_age": -1 })),
        ("default_max_age", json!({ "default_max_age": "60" })),
        ("default_max_age", json!({ "default_max_age": 1.5 })),
        ("require_auth_time", json!({ "require_auth_time": "true" })),
        ("software_id", json!({ "software_id": { "secret": 1 } })),
    ] {
        let answer = server
            .request("POST", "/register")
            .json(&with(&more))
            .send();
        let told = answer.refused(400, "invalid_client_metadata");
        assert!(
            told.starts_with(&format!("{member} ")) && told.ends_with('.'),
            "{more}: {told}"
        );
        assert!(
            !told.contains("secret") && !told.contains("c2VjcmV0"),
            "{more}: {told}"
        );
    }
    assert!(server.clients().is_empty());
}

/// OIDC Core §4, OIDC Registration §3.2, §3.3, §4.2: an https address is echoed and read back
/// unchanged; any other address is refused.
#[test]
fn initiate_login_uri_requires_https() {
    let server = TestServer::open();
    let asked = with(&json!({ "initiate_login_uri": "https://rp.example/login?a=b" }));
    let client = server
        .request("POST", "/register")
        .json(&asked)
        .send()
        .created();
    assert_eq!(client["initiate_login_uri"], "https://rp.example/login?a=b");
    assert_eq!(
        server.manage("GET", &client).send().ok()["initiate_login_uri"],
        "https://rp.example/login?a=b"
    );
    let plain = with(&json!({ "initiate_login_uri": "http://rp.example/login" }));
    let told = server
        .request("POST", "/register")
        .json(&plain)
        .send()
        .refused(400, "invalid_client_metadata");
    assert_eq!(told, "initiate_login_uri must be an https URL.");
}

/// RFC 7591 §2.2, §5: a name may be in every script, but must not have line ends, invisible
/// characters or noncharacters.
#[test]
fn names_with_invisible_chars_are_refused() {
    let server = TestServer::open();
    let members = [
        "client_name",
        "client_name#de",
        "organization_name",
        "display_name#fr",
        "description",
    ];
    for character in [
        '\u{2028}',
        '\u{2029}',
        '\u{feff}',
        '\u{e0001}',
        '\u{e0041}',
        '\u{e007f}',
        '\u{fdd0}',
        '\u{fffe}',
        '\u{10ffff}',
    ] {
        for member in members {
            let body = with(&json!({ member: format!("A{character}client") }));
            let told = server
                .request("POST", "/register")
                .json(&body)
                .send()
                .refused(400, "invalid_client_metadata");
            assert_eq!(
                told,
                format!("{member} must not have line separators or invisible characters."),
                "{character:?}"
            );
        }
    }
    assert!(server.clients().is_empty());
    for name in [
        "\u{1f469}\u{200d}\u{1f680} \u{2764}\u{fe0f}",
        "\u{645}\u{6cc}\u{200c}\u{62e}",
        "\u{5e9}\u{5dc}\u{5d5}\u{5dd}\u{200f}",
        "ＡＢ\u{3000}会社",
    ] {
        for member in members {
            let client = server
                .request("POST", "/register")
                .json(&with(&json!({ member: name })))
                .send()
                .created();
            assert_eq!(client[member], name);
        }
    }
}
