//! The sentences that OpenID Connect adds to registration, at the real binary.

use serde_json::{Value, json};

use crate::support::{Setup, TestServer};

/// OIDC Registration §2, §3.2: a client that encrypts with a shared key is given the secret the key comes from, and a content
/// encryption is A128CBC-HS256 unless it says otherwise; without the key management it is refused. A client that does not
/// authenticate has no secret to take the key from (OIDC Core §10.2).
#[test]
fn encryption_with_a_shared_key_brings_a_secret() {
    let lists: Vec<String> = ["id_token_encryption", "userinfo_encryption", "request_object_encryption"]
        .iter()
        .map(|what| {
            format!("{what}_alg_values_supported = [\"dir\", \"A128KW\"]\n{what}_enc_values_supported = [\"A128CBC-HS256\", \"A256GCM\"]\n")
        })
        .collect();
    let file = format!(
        "[[provider]]\nissuer = \"http://localhost\"\nregistration = \"open\"\n[provider.metadata]\n{}",
        lists.concat()
    );
    let server = Setup::new().file(&file).start();
    let register = |more: &Value| {
        let mut metadata = json!({
            "redirect_uris": ["https://rp.example/cb"],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": "https://rp.example/jwks",
        });
        metadata
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        server.request("POST", "/register").json(&metadata).send()
    };
    for what in [
        "id_token_encrypted_response",
        "userinfo_encrypted_response",
        "request_object_encryption",
    ] {
        let (alg, enc) = (format!("{what}_alg"), format!("{what}_enc"));
        for key_management in ["dir", "A128KW"] {
            let client = register(&json!({ &*alg: key_management })).created();
            assert!(
                client["client_secret"].is_string() && client["client_secret_expires_at"] == 0,
                "{alg} {key_management}"
            );
            assert_eq!(
                (&client[&alg], &client[&enc]),
                (&json!(key_management), &json!("A128CBC-HS256"))
            );
            let told =
                register(&json!({ &*alg: key_management, "token_endpoint_auth_method": "none" }))
                    .refused(400, "invalid_client_metadata");
            assert_eq!(
                told,
                format!(
                    "{alg} must not use a shared secret when token_endpoint_auth_method is none."
                )
            );
        }
        assert_eq!(
            register(&json!({ &*alg: "dir", &*enc: "A256GCM" })).created()[&enc],
            "A256GCM"
        );
        register(&json!({ &*enc: "A256GCM" })).refused(400, "invalid_client_metadata");
    }
    let plain = register(&json!({})).created();
    assert_eq!(
        (
            plain.get("client_secret"),
            plain.get("client_secret_expires_at")
        ),
        (None, None)
    );
    assert_eq!(server.clients().len(), 10);
}

/// OIDC Registration §3, §4: pages of any origin may register a client and manage it.
#[test]
fn pages_of_any_origin_may_register_and_manage() {
    let server = TestServer::open();
    let metadata = json!({ "redirect_uris": ["https://page.example/cb"] });
    let answer = server
        .request("POST", "/register")
        .header("Origin", "https://page.example")
        .json(&metadata)
        .send();
    let client = answer.created();
    let read = server
        .manage("GET", &client)
        .header("Origin", "https://page.example")
        .send();
    assert_eq!(read.ok(), client);
    for answer in [answer, read] {
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    let path = format!("/register/{}", client["client_id"].as_str().unwrap());
    for (path, method) in [("/register", "POST"), (&path, "GET"), (&path, "DELETE")] {
        let ask = server
            .request("OPTIONS", path)
            .header("Origin", "https://page.example")
            .header("Access-Control-Request-Method", method);
        let preflight = ask
            .header(
                "Access-Control-Request-Headers",
                "authorization, content-type",
            )
            .send();
        assert_eq!(
            (
                preflight.status(),
                preflight.header("access-control-allow-origin")
            ),
            (204, Some("*"))
        );
        assert!(
            preflight
                .header("access-control-allow-methods")
                .unwrap()
                .split(", ")
                .any(|allowed| allowed == method),
            "{path} {method}"
        );
        assert!(
            preflight
                .header("access-control-allow-headers")
                .unwrap()
                .contains("Authorization, Content-Type"),
            "{path} {method}"
        );
    }
}

/// OIDC Registration §2: an ID Token is unsigned only where the provider offers it and no ID Token comes from the authorization
/// endpoint; a JWT that authenticates never is.
#[test]
fn front_channel_jwts_are_signed() {
    let file = "[[provider]]\nissuer = \"http://localhost\"\nregistration = \"open\"\n[provider.metadata]\n\
                id_token_signing_alg_values_supported = [\"RS256\", \"none\"]\n";
    let server = Setup::new().file(file).start();
    let register = |more: Value| {
        let mut metadata = json!({ "redirect_uris": ["https://rp.example/cb"] });
        metadata
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        server.request("POST", "/register").json(&metadata).send()
    };
    let code =
        register(json!({ "id_token_signed_response_alg": "none", "response_types": ["code"] }))
            .created();
    assert_eq!(code["id_token_signed_response_alg"], "none");
    for more in [
        json!({ "id_token_signed_response_alg": "none", "response_types": ["id_token"] }),
        json!({ "id_token_signed_response_alg": "none", "response_types": ["code", "id_token token"] }),
        json!({ "token_endpoint_auth_signing_alg": "none" }),
    ] {
        register(more).refused(400, "invalid_client_metadata");
    }
    assert_eq!(
        register(json!({})).created()["id_token_signed_response_alg"],
        "RS256"
    );
}
