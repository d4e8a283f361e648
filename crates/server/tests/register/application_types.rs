//! The application type that follows from redirect URIs, and the redirect URIs that it allows.

use serde_json::{Value, json};

use super::support::{Answer, Setup, TestServer};

/// The configuration of the MCP recipe.
const RECIPE: &str = include_str!("../../../../docs/recipes/mcp/frontdesk.toml");

const HTTPS: &str = "https://rp.example/cb";
const LOOPBACK: &str = "http://127.0.0.1/";
const PRIVATE_USE: &str = "com.example.app:/cb";

fn post(server: &TestServer, metadata: &Value) -> Answer {
    server.request("POST", "/register").json(metadata).send()
}

/// An update of a client to this metadata, with its identifier.
fn put(server: &TestServer, client: &Value, metadata: &Value) -> Answer {
    let mut body = metadata.clone();
    body["client_id"] = client["client_id"].clone();
    server.manage("PUT", client).json(&body).send()
}

fn with(mut metadata: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    metadata
}

/// Checks that a request is refused at the registration and as an update of `client`, and changes nothing.
#[track_caller]
fn refuse(server: &TestServer, client: &Value, metadata: &Value) {
    let (before, read) = (server.clients(), server.manage("GET", client).send().ok());
    for answer in [
        post(server, metadata),
        server.register(metadata),
        put(server, client, metadata),
    ] {
        let told = answer.refused(400, "invalid_redirect_uri");
        assert!(told.contains("redirect_uris "), "{metadata}: {told}");
    }
    assert_eq!(server.clients(), before, "{metadata}");
    assert_eq!(server.manage("GET", client).send().ok(), read, "{metadata}");
}

/// Checks that a request is granted with this application type: at the registration, with and without credentials, and as an
/// update of `client`.
#[track_caller]
fn grant(server: &TestServer, client: &Value, metadata: &Value, application_type: &str) {
    for (granted, read) in [post(server, metadata), server.register(metadata)]
        .map(|answer| answer.created())
        .map(|granted| (server.manage("GET", &granted).send().ok(), granted))
        .into_iter()
        .chain([(
            put(server, client, metadata).ok(),
            server.manage("GET", client).send().ok(),
        )])
    {
        assert_eq!(granted, read);
        assert_eq!(
            (&granted["application_type"], &granted["redirect_uris"]),
            (&json!(application_type), &metadata["redirect_uris"]),
            "{metadata}"
        );
    }
}

/// RFC 8252 §7: an editor that sends its private-use scheme, its web page and its loopback address is a native application.
#[test]
fn mixed_list_of_an_editor_is_native() {
    let server = Setup::new()
        .file(RECIPE)
        .with("FRONTDESK_ISSUER", "http://localhost:9443")
        .start();
    let body = json!({
        "client_name": "Cursor",
        "redirect_uris": [
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "https://www.cursor.com/agents/mcp/oauth/callback",
            "http://localhost:8787/callback"
        ],
        "token_endpoint_auth_method": "none"
    });
    let client = post(&server, &body).created();
    assert_eq!(
        (&client["application_type"], &client["redirect_uris"]),
        (&json!("native"), &body["redirect_uris"])
    );
    assert_eq!(client.get("client_secret"), None);
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    assert_eq!(
        put(&server, &client, &body).ok()["application_type"],
        "native"
    );
}

/// RFC 8252 §7: without `application_type`, one redirect URI of a native application decides, in any order.
#[test]
fn one_native_redirect_uri_decides() {
    let server = TestServer::open();
    let kinds = [(HTTPS, false), (LOOPBACK, true), (PRIVATE_USE, true)];
    for (first, native) in kinds {
        for (second, also_native) in kinds {
            let uris = if first == second {
                json!([first])
            } else {
                json!([first, second])
            };
            let expected = if native || also_native {
                "native"
            } else {
                "web"
            };
            let other = if expected == "web" { LOOPBACK } else { HTTPS };
            let client = server
                .register(&json!({ "redirect_uris": [other] }))
                .created();
            grant(
                &server,
                &client,
                &json!({ "redirect_uris": uris }),
                expected,
            );
        }
    }
    let client = server.client();
    let vscode = json!({ "redirect_uris": ["https://vscode.dev/redirect", "http://127.0.0.1/"] });
    grant(&server, &client, &vscode, "native");
    grant(
        &server,
        &client,
        &json!({ "redirect_uris": ["https://localhost/cb"] }),
        "web",
    );
}

/// OIDC Registration §2, RFC 8252 §7: a list stays refused if one element is bad for a native application too.
#[test]
fn bad_element_refuses_a_native_list() {
    let server = TestServer::open();
    let client = server.client();
    for bad in [
        "http://rp.example/cb",
        "myapp:/cb",
        "javascript:alert(1)",
        "http://10.0.0.1/",
    ] {
        for uris in [
            json!([HTTPS, LOOPBACK, bad]),
            json!([bad, LOOPBACK]),
            json!([PRIVATE_USE, bad]),
            json!([bad, HTTPS]),
        ] {
            refuse(&server, &client, &json!({ "redirect_uris": uris }));
        }
    }
}

/// OIDC Registration §2: a web application has redirect URIs on loopback, unless the implicit grant is registered.
#[test]
fn web_application_on_loopback() {
    let server = TestServer::open();
    let client = server.client();
    for uri in [
        "http://localhost:3000/cb",
        "http://127.0.0.1:8080/",
        "http://[::1]/",
        "http://app.localhost/cb",
    ] {
        let web = json!({ "application_type": "web", "redirect_uris": [uri] });
        for granted in [
            json!({ "response_types": ["code"] }),
            json!({}),
            json!({ "token_endpoint_auth_method": "none" }),
            json!({ "grant_types": ["authorization_code", "refresh_token"] }),
            // The implicit grant is not registered where no response type uses it.
            json!({ "grant_types": ["authorization_code", "implicit"], "response_types": ["code"] }),
        ] {
            grant(&server, &client, &with(web.clone(), &granted), "web");
        }
        for refused in [
            json!({ "grant_types": ["authorization_code", "implicit"], "response_types": ["code", "id_token"] }),
            json!({ "grant_types": ["authorization_code", "implicit"] }),
            json!({ "grant_types": ["implicit"] }),
            json!({ "response_types": ["id_token"] }),
            json!({ "response_types": ["code", "token"] }),
            json!({ "redirect_uris": [uri, "http://rp.example/cb"] }),
            json!({ "redirect_uris": ["http://rp.example/cb"] }),
        ] {
            refuse(&server, &client, &with(web.clone(), &refused));
        }
    }
}

/// OIDC Registration §2: an implicit grant that the provider does not offer is narrowed away, and forbids nothing.
#[test]
fn implicit_grant_that_is_not_offered() {
    let server = Setup::new()
        .file(RECIPE)
        .with("FRONTDESK_ISSUER", "http://localhost:9443")
        .start();
    let body = json!({
        "application_type": "web",
        "redirect_uris": ["http://localhost:3000/cb"],
        "grant_types": ["authorization_code", "implicit"],
        "response_types": ["code", "id_token"]
    });
    let client = post(&server, &body).created();
    assert_eq!(
        (
            &client["application_type"],
            &client["grant_types"],
            &client["response_types"]
        ),
        (
            &json!("web"),
            &json!(["authorization_code"]),
            &json!(["code"])
        )
    );
}

/// OIDC Registration §2: an update adds the implicit grant or a loopback address, and not both.
#[test]
fn update_of_a_web_application_on_loopback() {
    let server = TestServer::open();
    let web = |uri: &str, flow: Value| {
        with(
            json!({ "application_type": "web", "redirect_uris": [uri] }),
            &flow,
        )
    };
    let loopback = "http://localhost:3000/cb";
    let implicit = json!({ "grant_types": ["implicit"], "response_types": ["id_token"] });
    let code = json!({ "response_types": ["code"] });
    let client = post(&server, &web(loopback, code.clone())).created();
    let read = || server.manage("GET", &client).send().ok();
    let before = read();
    put(&server, &client, &web(loopback, implicit.clone())).refused(400, "invalid_redirect_uri");
    assert_eq!(read(), before);
    put(&server, &client, &web(HTTPS, implicit.clone())).ok();
    let before = read();
    put(&server, &client, &web(loopback, implicit)).refused(400, "invalid_redirect_uri");
    assert_eq!(read(), before);
    let taken = put(&server, &client, &web(loopback, code)).ok();
    assert_eq!(
        (
            &taken["grant_types"],
            &taken["application_type"],
            &taken["redirect_uris"]
        ),
        (
            &json!(["authorization_code"]),
            &json!("web"),
            &json!([loopback])
        )
    );
}

/// RFC 7591 §3.2.1: `web` beside a private-use scheme that native applications may use is answered as `native`.
#[test]
fn web_with_a_private_use_scheme_is_native() {
    let server = Setup::new()
        .with("FRONTDESK_REGISTRATION", "open")
        .with("FRONTDESK_NATIVE_SCHEMES", "cursor")
        .start();
    let client = server.client();
    let web = |uris: &[&str]| json!({ "application_type": "web", "redirect_uris": uris });
    for uris in [
        &[PRIVATE_USE][..],
        &["CURSOR://callback"],
        &[HTTPS, "cursor:/cb"],
        &["cursor:/cb", HTTPS],
        &[LOOPBACK, PRIVATE_USE],
        &["https://localhost/cb", PRIVATE_USE],
    ] {
        grant(&server, &client, &web(uris), "native");
    }
    for uris in [
        &["vscode://callback"][..],
        &[HTTPS, "vscode://callback"],
        &[PRIVATE_USE, "vscode://callback"],
        &[PRIVATE_USE, "http://rp.example/cb"],
        &["ms-word:/cb"],
    ] {
        refuse(&server, &client, &web(uris));
    }
}

/// OIDC Registration §2: an update makes no web application with the implicit grant on localhost of a native one.
#[test]
fn update_makes_no_implicit_web_client_on_localhost() {
    let server = Setup::new().with("FRONTDESK_REGISTRATION", "open").start();
    let asked = json!({
        "application_type": "native", "redirect_uris": ["https://localhost/cb"],
        "grant_types": ["implicit"], "response_types": ["id_token"],
    });
    let client = server.request("POST", "/register").json(&asked).send();
    let client = client.created();
    for application_type in ["web", ""] {
        let mut update = asked.clone();
        update["client_id"] = client["client_id"].clone();
        update["application_type"] = application_type.into();
        let answer = server.manage("PUT", &client).json(&update).send();
        answer.refused(400, "invalid_redirect_uri");
        let read = server.manage("GET", &client).send().ok();
        assert_eq!(read["application_type"], "native");
    }
}
