//! Members that nothing would use. OIDC Registration §2, OIDC RP-Initiated Logout §3.1, OIDC Front-Channel Logout §2, OIDC
//! Back-Channel Logout §2.2.

use serde_json::{Value, json};

use super::support::{Setup, TestServer};

/// An open provider with these lines in its document.
fn offering(lines: &str) -> TestServer {
    let file = format!(
        "[[provider]]\nissuer = \"http://localhost\"\nregistration = \"open\"\n[provider.metadata]\n{lines}\n"
    );
    Setup::new().file(&file).start()
}

/// `{ "redirect_uris": …, more… }`.
fn with(more: &Value) -> Value {
    let mut body = json!({ "redirect_uris": ["https://rp.example/cb"] });
    let members = body.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    body
}

/// Registers a client, and updates it with the same body: both answers agree, and so does a read.
fn agreed(server: &TestServer, more: &Value) -> Value {
    let mut body = with(more);
    let client = server
        .request("POST", "/register")
        .json(&body)
        .send()
        .created();
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    body["client_id"] = client["client_id"].clone();
    assert_eq!(
        server.manage("PUT", &client).json(&body).send().ok(),
        client
    );
    client
}

/// The governed members, each with a value, the member of the document that offers it, and that member's value.
fn governed() -> Vec<(&'static str, Value, &'static str)> {
    let end = "end_session_endpoint = \"http://localhost/end\"";
    vec![
        (
            "request_uris",
            json!(["https://rp.example/object#hash"]),
            "request_uri_parameter_supported = true",
        ),
        (
            "post_logout_redirect_uris",
            json!(["https://rp.example/bye"]),
            end,
        ),
        (
            "frontchannel_logout_uri",
            json!("https://rp.example/out"),
            "frontchannel_logout_supported = true",
        ),
        (
            "backchannel_logout_uri",
            json!("https://rp.example/out"),
            "backchannel_logout_supported = true",
        ),
        (
            "frontchannel_logout_session_required",
            json!(true),
            "frontchannel_logout_supported = true\nfrontchannel_logout_session_supported = true",
        ),
        (
            "backchannel_logout_session_required",
            json!(true),
            "backchannel_logout_supported = true\nbackchannel_logout_session_supported = true",
        ),
        (
            "backchannel_user_code_parameter",
            json!(true),
            "backchannel_user_code_parameter_supported = true",
        ),
    ]
}

/// OIDC RP-Initiated Logout §3.1, OIDC Back-Channel Logout §2.2: members of a feature that the document does not offer are not
/// agreed to, alone or together.
#[test]
fn members_of_unoffered_features_are_dropped() {
    let server = TestServer::open();
    let mut all = json!({});
    for (member, value, _) in governed() {
        assert_eq!(
            agreed(&server, &json!({ member: value })).get(member),
            None,
            "{member}"
        );
        all[member] = value;
    }
    let client = agreed(&server, &all);
    for (member, _, _) in governed() {
        assert_eq!(client.get(member), None, "{member}");
    }
    let off = "request_uri_parameter_supported = false\nfrontchannel_logout_supported = false\n\
               backchannel_logout_supported = false\nbackchannel_user_code_parameter_supported = false";
    let client = agreed(&offering(off), &all);
    for (member, _, _) in governed() {
        assert_eq!(client.get(member), None, "{member}");
    }
    for channel in ["frontchannel", "backchannel"] {
        let member = format!("{channel}_logout_session_required");
        for value in [true, false] {
            assert_eq!(
                agreed(&server, &json!({ &*member: value })).get(&member),
                None
            );
        }
    }
}

/// OIDC RP-Initiated Logout §2.1, OIDC Back-Channel Logout §2.1: a member is kept as sent where the document offers its feature, and
/// only there.
#[test]
fn members_of_offered_features_are_kept() {
    for (member, value, lines) in governed() {
        let server = offering(lines);
        let client = agreed(&server, &json!({ member: value }));
        assert_eq!(client[member], value, "{member}");
    }
    let lines: Vec<&str> = governed().iter().map(|(_, _, lines)| *lines).collect();
    let mut lines: Vec<&str> = lines.iter().flat_map(|lines| lines.lines()).collect();
    lines.sort_unstable();
    lines.dedup();
    let server = offering(&lines.join("\n"));
    let all = governed()
        .into_iter()
        .map(|(member, value, _)| (member.to_owned(), value))
        .collect::<Value>();
    let client = agreed(&server, &all);
    for (member, value, _) in governed() {
        assert_eq!(client[member], value, "{member}");
    }
    let without_session = offering("backchannel_logout_supported = true");
    let client = agreed(
        &without_session,
        &json!({ "backchannel_logout_uri": "https://rp.example/out", "backchannel_logout_session_required": true }),
    );
    assert_eq!(client["backchannel_logout_uri"], "https://rp.example/out");
    assert_eq!(client.get("backchannel_logout_session_required"), None);
}

/// OIDC Back-Channel Logout §2.2, RFC 9700 §4.15: what is dropped is judged as ever before.
#[test]
fn dropped_members_are_judged() {
    let server = TestServer::open();
    for (more, member) in [
        (
            json!({ "post_logout_redirect_uris": ["https://rp.example/bye?state=1"] }),
            "post_logout_redirect_uris",
        ),
        (
            json!({ "post_logout_redirect_uris": ["javascript:alert(1)"] }),
            "post_logout_redirect_uris",
        ),
        (
            json!({ "frontchannel_logout_uri": "https://other.example/out" }),
            "frontchannel_logout_uri",
        ),
        (
            json!({ "backchannel_logout_uri": "https://127.0.0.1/out" }),
            "backchannel_logout_uri",
        ),
        (
            json!({ "backchannel_logout_session_required": "yes" }),
            "backchannel_logout_session_required",
        ),
        (
            json!({ "request_uris": ["http://rp.example/object"] }),
            "request_uris",
        ),
        (
            json!({ "token_endpoint_auth_signing_alg": "HS256" }),
            "token_endpoint_auth_signing_alg",
        ),
        (
            json!({ "response_modes": ["web_message"] }),
            "response_modes",
        ),
    ] {
        let told = server
            .request("POST", "/register")
            .json(&with(&more))
            .send()
            .refused(400, "invalid_client_metadata");
        assert!(told.starts_with(&format!("{member} ")), "{more}: {told}");
    }
    assert!(server.clients().is_empty());
}

/// OIDC Registration §2: the signing algorithm of client authentication counts for a client that authenticates with a JWT, whether it
/// asked for that method or was given it.
#[test]
fn signing_algorithm_needs_a_jwt_method() {
    let member = "token_endpoint_auth_signing_alg";
    let algorithm = json!({ member: "RS256", "jwks_uri": "https://rp.example/jwks" });
    let also = |more: Value| {
        let mut members = algorithm.clone();
        members
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        members
    };
    let server = TestServer::open();
    assert_eq!(
        agreed(&server, &json!({ member: "RS256" })).get(member),
        None
    );
    for method in ["client_secret_basic", "client_secret_post", "none"] {
        let client = agreed(
            &server,
            &also(json!({ "token_endpoint_auth_method": method })),
        );
        assert_eq!(client.get(member), None, "{method}");
    }
    let jwt = json!({ "token_endpoint_auth_method": "private_key_jwt" });
    assert_eq!(agreed(&server, &also(jwt))[member], "RS256");

    let chosen = json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"] });
    assert_eq!(agreed(&server, &also(chosen))[member], "RS256");
    let lowered = json!({ "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"] });
    assert_eq!(agreed(&server, &also(lowered)).get(member), None);
    let only = offering("token_endpoint_auth_methods_supported = [\"private_key_jwt\"]");
    let client = agreed(&only, &algorithm);
    assert_eq!(
        (&client["token_endpoint_auth_method"], &client[member]),
        (&json!("private_key_jwt"), &json!("RS256"))
    );
}

/// RFC 7591 §3.2.1: a list without elements says nothing, so a list that the document governs is left out.
#[test]
fn empty_governed_list_is_left_out() {
    let server = offering(
        "acr_values_supported = [\"0\"]\nauthorization_details_types_supported = [\"payment\"]\n\
         client_registration_types_supported = [\"automatic\"]",
    );
    for member in [
        "response_modes",
        "default_acr_values",
        "authorization_details_types",
        "client_registration_types",
        "id_token_signing_alg_values_supported",
    ] {
        assert_eq!(agreed(&server, &json!({ member: [] })).get(member), None);
    }
}
