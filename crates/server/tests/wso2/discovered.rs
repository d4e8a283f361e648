//! WSO2 clients at the registration endpoint of the provider's document, which their documentation discovers.

use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, Postgres, Setup, TestServer};
use crate::{DOORS, id, plain, published, setup, unregister};

const GRANTS: [&str; 5] = [
    "authorization_code",
    "implicit",
    "password",
    "client_credentials",
    "refresh_token",
];

const CALLBACK: &str = "https://localhost:9443/callback";

/// The standard endpoint, and those of WSO2.
const EVERYWHERE: [&str; 3] = ["/register", DOORS[0], DOORS[2]];

fn register_at(server: &TestServer, path: &str, body: &Value) -> Answer {
    server.request("POST", path).admin().json(body).send()
}

/// The body of the documentation with other grants.
fn with_grants(grants: &[&str]) -> Value {
    json!({
        "redirect_uris": [CALLBACK], "client_name": "App", "ext_param_owner": "test_owner", "grant_types": grants,
    })
}

/// OIDC Discovery §2 and §4, OIDC Registration §3.1: the samples of the documentation in their order, each registered at the
/// endpoint that was discovered, and repeated.
#[test]
fn published_journey_works_in_order() {
    let server = published();
    let ask = |method: &str, url: &str| {
        let path = url.replacen("https://localhost:9443", "", 1);
        server.request(method, &path).basic("admin", "admin")
    };
    let mut seen = Vec::new();
    for _ in 0..2 {
        let found = ask(
            "GET",
            "/.well-known/webfinger?resource=acct:admin@localhost&rel=",
        )
        .send()
        .json();
        let issuer = found["links"][0]["href"].as_str().unwrap().to_owned();
        let document = ask(
            "GET",
            &format!("{issuer}/oauth2/oidcdiscovery/.well-known/openid-configuration"),
        )
        .send()
        .json();
        let endpoint = document["registration_endpoint"].as_str().unwrap();
        assert_eq!(endpoint, "https://localhost:9443/register");
        for (body, name) in [
            (
                &br#"{"redirect_uris": ["https://localhost:9443/callback"],"client_name": "TestApplication","ext_param_owner":"test_owner","grant_types": ["password"]}"#[..],
                "test_owner_TestApplication",
            ),
            (
                &br#"{"redirect_uris": ["server.example.com"],"client_name": "application_1","ext_param_owner":"application_owner","grant_types": ["password"]}"#[..],
                "application_owner_application_1",
            ),
        ] {
            let client = ask("POST", endpoint)
                .header("Content-Type", "application/json")
                .body(body)
                .send()
                .created();
            assert_eq!(client["client_name"], name);
            assert_eq!(client["client_secret_expires_at"], 0);
            seen.push((id(&client).to_owned(), name));
        }
    }
    assert_eq!(server.clients().len(), 4);
    for (client, name) in seen {
        let line = format!("/identity/register/{client}?userId=admin&applicationName={name}");
        ask("DELETE", &line).send().deleted();
        ask("DELETE", &line).send().refused(403, "access_denied");
    }
    assert_eq!(server.clients(), Vec::<Value>::new());
}

/// OIDC Registration §2: each documented grant alone and all together, at every endpoint. Reading and updating the client
/// with its own token keeps what it has (RFC 7592 §2.2).
#[test]
fn every_grant_registers_everywhere() {
    let server = setup().start();
    let alone = GRANTS.map(|grant| vec![grant]);
    for grants in alone.into_iter().chain([GRANTS.to_vec()]) {
        for path in EVERYWHERE {
            let client = register_at(&server, path, &with_grants(&grants)).created();
            let agreed = [
                "grant_types",
                "redirect_uris",
                "client_name",
                "application_type",
            ]
            .map(|member| client[member].clone());
            let expected = [
                json!(grants),
                json!([CALLBACK]),
                json!("test_owner_App"),
                json!("web"),
            ];
            assert_eq!(agreed, expected, "{path} {grants:?}");
            assert_eq!(client.get("ext_param_owner"), None);
            assert_eq!(server.manage("GET", &client).send().ok(), client);
            let mut again = client.clone();
            again
                .as_object_mut()
                .unwrap()
                .retain(|name, _| !name.starts_with("registration_") && !name.ends_with("_at"));
            assert_eq!(
                server.manage("PUT", &client).json(&again).send().ok(),
                client
            );
        }
    }
    let responses = |grant: &str| {
        register_at(&server, "/register", &with_grants(&[grant])).created()["response_types"]
            .clone()
    };
    assert_eq!(responses("refresh_token"), json!([]));
    assert_eq!(responses("password"), json!([]));
    assert_eq!(responses("authorization_code"), json!(["code"]));
    assert_eq!(
        responses("implicit"),
        json!(["id_token", "id_token token", "token"])
    );
}

/// OIDC Registration §2: at the standard endpoint the form depends on the member `ext_param_owner`. Lists may be strings, the
/// name may be missing, and redirect URIs may be patterns or have no scheme.
#[test]
fn wso2_forms_work_at_the_discovered_endpoint() {
    let server = setup().start();
    for (asked, member, agreed) in [
        (
            json!({ "redirect_uris": CALLBACK, "grant_types": "password" }),
            "redirect_uris",
            json!([CALLBACK]),
        ),
        (
            json!({ "redirect_uris": [CALLBACK], "grant_types": ["authorization_code implicit  password"] }),
            "grant_types",
            json!(["authorization_code", "implicit", "password"]),
        ),
        (
            json!({ "redirect_uris": ["regexp=(https://a.example/cb|https://b.example/cb)"] }),
            "redirect_uris",
            json!(["regexp=(https://a.example/cb|https://b.example/cb)"]),
        ),
        (
            json!({ "redirect_uris": ["server.example.com"], "grant_types": ["password"] }),
            "redirect_uris",
            json!(["server.example.com"]),
        ),
    ] {
        let mut body = asked.clone();
        body["ext_param_owner"] = json!("owner");
        let client = register_at(&server, "/register", &body).created();
        assert_eq!(client[member], agreed, "{asked}");
        let name = client["client_name"].as_str().unwrap();
        assert!(name.starts_with("owner_application_"), "{name}");
        let query = format!("?userId=owner&applicationName={name}");
        unregister(&server, id(&client), &query)
            .admin()
            .send()
            .deleted();
    }
    let fixed = json!({
        "error": "invalid_redirect_uri", "error_description": "One or more redirect_uri values are invalid",
    });
    let mut wrong = with_grants(&["authorization_code"]);
    wrong["redirect_uris"] = json!(["server.example.com"]);
    for path in EVERYWHERE {
        assert_eq!(register_at(&server, path, &wrong).expect(400), fixed);
    }
    assert_eq!(server.clients(), Vec::<Value>::new());
}

/// RFC 7591 §3.1: every other caller and every other request has the rules of the standard endpoint.
#[test]
fn discovered_endpoint_refuses_other_callers() {
    let server = setup().with("FRONTDESK_REGISTRATION", "open").start();
    server.account("alice", "registrar");
    let token = server.ran(&["token", "issue"]);
    let forms = [
        json!({ "redirect_uris": CALLBACK }),
        json!({ "redirect_uris": [CALLBACK], "grant_types": ["implicit"] }),
        json!({ "redirect_uris": [CALLBACK], "grant_types": ["refresh_token"] }),
        json!({ "redirect_uris": [CALLBACK], "grant_types": ["password refresh_token"] }),
        json!({ "redirect_uris": ["server.example.com"], "grant_types": ["password"] }),
        json!({ "redirect_uris": ["regexp=https://a.example/cb"] }),
    ];
    let before = server.clients();
    for form in forms {
        for owner in [Value::Null, json!("alice")] {
            let mut body = form.clone();
            body["ext_param_owner"] = owner.clone();
            let post = || server.request("POST", "/register").json(&body);
            let mut answers = vec![post().send(), post().bearer(token.trim()).send()];
            if owner.is_null() {
                answers.push(post().admin().send());
            }
            for answer in answers {
                assert_eq!(answer.status(), 400, "{body}: {}", answer.text);
            }
        }
    }
    let asked = with_grants(&["password"]);
    let other = server
        .request("POST", "/register")
        .basic("alice", PASSWORD)
        .json(&asked)
        .send();
    assert_eq!(
        other.refused(403, "access_denied"),
        "You may not register clients for this application owner."
    );
    for owner in [json!(7), json!(""), json!("two words"), json!(["alice"])] {
        let mut body = asked.clone();
        body["ext_param_owner"] = owner.clone();
        assert_eq!(
            register_at(&server, "/register", &body).refused(400, "invalid_client_metadata"),
            "Invalid application owner.",
            "{owner}"
        );
    }
    // A page of another site could make a browser send a body without a content type.
    server
        .request("POST", "/register")
        .admin()
        .body(asked.to_string().as_bytes())
        .send()
        .refused(415, "invalid_request");
    assert_eq!(server.clients(), before);
}

/// RFC 7592 §2.2: an update may keep what a WSO2 client has, and no other client gets it.
#[test]
fn update_introduces_no_wso2_form() {
    let server = setup().start();
    let client = register_at(&server, "/register", &with_grants(&["password"])).created();
    let put = |members: Value| {
        let mut body = json!({ "client_id": client["client_id"] });
        body.as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        server.manage("PUT", &client).json(&body).send()
    };
    put(json!({ "redirect_uris": [CALLBACK], "grant_types": ["implicit"] }))
        .refused(400, "invalid_redirect_uri");
    put(json!({ "redirect_uris": [CALLBACK], "grant_types": ["refresh_token"] }))
        .refused(400, "invalid_client_metadata");
    put(json!({ "redirect_uris": CALLBACK, "grant_types": ["password"] }))
        .refused(400, "invalid_redirect_uri");
    assert_eq!(server.manage("GET", &client).send().ok(), client);
}

/// OIDC Registration §3.2: a repeated request registers another client, whose export and import keep the name.
#[expect(clippy::indexing_slicing, reason = "a test says what it expects")]
fn repeat_everywhere(server: &TestServer, second: Setup) {
    let mut identifiers = Vec::new();
    for path in [
        "/register",
        "/register/",
        DOORS[0],
        DOORS[1],
        DOORS[2],
        DOORS[3],
    ] {
        let client = register_at(server, path, &with_grants(&["password"])).created();
        assert_eq!(client["client_name"], "test_owner_App");
        identifiers.push(id(&client).to_owned());
    }
    identifiers.sort();
    identifiers.dedup();
    assert_eq!(identifiers.len(), 6);
    server.register(&plain("test_owner_App")).created();

    let exported = server.ran(&["client", "export"]);
    let file = server.folder.path().join("clients.jsonl");
    std::fs::write(&file, &exported).unwrap();
    let target = second.start();
    let key = server.folder.path().join("frontdesk-data/sealing.key");
    let mut arguments = vec!["client", "import", file.to_str().unwrap()];
    if key.exists() {
        arguments.extend(["--sealed-with", key.to_str().unwrap()]);
    }
    target.ran(&arguments);
    target.ran(&arguments);
    let names = |server: &TestServer| {
        let clients = server.clients().into_iter();
        let mut names: Vec<_> = clients
            .map(|client| {
                (
                    client["client_id"].to_string(),
                    client["composed_name"].clone(),
                )
            })
            .collect();
        names.sort_by(|one, other| one.0.cmp(&other.0));
        names
    };
    assert_eq!(names(server).len(), 7);

    let query = "?userId=test_owner&applicationName=test_owner_App";
    unregister(server, &identifiers[0], query)
        .admin()
        .send()
        .deleted();
    assert_eq!(server.clients().len(), 6);
    unregister(server, &identifiers[0], query)
        .admin()
        .send()
        .refused(403, "access_denied");
    assert_eq!(server.clients().len(), 6);
    assert_eq!(
        target
            .clients()
            .iter()
            .filter(|client| client["composed_name"] == "test_owner_App")
            .count(),
        6
    );
}

#[test]
fn equal_names_are_carried_on_sqlite() {
    repeat_everywhere(&setup().start(), setup());
}

#[test]
fn equal_names_are_carried_on_postgresql() {
    let (one, other) = (Postgres::new(), Postgres::new());
    repeat_everywhere(&setup().on(&one).start(), setup().on(&other));
}
