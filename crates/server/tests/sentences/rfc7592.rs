//! Management at the real binary.

use serde_json::{Value, json};

use crate::support::{Answer, Ask, TestServer};

/// The members that RFC 7592 §2.2 forbids in an update.
const ISSUED: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
];

fn text<'a>(client: &'a Value, member: &str) -> &'a str {
    client[member].as_str().unwrap()
}

/// An answer as the body of an update, with `more` over it.
fn again(client: &Value, more: &Value) -> Value {
    let mut body = client.clone();
    let members = body.as_object_mut().unwrap();
    members.retain(|name, _| !ISSUED.contains(&name.as_str()));
    members.extend(more.as_object().unwrap().clone());
    body
}

/// RFC 7592 §2, §3, OIDC Registration §3.2, §4.1: the answer has the address and the token of
/// management; a client that uses both unchanged reads, updates and deletes itself.
#[test]
fn management_address_works_as_given() {
    let server = TestServer::start();
    let client = server.client();
    assert_eq!(
        client["registration_client_uri"],
        format!(
            "{}/register/{}",
            server.issuer(),
            text(&client, "client_id")
        )
    );
    let ask = |method: &str| {
        let address = text(&client, "registration_client_uri").replace("localhost", "127.0.0.1");
        Ask::new(method, &address).bearer(text(&client, "registration_access_token"))
    };
    assert_eq!(ask("GET").send().ok(), client);
    let updated = ask("PUT")
        .json(&again(&client, &json!({ "client_name": "Another" })))
        .send()
        .ok();
    assert_eq!(updated["client_name"], "Another");
    assert_eq!(updated["client_id"], client["client_id"]);
    ask("DELETE").send().deleted();
}

/// RFC 7592 §2, §2.3: a method that the address does not support is answered 405, and changes
/// nothing.
#[test]
fn unsupported_method_is_405() {
    let server = TestServer::start();
    let client = server.client();
    for method in ["POST", "PATCH"] {
        let answer = server
            .manage(method, &client)
            .json(&again(&client, &json!({ "client_name": "Another" })))
            .send();
        answer.refused(405, "invalid_request");
        assert_eq!(
            answer.header("allow"),
            Some("GET, HEAD, PUT, DELETE, OPTIONS"),
            "{method}"
        );
    }
    assert_eq!(server.manage("GET", &client).send().ok(), client);
}

/// RFC 7592 §2.1, §2.2, §2.3, OIDC Registration §4.4: an unknown client is answered 401 and never
/// 404, and the token of a deleted client is invalid at once.
#[test]
fn unknown_client_is_401() {
    let server = TestServer::start();
    let (gone, other) = (server.client(), server.client());
    server.manage("DELETE", &gone).send().deleted();
    for method in ["GET", "PUT", "DELETE"] {
        server
            .manage(method, &gone)
            .json(&again(&gone, &json!({})))
            .send()
            .refused(401, "invalid_token");
        let unknown = server
            .request(method, "/register/unknown")
            .bearer(text(&other, "registration_access_token"));
        unknown
            .json(&again(&other, &json!({ "client_id": "unknown" })))
            .send()
            .refused(401, "invalid_token");
        let foreign = server.request(method, &format!("/register/{}", text(&other, "client_id")));
        foreign
            .bearer(text(&gone, "registration_access_token"))
            .json(&again(&other, &json!({})))
            .send()
            .refused(401, "invalid_token");
    }
    assert_eq!(server.manage("GET", &other).send().ok(), other);
}

/// RFC 7592 §2.1, OIDC Registration §4.2, §4.3: reading, however often, changes neither the client nor its credentials.
#[test]
fn reading_changes_nothing() {
    let server = TestServer::start();
    let client = server.client();
    let before = server.clients();
    let answers: Vec<Answer> = (0..3)
        .map(|_| server.manage("GET", &client).send())
        .collect();
    assert!(answers.iter().all(|answer| answer.ok() == client));
    assert_eq!(server.clients(), before);
}

/// RFC 7592 §2.2, §3: an answer without the members that an update omits is an update; it replaces
/// all metadata, removes omitted members, and is answered with all metadata.
#[test]
fn answer_is_accepted_as_update() {
    let server = TestServer::start();
    let metadata = json!({
        "redirect_uris": ["https://rp.example/1", "https://rp.example/2"], "contacts": ["ops@rp.example"], "client_name": "One", "scope": "openid email",
    });
    let client = server.register(&metadata).created();
    assert_eq!(
        server
            .manage("PUT", &client)
            .json(&again(&client, &json!({})))
            .send()
            .ok(),
        client
    );
    let mut body = again(
        &client,
        &json!({ "redirect_uris": ["https://rp.example/3"], "scope": null }),
    );
    body.as_object_mut().unwrap().shift_remove("contacts");
    let updated = server.manage("PUT", &client).json(&body).send().ok();
    let mut expected = client.clone();
    expected["redirect_uris"] = json!(["https://rp.example/3"]);
    expected
        .as_object_mut()
        .unwrap()
        .retain(|name, _| name != "contacts" && name != "scope");
    assert_eq!(updated, expected);
    assert_eq!(server.manage("GET", &client).send().ok(), expected);
}

/// RFC 7592 §2.2: the identifier and the secret equal the client's own, or the update is refused;
/// the issued values are not sent back.
#[test]
fn update_cannot_change_issued_values() {
    let server = TestServer::start();
    let (client, other) = (server.client(), server.client());
    let mut refused = vec![
        json!({ "client_id": null }),
        json!({ "client_id": other["client_id"] }),
        json!({ "client_secret": "my own" }),
        json!({ "client_secret": other["client_secret"] }),
    ];
    refused.extend(ISSUED.map(|name| json!({ name: client[name] })));
    for more in refused {
        server
            .manage("PUT", &client)
            .json(&again(&client, &more))
            .send()
            .refused(400, "invalid_client_metadata");
    }
    for unchanged in [&client, &other] {
        assert_eq!(server.manage("GET", unchanged).send().ok(), *unchanged);
    }
}
