//! The effect of a token's terms on its clients, at their registration and in later updates.

use std::thread;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use protocol::Clock;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Postgres, Setup, TestServer};
use crate::{fixed, issue, register, tokens, update, web};

const OFF_HOST: &str = "has an element with a host that the initial access token does not allow";

/// RFC 7591 §3.2.1: a client can get the provider's offer, narrowed by the terms of its token.
#[test]
fn token_terms_narrow_the_offer() {
    let server = fixed().start();
    let token = issue(
        &server,
        &[
            "--scope",
            "openid email",
            "--grant-type",
            "authorization_code",
            "--grant-type",
            "refresh_token",
            "--redirect-host",
            "rp.example",
        ],
    );
    let client = register(
        &server,
        &token,
        &web(&json!({ "scope": "openid profile email", "grant_types": ["authorization_code", "implicit", "refresh_token"] })),
    )
    .created();
    assert_eq!(
        (
            &client["scope"],
            &client["grant_types"],
            &client["response_types"]
        ),
        (
            &json!("openid email"),
            &json!(["authorization_code", "refresh_token"]),
            &json!(["code"])
        )
    );
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    let silent = register(&server, &token, &web(&json!({}))).created();
    assert_eq!(
        (&silent["scope"], &silent["grant_types"]),
        (&json!("openid email"), &json!(["authorization_code"]))
    );
    // The offer to other clients has not changed.
    let other = server
        .register(&web(
            &json!({ "scope": "profile", "grant_types": ["authorization_code", "implicit"] }),
        ))
        .created();
    assert_eq!(other["scope"], "profile");
    let document = server.get("/.well-known/openid-configuration").json();
    assert!(
        document["scopes_supported"]
            .as_array()
            .unwrap()
            .contains(&json!("profile"))
    );
}

/// RFC 7591 §3.2.2: metadata that the token does not allow is refused with the name of the member,
/// and costs no use of the token.
#[test]
fn disallowed_metadata_costs_no_use() {
    let server = fixed().start();
    let token = issue(
        &server,
        &[
            "--uses",
            "1",
            "--scope",
            "openid",
            "--grant-type",
            "authorization_code",
            "--redirect-host",
            "rp.example",
            "--redirect-host",
            "127.0.0.1",
        ],
    );
    let before = tokens(&server);
    for (more, told) in [
        (
            json!({ "scope": "profile" }),
            "scope has no value that the initial access token allows.",
        ),
        (
            json!({ "grant_types": ["client_credentials"] }),
            "grant_types has no value that the initial access token allows.",
        ),
        (
            json!({ "response_types": ["token"] }),
            "grant_types and response_types select no flow that the provider supports.",
        ),
    ] {
        assert_eq!(
            register(&server, &token, &web(&more)).refused(400, "invalid_client_metadata"),
            told,
            "{more}"
        );
    }
    for uris in [
        json!(["https://evil.example/cb"]),
        json!(["https://rp.example/cb", "https://evil.example/cb"]),
        json!(["https://login.rp.example/cb"]),
        json!(["https://rp.example.evil.example/cb"]),
        json!(["http://localhost/cb"]),
        json!(["com.example.app:/cb"]),
    ] {
        let told = register(&server, &token, &json!({ "redirect_uris": uris }))
            .refused(400, "invalid_redirect_uri");
        assert_eq!(
            told,
            format!("One or more redirect_uri values are invalid: redirect_uris {OFF_HOST}"),
            "{uris}"
        );
    }
    let claims = register(
        &server,
        &token,
        &web(&json!({ "claims_redirect_uris": ["https://evil.example/"] })),
    );
    let told =
        format!("One or more redirect_uri values are invalid: claims_redirect_uris {OFF_HOST}");
    assert_eq!(claims.refused(400, "invalid_redirect_uri"), told);
    assert!(server.clients().is_empty());
    assert_eq!(tokens(&server), before);
    let client = register(
        &server,
        &token,
        &json!({ "redirect_uris": ["http://127.0.0.1:7777/cb"] }),
    )
    .created();
    assert_eq!(client["application_type"], "native");
    register(&server, &token, &web(&json!({}))).refused(401, "invalid_token");
}

/// RFC 7592 §2.2: an update is agreed like a registration: within the terms the client registered with, also when the token
/// was revoked since.
#[test]
fn an_update_does_not_escape_the_terms() {
    let database = Postgres::new();
    for server in [fixed().start(), fixed().on(&database).start()] {
        let token = issue(
            &server,
            &[
                "--scope",
                "openid email",
                "--grant-type",
                "authorization_code",
                "--redirect-host",
                "rp.example",
                "--metadata",
                r#"{"client_name":"Ours","subject_type":"pairwise"}"#,
            ],
        );
        let client = register(&server, &token, &web(&json!({ "scope": "email" }))).created();
        server.ran(&[
            "token",
            "revoke",
            tokens(&server)[0]["id"].as_str().unwrap(),
        ]);
        let put = |more: Value| {
            server
                .manage("PUT", &client)
                .json(&update(&client, &more))
                .send()
        };
        for (more, told) in [
            (
                json!({ "scope": "profile" }),
                "scope has no value that the initial access token allows.",
            ),
            (
                json!({ "grant_types": ["password"] }),
                "grant_types has no value that the initial access token allows.",
            ),
        ] {
            assert_eq!(put(more).refused(400, "invalid_client_metadata"), told);
        }
        put(json!({ "redirect_uris": ["https://evil.example/cb"] }))
            .refused(400, "invalid_redirect_uri");
        put(json!({ "redirect_uris": ["com.example.app:/cb"] }))
            .refused(400, "invalid_redirect_uri");
        assert_eq!(server.manage("GET", &client).send().ok(), client);

        for _ in 0..2 {
            let updated = put(json!({
                "scope": "openid profile email phone", "grant_types": ["authorization_code", "implicit"], "client_name": "Theirs",
                "client_name#de": "Ihres", "subject_type": "public", "redirect_uris": ["https://rp.example/other"],
            }))
            .ok();
            assert_eq!(
                (&updated["scope"], &updated["grant_types"]),
                (&json!("openid email"), &json!(["authorization_code"]))
            );
            assert_eq!(
                (&updated["client_name"], &updated["subject_type"]),
                (&json!("Ours"), &json!("pairwise"))
            );
            assert_eq!(
                (updated.get("client_name#de"), &updated["redirect_uris"]),
                (None, &json!(["https://rp.example/other"]))
            );
            assert_eq!(server.manage("GET", &client).send().ok(), updated);
        }
        // A client that registered without a token has no terms.
        let free = server.client();
        let body = update(
            &free,
            &json!({ "scope": "profile", "redirect_uris": ["https://evil.example/cb"] }),
        );
        assert_eq!(
            server.manage("PUT", &free).json(&body).send().ok()["scope"],
            "profile"
        );
    }
}

/// RFC 7591 §3.2.1: imposed metadata replaces what the client asks for; the answer says what was agreed.
#[test]
fn imposed_metadata_overrides_request() {
    let server = fixed().start();
    let imposed = json!({
        "client_name": "Ours", "token_endpoint_auth_method": "client_secret_post", "contacts": ["ops@rp.example"], "default_max_age": 600,
        "software_id": "wiki", "redirect_uris": ["https://rp.example/ours"],
    });
    let token = issue(&server, &["--metadata", &imposed.to_string()]);
    let asked = json!({
        "redirect_uris": ["https://evil.example/cb"], "client_name": "Theirs", "client_name#fr": "Le leur", "token_endpoint_auth_method": "none",
        "contacts": [], "default_max_age": 1, "logo_uri": "https://rp.example/logo",
    });
    for path in ["/register", "/identity/connect/register"] {
        let client = server
            .request("POST", path)
            .bearer(&token)
            .json(&asked)
            .send()
            .created();
        for (member, value) in imposed.as_object().unwrap() {
            assert_eq!(&client[member], value, "{path} {member}");
        }
        assert_eq!(
            (client.get("client_name#fr"), &client["logo_uri"]),
            (None, &json!("https://rp.example/logo"))
        );
        assert!(client["client_secret"].is_string());
        assert_eq!(server.manage("GET", &client).send().ok(), client);
    }
    // Imposed is not the same as trusted: all of it is agreed to by the ordinary rules.
    let token = issue(
        &server,
        &[
            "--metadata",
            r#"{"token_endpoint_auth_method":"private_key_jwt"}"#,
        ],
    );
    let told = register(&server, &token, &web(&json!({}))).refused(400, "invalid_client_metadata");
    assert_eq!(
        told,
        "token_endpoint_auth_method requires jwks or jwks_uri."
    );
    assert_eq!(server.clients().len(), 2);
}

/// RFC 7591 §2.3: a software statement overrides the metadata of the client, and the terms of the
/// token override both.
#[test]
fn terms_override_software_statement() {
    let key = PKey::generate_ed25519().unwrap();
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let folder = TempDir::new().unwrap();
    let jwks = folder.path().join("jwks.json");
    let jwk =
        json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(&key.raw_public_key().unwrap()) });
    std::fs::write(&jwks, json!({ "keys": [jwk] }).to_string()).unwrap();
    let file = format!(
        "[[provider]]\nissuer = \"http://localhost:9443\"\n[[provider.software_statement_issuer]]\nissuer = \"https://directory.example\"\njwks_file = {:?}\n",
        jwks.display().to_string()
    );
    let server = Setup::new().file(&file).start();
    let now = Clock::system().now().seconds();
    let claims = json!({
        "iss": "https://directory.example", "aud": "http://localhost:9443", "iat": now, "exp": now + 600, "client_name": "Vouched for",
        "software_id": "vouched", "redirect_uris": ["https://evil.example/cb"], "scope": "openid phone",
    });
    let input = format!(
        "{}.{}",
        encode(json!({ "alg": "EdDSA" }).to_string().as_bytes()),
        encode(claims.to_string().as_bytes())
    );
    let signature = Signer::new_without_digest(&key)
        .unwrap()
        .sign_oneshot_to_vec(input.as_bytes())
        .unwrap();
    let asked = web(
        &json!({ "client_name": "Said", "software_statement": format!("{input}.{}", encode(&signature)) }),
    );

    let hosts = issue(&server, &["--redirect-host", "rp.example"]);
    register(&server, &hosts, &asked).refused(400, "invalid_redirect_uri");
    let token = issue(
        &server,
        &[
            "--scope",
            "openid",
            "--metadata",
            r#"{"client_name":"Ours"}"#,
        ],
    );
    let client = register(&server, &token, &asked).created();
    assert_eq!(
        (
            &client["client_name"],
            &client["software_id"],
            &client["scope"]
        ),
        (&json!("Ours"), &json!("vouched"), &json!("openid"))
    );
    assert_eq!(client["software_statement"], asked["software_statement"]);
}

/// The terms hold at the WSO2 endpoints as well, where the refusal of a redirect URI is the
/// published WSO2 refusal.
#[test]
fn terms_hold_at_wso2_endpoints() {
    let server = fixed().start();
    server.account("alice", "registrar");
    let token = issue(
        &server,
        &[
            "--owner",
            "alice",
            "--redirect-host",
            "rp.example",
            "--grant-type",
            "authorization_code",
            "--grant-type",
            "password",
            "--metadata",
            r#"{"client_name":"Ours"}"#,
        ],
    );
    let door = |asked: &Value| {
        server
            .request("POST", "/identity/register")
            .bearer(&token)
            .json(asked)
            .send()
    };
    for uris in [
        json!("https://evil.example/cb"),
        json!("server.example.com"),
        json!("regexp=(https://rp.example/.*)"),
    ] {
        let refusal =
            door(&json!({ "redirect_uris": uris, "grant_types": "password" })).expect(400);
        let published = json!({ "error": "invalid_redirect_uri", "error_description": "One or more redirect_uri values are invalid" });
        assert_eq!(refusal, published, "{uris}");
    }
    assert!(server.clients().is_empty());
    let asked = json!({
        "redirect_uris": "https://rp.example/cb", "grant_types": "authorization_code implicit client_credentials", "client_name": "Theirs",
        "ext_param_owner": "alice",
    });
    let client = door(&asked).created();
    assert_eq!(
        (&client["client_name"], &client["grant_types"]),
        (&json!("alice_Ours"), &json!(["authorization_code"]))
    );
    assert_eq!(
        (
            &server.clients()[0]["owner"],
            &server.clients()[0]["composed_name"]
        ),
        (&json!("alice"), &json!("alice_Ours"))
    );
    assert_eq!(door(&asked).created()["client_name"], "alice_Ours");
    // The composed name is the imposed one from then on.
    for name in ["alice_Ours", "Theirs"] {
        let updated = server
            .manage("PUT", &client)
            .json(&update(&client, &json!({ "client_name": name })))
            .send()
            .ok();
        assert_eq!(updated["client_name"], "alice_Ours", "{name}");
    }
    let path = format!(
        "/identity/register/{}?userId=alice&applicationName=alice_Ours",
        client["client_id"].as_str().unwrap()
    );
    server
        .request("DELETE", &path)
        .basic("alice", crate::support::PASSWORD)
        .send()
        .deleted();
}

/// Twenty at once with a token for five that has terms of every kind.
fn race(server: &TestServer) {
    let token = issue(
        server,
        &[
            "--uses",
            "5",
            "--provider",
            "http://localhost:9443",
            "--scope",
            "openid",
            "--grant-type",
            "authorization_code",
            "--redirect-host",
            "rp.example",
            "--metadata",
            r#"{"client_name":"Ours"}"#,
        ],
    );
    let asked = web(&json!({ "scope": "openid profile", "client_name": "Theirs" }));
    let statuses: Vec<u16> = thread::scope(|scope| {
        let racers: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| register(server, &token, &asked).status()))
            .collect();
        racers
            .into_iter()
            .map(|racer| racer.join().unwrap())
            .collect()
    });
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(201), count(401)), (5, 15), "{statuses:?}");
    let clients = server.clients();
    assert_eq!(clients.len(), 5);
    for client in clients {
        assert_eq!(
            (
                &client["metadata"]["scope"],
                &client["metadata"]["client_name"]
            ),
            (&json!("openid"), &json!("Ours"))
        );
        assert_eq!(client["terms"], tokens(server)[0]["terms"]);
    }
    assert_eq!(tokens(server)[0]["uses_left"], 0);
}

/// RFC 7591 §3: a token with terms and five uses registers five clients, also under concurrent
/// requests.
#[test]
fn raced_terms_token_keeps_its_uses() {
    race(&fixed().start());
}

/// RFC 7591 §3: a token with terms and five uses registers five clients under concurrent requests
/// on PostgreSQL, with two writers.
#[test]
fn postgresql_terms_token_keeps_its_uses() {
    let database = Postgres::new();
    race(&fixed().on(&database).start());
}
