//! Updates: a full replacement, of what is the client's to say, or of nothing.

use serde_json::{Value, json};

use super::support::TestServer;

const ISSUED: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_id_issued_at",
    "client_secret_expires_at",
];

/// The body of an update that says what an answer said.
fn again(client: &Value) -> Value {
    let mut body = client.clone();
    body.as_object_mut()
        .unwrap()
        .retain(|name, _| !ISSUED.contains(&name.as_str()));
    body
}

/// RFC 7592 §2.2: a member that is omitted, null or empty returns to its default or is removed;
/// issued values stay.
#[test]
fn update_replaces_all_metadata() {
    let server = TestServer::start();
    let client = server
        .register(&json!({
            "redirect_uris": ["https://rp.example/1", "https://rp.example/2"], "client_name": "One", "client_name#fr": "Un", "scope": "openid",
            "contacts": ["a@rp.example"], "logo_uri": "https://rp.example/logo", "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "client_secret_post", "default_max_age": 60, "require_auth_time": true,
        }))
        .created();
    assert_eq!(
        server
            .manage("PUT", &client)
            .json(&again(&client))
            .send()
            .ok(),
        client
    );
    let mut without_secret = again(&client);
    without_secret["client_secret"] = Value::Null;
    assert_eq!(
        server
            .manage("PUT", &client)
            .json(&without_secret)
            .send()
            .ok(),
        client
    );
    let asked = json!({
        "client_id": client["client_id"], "client_secret": client["client_secret"], "redirect_uris": ["https://rp.example/2"],
        "client_name": "", "client_name#fr": null, "scope": null, "contacts": null, "logo_uri": "", "favourite_colour": "teal",
    });
    let updated = server.manage("PUT", &client).json(&asked).send().ok();
    assert_eq!(
        updated,
        json!({
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
            "client_secret_expires_at": 0,
            "client_id_issued_at": client["client_id_issued_at"],
            "registration_access_token": client["registration_access_token"],
            "registration_client_uri": client["registration_client_uri"],
            "redirect_uris": ["https://rp.example/2"],
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "application_type": "web",
            "id_token_signed_response_alg": "RS256",
            "require_auth_time": false,
        })
    );
    assert_eq!(server.manage("GET", &client).send().ok(), updated);
}

/// RFC 7592 §2.2: an update follows the rules of a registration: lists are narrowed, and the client
/// of a device is native.
#[test]
fn update_follows_registration_rules() {
    let server = TestServer::start();
    let client = server.client();
    let asked = json!({
        "client_id": client["client_id"], "redirect_uris": ["http://127.0.0.1:8080/cb"],
        "grant_types": ["authorization_code", "urn:x:other"], "scope": "openid admin", "userinfo_signed_response_alg": "RS256",
    });
    let updated = server.manage("PUT", &client).json(&asked).send().ok();
    assert_eq!(
        (&updated["application_type"], &updated["scope"]),
        (&json!("native"), &json!("openid"))
    );
    assert_eq!(
        (
            &updated["grant_types"],
            updated.get("userinfo_signed_response_alg")
        ),
        (&json!(["authorization_code"]), None)
    );
    // The token of a registration and of every answer since is the same, and good.
    assert_eq!(server.manage("GET", &client).send().ok(), updated);
}

/// RFC 7592 §2.2, RFC 7591 §3.2.2: an update that is refused, for any reason, changes nothing.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn refused_update_changes_nothing() {
    let server = TestServer::start();
    let client = server.client();
    let other = server.client();
    let with = |more: Value| {
        let mut body = json!({ "client_id": client["client_id"], "redirect_uris": ["https://rp.example/changed"], "client_name": "Changed" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    for (body, told) in [
        (
            json!({ "redirect_uris": ["https://rp.example/changed"] }),
            "client_id is required in an update.",
        ),
        (
            with(json!({ "client_id": null })),
            "client_id is required in an update.",
        ),
        (
            with(json!({ "client_id": "" })),
            "client_id must equal the client's client_id.",
        ),
        (
            with(json!({ "client_id": 7 })),
            "client_id must equal the client's client_id.",
        ),
        (
            with(json!({ "client_id": other["client_id"] })),
            "client_id must equal the client's client_id.",
        ),
        (
            with(json!({ "client_secret": "wrong" })),
            "client_secret must equal the client's client_secret or be omitted.",
        ),
        (
            with(json!({ "client_secret": other["client_secret"] })),
            "client_secret must equal the client's client_secret or be omitted.",
        ),
        (
            with(json!({ "client_secret": "" })),
            "client_secret must equal the client's client_secret or be omitted.",
        ),
        (
            with(json!({ "client_secret": 7 })),
            "client_secret must equal the client's client_secret or be omitted.",
        ),
        (
            with(json!({ "registration_access_token": client["registration_access_token"] })),
            "registration_access_token must be omitted from an update.",
        ),
        (
            with(json!({ "registration_client_uri": client["registration_client_uri"] })),
            "registration_client_uri must be omitted from an update.",
        ),
        (
            with(json!({ "client_id_issued_at": client["client_id_issued_at"] })),
            "client_id_issued_at must be omitted from an update.",
        ),
        (
            with(json!({ "client_secret_expires_at": 0 })),
            "client_secret_expires_at must be omitted from an update.",
        ),
        (
            with(json!({ "client_secret_expires_at": null })),
            "client_secret_expires_at must be omitted from an update.",
        ),
        (
            with(json!({ "grant_types": ["none-of-ours"] })),
            "grant_types has no value listed in the provider's grant_types_supported.",
        ),
        (
            with(json!({ "jwks_uri": "http://rp.example/jwks" })),
            "jwks_uri must be an https URL.",
        ),
        (
            client.clone(),
            "client_id_issued_at, client_secret_expires_at, registration_access_token, registration_client_uri must be omitted from an update.",
        ),
    ] {
        assert_eq!(
            server
                .manage("PUT", &client)
                .json(&body)
                .send()
                .refused(400, "invalid_client_metadata"),
            told,
            "{body}"
        );
    }
    for redirect_uris in [
        json!(["https://rp.example/changed", "javascript:alert(1)"]),
        json!([]),
        Value::Null,
        json!(["regexp=(https://rp.example/.*)"]),
    ] {
        let body = with(json!({ "redirect_uris": redirect_uris }));
        server
            .manage("PUT", &client)
            .json(&body)
            .send()
            .refused(400, "invalid_redirect_uri");
    }
    let good = with(json!({}));
    let put = || server.manage("PUT", &client);
    put()
        .header("Content-Type", "text/plain")
        .body(good.to_string().as_bytes())
        .send()
        .refused(415, "invalid_request");
    put()
        .header("Content-Type", "application/json")
        .body(b"{\"client_id\":")
        .send()
        .refused(400, "invalid_client_metadata");
    put()
        .header("Content-Type", "application/json")
        .body(b"")
        .send()
        .refused(400, "invalid_client_metadata");
    put()
        .json(&json!([good]))
        .send()
        .refused(400, "invalid_client_metadata");
    put()
        .json(&with(json!({ "client_name": "x".repeat(70_000) })))
        .send()
        .refused(413, "invalid_request");
    server
        .manage("PUT", &other)
        .json(&good)
        .send()
        .refused(400, "invalid_client_metadata");
    for unchanged in [client, other] {
        assert_eq!(server.manage("GET", &unchanged).send().ok(), unchanged);
    }
}

/// RFC 7591 §3.2.1, RFC 7592 §2.2: a method that needs a secret gets a secret, and a method that
/// needs none loses it.
#[test]
fn secret_follows_the_auth_method() {
    let server = TestServer::start();
    let first = server.client();
    let update = |more: Value| {
        let mut body =
            json!({ "client_id": first["client_id"], "redirect_uris": ["https://rp.example/cb"] });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        server.manage("PUT", &first).json(&body).send()
    };
    let public = update(
        json!({ "token_endpoint_auth_method": "none", "client_secret": first["client_secret"] }),
    )
    .ok();
    assert_eq!(
        (
            public.get("client_secret"),
            public.get("client_secret_expires_at")
        ),
        (None, None)
    );
    assert_eq!(server.manage("GET", &first).send().ok(), public);
    update(json!({ "client_secret": first["client_secret"] }))
        .refused(400, "invalid_client_metadata");
    let second = update(json!({ "token_endpoint_auth_method": "client_secret_post" })).ok();
    assert!(
        second["client_secret"].is_string() && second["client_secret"] != first["client_secret"]
    );
    assert_eq!(second["client_secret_expires_at"], 0);
    let third = update(json!({ "token_endpoint_auth_method": "client_secret_basic" })).ok();
    assert_eq!(third["client_secret"], second["client_secret"]);
    update(json!({ "client_secret": first["client_secret"] }))
        .refused(400, "invalid_client_metadata");
    assert_eq!(server.manage("GET", &first).send().ok(), third);
}

/// RFC 7592 §2.2: a refusal names every member of the body that only the provider sets, of a client with or without a secret.
#[test]
fn forbidden_members_are_named_together() {
    let server = TestServer::start();
    let public = server
        .register(&json!({ "redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": "none" }))
        .created();
    // The order of the table.
    let issued = [ISSUED[2], ISSUED[3], ISSUED[0], ISSUED[1]];
    for client in [server.client(), public] {
        for subset in 1_usize..16 {
            let sent: Vec<&str> = (0..4)
                .filter(|bit| subset & (1 << bit) != 0)
                .map(|bit| issued[bit])
                .collect();
            let mut body = again(&client);
            for member in &sent {
                body[member] = client.get(member).cloned().unwrap_or(json!(0));
            }
            body["client_name"] = "Changed".into();
            let told = format!("{} must be omitted from an update.", sent.join(", "));
            assert_eq!(
                server
                    .manage("PUT", &client)
                    .json(&body)
                    .send()
                    .refused(400, "invalid_client_metadata"),
                told
            );
        }
        let mut body = again(&client);
        body["client_secret"] = "".into();
        server
            .manage("PUT", &client)
            .json(&body)
            .send()
            .refused(400, "invalid_client_metadata");
        assert_eq!(server.manage("GET", &client).send().ok(), client);
    }
}
