//! Deviations that the WSO2 endpoints accept in a request, and those that they refuse.

use serde_json::{Value, json};

use crate::{DOORS, door, id, plain, register, setup, unregister};

/// RFC 7591 §2 has arrays; at the WSO2 endpoints a text is an array with one element, and an
/// element of `grant_types` may hold several grants.
#[test]
fn text_counts_as_a_list_with_one_item() {
    let server = setup().start();
    for (asked, member, kept) in [
        (
            json!({ "redirect_uris": "https://rp.example/cb" }),
            "redirect_uris",
            json!(["https://rp.example/cb"]),
        ),
        (
            json!({ "redirect_uris": "https://rp.example/cb", "response_types": "code" }),
            "response_types",
            json!(["code"]),
        ),
        (
            json!({ "grant_types": "password" }),
            "grant_types",
            json!(["password"]),
        ),
        (
            json!({ "grant_types": "password client_credentials" }),
            "grant_types",
            json!(["password", "client_credentials"]),
        ),
        (
            json!({ "grant_types": ["password  client_credentials "] }),
            "grant_types",
            json!(["password", "client_credentials"]),
        ),
        (
            json!({ "grant_types": ["authorization_code implicit", "refresh_token"], "redirect_uris": "https://rp.example/cb" }),
            "grant_types",
            json!(["authorization_code", "implicit", "refresh_token"]),
        ),
        (
            json!({ "grant_types": "password unheard_of" }),
            "grant_types",
            json!(["password"]),
        ),
        (
            json!({ "redirect_uris": ["https://rp.example/cb"] }),
            "grant_types",
            json!(["authorization_code"]),
        ),
        (
            json!({ "grant_types": "password", "contacts": "shop@rp.example" }),
            "contacts",
            json!(["shop@rp.example"]),
        ),
        (
            json!({ "grant_types": "password", "claims_redirect_uris": "https://rp.example/r" }),
            "claims_redirect_uris",
            json!(["https://rp.example/r"]),
        ),
    ] {
        let client = register(&server, &asked).created();
        assert_eq!(client[member], kept, "{asked}");
        assert_eq!(server.manage("GET", &client).send().ok(), client);
    }
}

/// RFC 7591 §2: `client_name` is the client's choice; a WSO2 client without a name gets a generated
/// name.
#[test]
fn unnamed_client_gets_a_name() {
    let server = setup().start();
    let mut names = Vec::new();
    for asked in [
        json!({ "grant_types": ["password"] }),
        json!({ "grant_types": ["password"], "client_name": null }),
        json!({ "grant_types": ["password"], "client_name": "" }),
        json!({ "grant_types": ["password"], "clientName": "Shop" }),
        json!({ "grant_types": ["password"], "client_name#ja": "店", "ext_param_owner": "test" }),
    ] {
        let client = register(&server, &asked).created();
        let name = client["client_name"].as_str().unwrap().to_owned();
        let random = name
            .trim_start_matches("test_")
            .strip_prefix("application_")
            .unwrap();
        assert_eq!(random.len(), 16, "{name}");
        assert_eq!(client.get("client_name#ja"), asked.get("client_name#ja"));
        unregister(
            &server,
            id(&client),
            &format!("?userId=admin&applicationName={name}"),
        )
        .admin()
        .send()
        .deleted();
        names.push(random.to_owned());
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 5);
}

/// RFC 6749 §3.1.2: a value without a scheme is not a redirect URI, so no granted flow may
/// redirect.
#[test]
fn schemeless_value_excludes_redirects() {
    let server = setup().start();
    let invalid = json!({ "error": "invalid_redirect_uri", "error_description": "One or more redirect_uri values are invalid" });
    let mut kept = 0;
    for (uris, grants, accepted) in [
        (json!(["server.example.com"]), json!(["password"]), true),
        (
            json!("server.example.com"),
            json!("client_credentials password"),
            true,
        ),
        (
            json!(["server.example.com", "https://rp.example/cb"]),
            json!(["password"]),
            true,
        ),
        (json!(["server.example.com"]), Value::Null, false),
        (
            json!(["server.example.com"]),
            json!(["authorization_code"]),
            false,
        ),
        (json!(["server.example.com"]), json!(["implicit"]), false),
        (
            json!(["server.example.com"]),
            json!(["password", "authorization_code"]),
            false,
        ),
        (
            json!(["server.example.com", "https://rp.example/cb"]),
            json!(["authorization_code"]),
            false,
        ),
        (json!(["two words"]), json!(["password"]), false),
        (json!(["javascript:alert(1)"]), json!(["password"]), false),
        (json!(["http://rp.example/cb"]), json!(["password"]), false),
        (
            json!(["https://rp.example/cb#here"]),
            json!(["password"]),
            false,
        ),
    ] {
        let answer = register(
            &server,
            &json!({ "redirect_uris": uris, "grant_types": grants }),
        );
        if accepted {
            let client = answer.created();
            let list = if uris.is_string() {
                json!([uris])
            } else {
                uris
            };
            assert_eq!(
                (&client["redirect_uris"], &client["response_types"]),
                (&list, &json!([]))
            );
            kept += 1;
        } else {
            assert_eq!(answer.expect(400), invalid, "{uris} {grants}");
        }
    }
    assert_eq!(
        register(&server, &json!({ "client_name": "Shop" })).expect(400),
        invalid
    );
    assert_eq!(server.clients().len(), kept);
}

/// RFC 7591 §3.1: the registration endpoint of the document accepts none of the WSO2 forms without `ext_param_owner`.
#[test]
fn wso2_forms_are_refused_at_register() {
    let server = setup().start();
    let uris = json!(["https://rp.example/cb"]);
    for (asked, code, says) in [
        (
            json!({ "redirect_uris": "https://rp.example/cb" }),
            "invalid_redirect_uri",
            "redirect_uris must be an array",
        ),
        (
            json!({ "redirect_uris": uris, "grant_types": "password" }),
            "invalid_client_metadata",
            "grant_types must be an array",
        ),
        (
            json!({ "redirect_uris": uris, "grant_types": ["password implicit"] }),
            "invalid_client_metadata",
            "grant_types ",
        ),
        (
            json!({ "redirect_uris": ["server.example.com"], "grant_types": ["password"] }),
            "invalid_redirect_uri",
            "redirect_uris has an element",
        ),
        (
            json!({ "redirect_uris": ["regexp=https://a.example/cb"] }),
            "invalid_redirect_uri",
            "redirect_uris has ",
        ),
    ] {
        let description = server.register(&asked).refused(400, code);
        let reason = description
            .strip_prefix("One or more redirect_uri values are invalid: ")
            .unwrap_or(&description);
        assert!(reason.starts_with(says), "{asked}: {description}");
        assert_eq!(
            code == "invalid_redirect_uri",
            reason.len() < description.len(),
            "{description}"
        );
    }
    server
        .request("POST", "/register")
        .admin()
        .body(plain("Shop").to_string().as_bytes())
        .send()
        .refused(415, "invalid_request");
    assert_eq!(server.clients(), Vec::<Value>::new());

    let client = server
        .register(&json!({ "grant_types": ["password"], "ext_param_owner": null }))
        .created();
    assert_eq!(
        (client.get("client_name"), client.get("ext_param_owner")),
        (None, None)
    );
    assert_eq!(
        (
            &server.clients()[0]["owner"],
            &server.clients()[0]["composed_name"]
        ),
        (&json!("admin"), &Value::Null)
    );
}

/// RFC 9110 §8.3: a program may omit the content type; a page in a browser may not.
#[test]
fn only_pages_need_a_content_type() {
    let server = setup().start();
    let mut registered = 0;
    for path in DOORS {
        for (headers, accepted) in [
            (&[][..], true),
            (&[("Content-Type", "application/json")][..], true),
            (
                &[
                    ("Content-Type", "Application/JSON; charset=utf-8"),
                    ("Origin", "https://page.example"),
                ],
                true,
            ),
            (&[("Sec-Fetch-Site", "same-origin")], true),
            (&[("Origin", "https://page.example")], false),
            (&[("Origin", "null")], false),
            (&[("Sec-Fetch-Site", "cross-site")], false),
            (
                &[("Content-Type", "application/x-www-form-urlencoded")],
                false,
            ),
            (
                &[("Content-Type", "multipart/form-data; boundary=x")],
                false,
            ),
            (&[("Content-Type", "text/plain")], false),
            (&[("Content-Type", "")], false),
            (&[("Content-Type", "application/json-patch")], false),
            (
                &[
                    ("Content-Type", "application/json"),
                    ("Content-Encoding", "gzip"),
                ],
                false,
            ),
        ] {
            let ask = server
                .request("POST", path)
                .admin()
                .body(br#"{"grant_types": ["password"]}"#);
            let answer = headers
                .iter()
                .fold(ask, |ask, (name, value)| ask.header(name, value))
                .send();
            if accepted {
                answer.created();
                registered += 1;
            } else {
                let description = answer.refused(415, "invalid_request");
                assert_eq!(
                    description,
                    "The body must be sent as application/json, without a content encoding.",
                    "{headers:?}"
                );
            }
        }
    }
    assert_eq!(server.clients().len(), registered);
}

/// RFC 7591 §3.2.2: every mistake of a client is answered in JSON, and no client is registered.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn mistakes_are_answered_in_json() {
    let server = setup().start();
    let uris = r#""redirect_uris": ["https://rp.example/cb"]"#;
    for (body, code, says) in [
        (
            String::new(),
            "invalid_client_metadata",
            "The body must be a JSON object",
        ),
        (
            "{".to_owned(),
            "invalid_client_metadata",
            "The body must be a JSON object",
        ),
        (
            "[]".to_owned(),
            "invalid_client_metadata",
            "The body must be a JSON object",
        ),
        (
            "null".to_owned(),
            "invalid_client_metadata",
            "The body must be a JSON object",
        ),
        (
            "<xml/>".to_owned(),
            "invalid_client_metadata",
            "The body must be a JSON object",
        ),
        (
            format!("{{{uris}, {uris}}}"),
            "invalid_client_metadata",
            "The body has a duplicate member",
        ),
        (
            r#"{"redirect_uris": 7}"#.to_owned(),
            "invalid_redirect_uri",
            "One or more redirect_uri values are invalid",
        ),
        (
            r#"{"redirect_uris": [7]}"#.to_owned(),
            "invalid_redirect_uri",
            "One or more redirect_uri values are invalid",
        ),
        (
            r#"{"redirect_uris": [null]}"#.to_owned(),
            "invalid_redirect_uri",
            "One or more redirect_uri values are invalid",
        ),
        (
            r#"{"redirect_uris": [["https://rp.example/cb"]]}"#.to_owned(),
            "invalid_redirect_uri",
            "One or more redirect_uri values are invalid",
        ),
        (
            r#"{"redirect_uris": {}}"#.to_owned(),
            "invalid_redirect_uri",
            "One or more redirect_uri values are invalid",
        ),
        (
            r#"{"redirect_uris": []}"#.to_owned(),
            "invalid_redirect_uri",
            "One or more redirect_uri values are invalid",
        ),
        (
            format!(r#"{{{uris}, "client_name": 7}}"#),
            "invalid_client_metadata",
            "client_name must be a string.",
        ),
        (
            format!(r#"{{{uris}, "client_name": ["Shop"]}}"#),
            "invalid_client_metadata",
            "client_name must be a string.",
        ),
        (
            format!(r#"{{{uris}, "grant_types": 7}}"#),
            "invalid_client_metadata",
            "grant_types must be an array.",
        ),
        (
            format!(r#"{{{uris}, "grant_types": [null]}}"#),
            "invalid_client_metadata",
            "grant_types has an element that must be a string.",
        ),
        (
            format!(r#"{{{uris}, "grant_types": [7]}}"#),
            "invalid_client_metadata",
            "grant_types has an element that must be a string.",
        ),
        (
            format!(r#"{{{uris}, "grant_types": ["unheard_of"]}}"#),
            "invalid_client_metadata",
            "grant_types has no value listed",
        ),
        (
            format!(r#"{{{uris}, "contacts": [null]}}"#),
            "invalid_client_metadata",
            "contacts has an element that must be a string.",
        ),
        (
            format!(r#"{{{uris}, "scope": 7}}"#),
            "invalid_client_metadata",
            "scope must be a string.",
        ),
        (
            format!(r#"{{{uris}, "jwks": "keys"}}"#),
            "invalid_client_metadata",
            "jwks must be",
        ),
        (
            format!(r#"{{{uris}, "jwks": {{"keys": [null]}}}}"#),
            "invalid_client_metadata",
            "jwks ",
        ),
        (
            format!(r#"{{{uris}, "ext_param_owner": 7}}"#),
            "invalid_client_metadata",
            "Invalid application owner.",
        ),
    ] {
        let answer = door(&server)
            .admin()
            .header("Content-Type", "application/json")
            .body(body.as_bytes())
            .send();
        let description = answer.refused(400, code);
        assert!(description.starts_with(says), "{body}: {description}");
    }
    assert_eq!(server.clients(), Vec::<Value>::new());

    let keys = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "use": "sig", "kid": "1",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }] });
    let with_keys = json!({ "redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": "private_key_jwt", "jwks": keys });
    let client = register(&server, &with_keys).created();
    assert_eq!(
        (&client["jwks"], client.get("client_secret")),
        (&keys, None)
    );
}
