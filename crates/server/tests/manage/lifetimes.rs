//! How long secrets and clients last.

use serde_json::{Value, json};

use super::support::{Setup, until};

/// RFC 7591 §3.2.1: a secret's end is a number of seconds since the epoch; an update keeps it, a new secret has a new one.
#[test]
fn a_secret_says_when_it_expires() {
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

/// RFC 7592 §2.2: a server may issue a new secret in the answer to an update, and does when the one there was has expired.
#[test]
fn an_update_replaces_a_secret_that_has_expired() {
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

/// RFC 7592 §2.1: a client whose time is over is gone, however it is asked for.
#[test]
fn a_client_whose_time_is_over_is_gone() {
    let server = Setup::new().with("FRONTDESK_CLIENT_LIFETIME", "2s").start();
    let client = server.client();
    assert_eq!(client["client_secret_expires_at"], 0);
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
