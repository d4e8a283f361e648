//! The values that a client supports, from which the provider chooses. OpenID Connect RP Metadata Choices 1.0.

use std::fmt::Write;

use protocol::{ClientMetadata, MemberRow};
use serde_json::{Value, json};

use super::support::{Setup, TestServer};

const RECIPE: &str = include_str!("../../../../docs/recipes/mcp/frontdesk.toml");

fn register(server: &TestServer, body: &Value) -> super::support::Answer {
    server.request("POST", "/register").json(body).send()
}

/// OIDC RP Metadata Choices §2, §4: a client of an MCP server sends the method that it likes best, and the methods that it can use. Where only the
/// other is offered, the other is registered, and the answer has no list.
#[test]
fn unoffered_method_gives_way_to_a_choice() {
    let server = Setup::new().file(RECIPE).start();
    let asked = json!({
        "redirect_uris": ["https://chatgpt.com/connector_platform_oauth_redirect"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
    });
    let client = register(&server, &asked).created();
    assert_eq!(client["token_endpoint_auth_method"], "none");
    for absent in ["client_secret", "token_endpoint_auth_methods_supported"] {
        assert_eq!(client.get(absent), None, "{absent}");
    }
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    let mut alone = asked.clone();
    alone
        .as_object_mut()
        .unwrap()
        .shift_remove("token_endpoint_auth_methods_supported");
    register(&server, &alone).refused(400, "invalid_client_metadata");
    assert_eq!(server.clients().len(), 1);
}

/// OIDC RP Metadata Choices §2: a single value outside the client's own list is refused, and a method that is offered is never
/// lowered to `none`.
#[test]
fn value_outside_own_choices_is_refused() {
    let server = TestServer::open();
    let asked = |method: &str, choices: &[&str]| {
        json!({
            "redirect_uris": ["https://rp.example/cb"], "jwks_uri": "https://rp.example/jwks",
            "token_endpoint_auth_method": method, "token_endpoint_auth_methods_supported": choices,
        })
    };
    let mut body = json!({
        "redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": "none",
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    });
    let told = register(&server, &body).refused(400, "invalid_client_metadata");
    assert_eq!(
        told,
        "token_endpoint_auth_method must be one of the values in the client's token_endpoint_auth_methods_supported."
    );
    assert!(server.clients().is_empty());
    for method in ["private_key_jwt", "client_secret_post", "none"] {
        let client = register(&server, &asked(method, &["none", method])).created();
        assert_eq!(client["token_endpoint_auth_method"], method);
        body["client_id"] = client["client_id"].clone();
        server
            .manage("PUT", &client)
            .json(&body)
            .send()
            .refused(400, "invalid_client_metadata");
        assert_eq!(server.manage("GET", &client).send().ok(), client);
    }
}

/// The single values that a client may send choices for, each with the list.
fn pairs() -> Vec<(&'static MemberRow, &'static MemberRow)> {
    let single = |list: &MemberRow| {
        ClientMetadata::ROWS
            .iter()
            .find(|row| !row.list && row.offered == list.offered)
    };
    let pairs: Vec<_> = ClientMetadata::ROWS
        .iter()
        .filter(|row| row.is_choices())
        .map(|list| (single(list).unwrap(), list))
        .collect();
    assert!(pairs.len() > 15);
    pairs
}

/// Three values of a member: the first two are offered in this order, the third is not.
fn values(name: &str) -> [&'static str; 3] {
    match name {
        "token_endpoint_auth_method" => [
            "client_secret_basic",
            "private_key_jwt",
            "client_secret_jwt",
        ],
        "subject_type" => ["public", "pairwise", "ephemeral"],
        name if name.ends_with("_enc") => ["A128GCM", "A256GCM", "A192GCM"],
        name if name.contains("encrypt") => ["RSA-OAEP", "ECDH-ES", "RSA-OAEP-512"],
        _ => ["RS256", "ES256", "PS512"],
    }
}

fn offering_all_pairs() -> TestServer {
    let mut file = "[[provider]]\nissuer = \"http://localhost\"\nregistration = \"open\"\n\
                    [provider.metadata]\n"
        .to_owned();
    for (row, list) in pairs() {
        let [one, two, _] = values(row.name);
        writeln!(file, "{} = [{one:?}, {two:?}]", list.name).unwrap();
    }
    Setup::new().file(&file).start()
}

/// A client with choices for one member, and what that member needs.
fn asking(row: &MemberRow, list: &MemberRow, single: Option<&str>, choices: &[&str]) -> Value {
    let mut body = json!({ "redirect_uris": ["https://rp.example/cb"], "jwks_uri": "https://rp.example/jwks" });
    if let Some(needed) = row.needs {
        body[needed] = values(needed)[0].into();
    }
    if row.name == "token_endpoint_auth_signing_alg" {
        body["token_endpoint_auth_method"] = "private_key_jwt".into();
    }
    if let Some(single) = single {
        body[row.name] = single.into();
    }
    body[list.name] = json!(choices);
    body
}

/// OIDC RP Metadata Choices §2, §4, RFC 7592 §2.2: of every pair, at a registration and at an update, an absent value or one that
/// is not offered gives way to the first choice that is offered, in the client's order.
#[test]
fn first_offered_choice_is_registered() {
    let server = offering_all_pairs();
    for (row, list) in pairs() {
        let [one, two, other] = values(row.name);
        for (single, choices, taken) in [
            (None, &[other, two, one][..], two),
            (None, &[one, two], one),
            (Some(other), &[other, two, one], two),
            (Some(one), &[two, one], one),
        ] {
            let body = asking(row, list, single, choices);
            let client = register(&server, &body).created();
            assert_eq!(client[row.name], taken, "{body}");
            assert!(
                client
                    .as_object()
                    .unwrap()
                    .keys()
                    .all(|name| !name.ends_with("_supported"))
            );
            assert_eq!(server.manage("GET", &client).send().ok(), client);

            let mut update = asking(row, list, None, &[other, one]);
            update["client_id"] = client["client_id"].clone();
            let updated = server.manage("PUT", &client).json(&update).send().ok();
            assert_eq!(
                (&updated[row.name], updated.get(list.name)),
                (&json!(one), None),
                "{update}"
            );
        }
    }
    assert_eq!(server.clients().len(), pairs().len() * 4);
}

/// OIDC RP Metadata Choices §2: of every pair, a value that is not among the choices is refused by its name, and choices of which
/// none is offered are refused.
#[test]
fn contradicting_choices_are_refused() {
    let server = offering_all_pairs();
    let client = server.client();
    for (row, list) in pairs() {
        let [one, two, other] = values(row.name);
        for (single, choices, member) in [
            (Some(one), &[two][..], row.name),
            (Some(other), &[one], row.name),
            (None, &[other], list.name),
            (Some(other), &[other], row.name),
        ] {
            let mut body = asking(row, list, single, choices);
            let answer = register(&server, &body);
            let told = answer.refused(400, "invalid_client_metadata");
            assert!(told.starts_with(&format!("{member} ")), "{body}: {told}");
            body["client_id"] = client["client_id"].clone();
            let update = server.manage("PUT", &client).json(&body).send();
            assert_eq!(update.refused(400, "invalid_client_metadata"), told);
        }
    }
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    assert_eq!(server.clients().len(), 1);
}

/// OIDC RP Metadata Choices §2: without a governing list the pair is left out, unless it contradicts itself.
#[test]
fn choices_without_offer_are_left_out() {
    let server = TestServer::open();
    let body = |single: &str| {
        json!({
            "redirect_uris": ["https://rp.example/cb"], "userinfo_signed_response_alg": single,
            "userinfo_signing_alg_values_supported": ["ES256"],
        })
    };
    let client = register(&server, &body("ES256")).created();
    for absent in [
        "userinfo_signed_response_alg",
        "userinfo_signing_alg_values_supported",
    ] {
        assert_eq!(client.get(absent), None, "{absent}");
    }
    let told = register(&server, &body("RS256")).refused(400, "invalid_client_metadata");
    assert!(told.starts_with("userinfo_signed_response_alg "), "{told}");
    assert_eq!(server.clients().len(), 1);
}
