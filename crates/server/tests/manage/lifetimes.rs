//! The lifetimes of secrets and clients.

use serde_json::{Value, json};

use super::support::{Setup, until};

/// RFC 7591 §3.2.1: the expiry of a secret is a number of seconds since the epoch; an update keeps
/// it, and a new secret has a new expiry.
#[test]
fn secret_has_its_expiry_time() {
    let server = Setup::new()
        .with("FRONTDESK_CLIENT_SECRET_LIFETIME", "1h")
        .start();
    let client = server.client();
    assert_eq!(
        client["client_secret_expires_at"].as_i64().unwrap(),
        client["client_id_issued_at"].as_i64().unwrap() + 3600
    );
    let update = |method: &str| {
        let body = json!({ "client_id": client["client_id"], "redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": method });
        server.manage("PUT", &client).json(&body).send().ok()
    };
    for kept in ["client_secret", "client_secret_expires_at"] {
        assert_eq!(update("client_secret_post")[kept], client[kept], "{kept}");
    }
    assert_eq!(update("none").get("client_secret_expires_at"), None);
    let renewed = update("client_secret_basic");
    assert!(
        renewed["client_secret_expires_at"].as_i64().unwrap()
            >= client["client_secret_expires_at"].as_i64().unwrap()
    );
    assert_eq!(server.manage("GET", &client).send().ok(), renewed);
}

/// RFC 7592 §2.2: the answer to an update has a new secret if the old secret has expired.
#[test]
fn update_replaces_an_expired_secret() {
    let server = Setup::new()
        .with("FRONTDESK_CLIENT_SECRET_LIFETIME", "1s")
        .start();
    let client = server.client();
    let update = |more: Value| {
        let mut body =
            json!({ "client_id": client["client_id"], "redirect_uris": ["https://rp.example/cb"] });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        server.manage("PUT", &client).json(&body).send()
    };
    let mut renewed = Value::Null;
    until("an update issues another secret", || {
        renewed = update(json!({})).ok();
        renewed["client_secret"] != client["client_secret"]
    });
    let expires = |answer: &Value| answer["client_secret_expires_at"].as_i64().unwrap();
    assert!(expires(&renewed) > expires(&client));
    assert!(renewed["client_secret"].as_str().unwrap().len() >= 43);
    update(json!({ "client_secret": client["client_secret"] }))
        .refused(400, "invalid_client_metadata");
    assert_eq!(
        update(json!({ "token_endpoint_auth_method": "none" }))
            .ok()
            .get("client_secret"),
        None
    );
}

/// RFC 7592 §2.1: an expired client is unknown to every request.
#[test]
fn expired_client_is_unknown() {
    let server = Setup::new().with("FRONTDESK_CLIENT_LIFETIME", "2s").start();
    let client = server.client();
    assert_eq!(
        client["client_secret_expires_at"].as_i64().unwrap(),
        client["client_id_issued_at"].as_i64().unwrap() + 2
    );
    until("a client expires", || {
        server.manage("GET", &client).send().status() == 401
    });
    let body =
        json!({ "client_id": client["client_id"], "redirect_uris": ["https://rp.example/cb"] });
    for method in ["GET", "PUT", "DELETE"] {
        server
            .manage(method, &client)
            .json(&body)
            .send()
            .refused(401, "invalid_token");
    }
    let others: Vec<Value> = server
        .clients()
        .into_iter()
        .filter(|shown| shown["expired"] != true)
        .collect();
    assert!(others.is_empty());
}

/// RFC 7591 §3.2.1: the time at which a secret expires is never later than the end of its client, whichever lifetime is longer,
/// in the response to a registration, a read and an update.
#[test]
fn secret_ends_with_its_client_at_the_latest() {
    let hours = |hours: i64| Some(hours * 3600);
    for (client_lifetime, secret_lifetime, end) in [
        (Some("1h"), None, hours(1)),
        (Some("1h"), Some("2h"), hours(1)),
        (Some("2h"), Some("1h"), hours(1)),
        (None, Some("1h"), hours(1)),
        (None, None, None),
    ] {
        let mut setup = Setup::new();
        for (name, lifetime) in [
            ("FRONTDESK_CLIENT_LIFETIME", client_lifetime),
            ("FRONTDESK_CLIENT_SECRET_LIFETIME", secret_lifetime),
        ] {
            if let Some(lifetime) = lifetime {
                setup = setup.with(name, lifetime);
            }
        }
        let server = setup.start();
        let client = server.client();
        let issued = client["client_id_issued_at"].as_i64().unwrap();
        let expected = json!(end.map_or(0, |end| issued + end));
        assert_eq!(client["client_secret_expires_at"], expected);
        assert_eq!(server.manage("GET", &client).send().ok(), client);
        let update = |method: &str| {
            let body = json!({ "client_id": client["client_id"], "redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": method });
            server.manage("PUT", &client).json(&body).send().ok()
        };
        assert_eq!(
            update("client_secret_post")["client_secret_expires_at"],
            expected
        );
        let public = update("none");
        assert_eq!(public.get("client_secret_expires_at"), None);
        // A new secret begins later, and ends with the client all the same.
        let renewed = update("client_secret_basic")["client_secret_expires_at"].clone();
        match (client_lifetime, secret_lifetime) {
            (Some("1h"), _) | (None, None) => assert_eq!(renewed, expected),
            _ => assert!(renewed.as_i64() >= expected.as_i64(), "{renewed}"),
        }
    }
}
