//! Assertions of certification suites beyond the sentences, at the real binary.

use serde_json::{Value, json};

use crate::support::{Setup, TestServer};
use crate::{provider, serving, stops};

/// The members of OIDC Discovery §3 and RFC 8414 §2 in the document of development mode.
const KNOWN: [&str; 20] = [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "registration_endpoint",
    "scopes_supported",
    "response_types_supported",
    "response_modes_supported",
    "grant_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
    "claims_supported",
    "claims_parameter_supported",
    "request_parameter_supported",
    "request_uri_parameter_supported",
    "code_challenge_methods_supported",
    "signed_metadata",
];

fn text<'a>(client: &'a Value, member: &str) -> &'a str {
    client[member].as_str().unwrap()
}

/// The default document has no members of our own, because the suites warn of unknown members.
#[test]
fn default_document_has_no_own_members() {
    let metadata = "userinfo_endpoint = \"https://as.example/userinfo\"";
    let document = Setup::new()
        .file(&provider("https://login.example.com", "", metadata))
        .start();
    let document = document.get("/.well-known/openid-configuration").json();
    let mut members: Vec<&String> = document.as_object().unwrap().keys().collect();
    members.retain(|member| !KNOWN.contains(&member.as_str()));
    assert!(members.is_empty(), "{members:?}");
    assert_eq!(document["userinfo_endpoint"], "https://as.example/userinfo");
    for parameter in [
        "claims_parameter_supported",
        "request_parameter_supported",
        "request_uri_parameter_supported",
    ] {
        assert!(document[parameter].is_boolean(), "{parameter}");
    }
}

/// Every module of the OpenID Foundation's suite begins and ends with this sequence: registration
/// with a key by value, one redirect URI and no application type; both management members by https;
/// a deletion that is 204.
#[test]
fn suite_module_sequence_works() {
    let server = Setup::new()
        .file(&provider(
            "https://login.example.com",
            "registration = \"open\"",
            "",
        ))
        .start();
    let document = server.get("/.well-known/openid-configuration").json();
    assert_eq!(
        document["registration_endpoint"],
        "https://login.example.com/register"
    );
    let key = json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "kid": "rp",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    });
    for (method, response_type, grants, has_secret) in [
        (
            "client_secret_basic",
            "code",
            json!(["authorization_code"]),
            true,
        ),
        ("client_secret_post", "id_token", json!(["implicit"]), true),
        (
            "private_key_jwt",
            "token id_token",
            json!(["implicit"]),
            false,
        ),
    ] {
        let asked = json!({
            "client_name": "oidcc abcdef", "grant_types": grants, "jwks": { "keys": [key] }, "token_endpoint_auth_method": method,
            "response_types": [response_type], "redirect_uris": ["https://suite.example/test/a/x/callback"], "contacts": ["suite@rp.example"],
        });
        let ask = server
            .request("POST", "/register")
            .header("Accept", "application/json")
            .header("Accept-Charset", "utf-8");
        let client = ask.json(&asked).send().created();
        assert_eq!(client.get("error"), None);
        let address = format!(
            "https://login.example.com/register/{}",
            text(&client, "client_id")
        );
        assert_eq!(client["registration_client_uri"], address);
        assert!(!text(&client, "registration_access_token").is_empty());
        assert_eq!(
            client.get("client_secret").is_some(),
            has_secret,
            "{method}"
        );
        assert_eq!(
            client
                .get("client_secret_expires_at")
                .is_some_and(Value::is_u64),
            has_secret,
            "{method}"
        );
        server.manage("DELETE", &client).send().deleted();
    }
}

/// The logout and session modules read only the document, which has the configured logout members
/// unchanged.
#[test]
fn configured_logout_members_are_shown() {
    let metadata = "end_session_endpoint = \"https://as.example/logout\"\ncheck_session_iframe = \"https://as.example/session\"\n\
                    frontchannel_logout_supported = true\nfrontchannel_logout_session_supported = true\n\
                    backchannel_logout_supported = true\nbackchannel_logout_session_supported = true";
    let server = Setup::new()
        .file(&provider("https://login.example.com", "", metadata))
        .start();
    let document = server.get("/.well-known/openid-configuration").json();
    assert_eq!(
        document["end_session_endpoint"],
        "https://as.example/logout"
    );
    assert_eq!(
        document["check_session_iframe"],
        "https://as.example/session"
    );
    for channel in ["front", "back"] {
        for member in [
            format!("{channel}channel_logout_supported"),
            format!("{channel}channel_logout_session_supported"),
        ] {
            assert_eq!(document[&member], true, "{member}");
        }
    }
    let none = serving("https://login.example.com")
        .get("/.well-known/openid-configuration")
        .json();
    assert_eq!(
        none.as_object()
            .unwrap()
            .keys()
            .find(|member| member.contains("logout") || member.contains("session")),
        None
    );
}

/// Languages are tags of BCP 47, or the start is refused.
#[test]
fn languages_of_the_document_are_language_tags() {
    for member in ["ui_locales_supported", "claims_locales_supported"] {
        let with = |tags: &str| {
            provider(
                "https://login.example.com",
                "",
                &format!("{member} = {tags}"),
            )
        };
        let server = Setup::new()
            .file(&with("[\"en-GB\", \"de\", \"zh-Hant-TW\"]"))
            .start();
        assert_eq!(
            server.get("/.well-known/openid-configuration").json()[member],
            json!(["en-GB", "de", "zh-Hant-TW"])
        );
        for wrong in ["[\"en_GB\"]", "[\"\"]", "[\"e n\"]", "\"en\""] {
            let told = stops(&with(wrong));
            assert!(told.contains(member), "{wrong}: {told}");
        }
    }
}

/// The client-management modules of Open Finance Brasil, without their certificates and statements,
/// read twice, update, send five updates that must fail, and delete; nothing is left.
#[test]
fn brazilian_modules_manage_a_client() {
    let server = TestServer::start();
    let asked = json!({
        "redirect_uris": ["https://tpp.example/cb"], "grant_types": ["refresh_token", "authorization_code"], "scope": "email openid",
        "response_types": ["code"], "token_endpoint_auth_method": "client_secret_basic",
    });
    let client = server.register(&asked).created();
    assert_eq!(client["scope"], "email openid");
    for _ in 0..2 {
        let read = server.manage("GET", &client).send().ok();
        for same in [
            "client_id",
            "redirect_uris",
            "registration_client_uri",
            "registration_access_token",
        ] {
            assert_eq!(read[same], client[same], "{same}");
        }
    }
    let issued = [
        "registration_access_token",
        "registration_client_uri",
        "client_id_issued_at",
        "client_secret_expires_at",
    ];
    let mut body = client.clone();
    body.as_object_mut()
        .unwrap()
        .retain(|name, _| !issued.contains(&name.as_str()));
    body["redirect_uris"] = json!(["https://tpp.example/new"]);
    let updated = server.manage("PUT", &client).json(&body).send().ok();
    for same in ["client_id", "registration_client_uri"] {
        assert_eq!(updated[same], client[same], "{same}");
    }
    assert_eq!(updated["redirect_uris"], body["redirect_uris"]);

    let path = format!("/register/{}", text(&client, "client_id"));
    body["redirect_uris"] = json!(["https://tpp.example/never"]);
    server
        .request("PUT", &path)
        .json(&body)
        .send()
        .refused(401, "invalid_token");
    server
        .request("PUT", &path)
        .bearer("foreign")
        .json(&body)
        .send()
        .refused(401, "invalid_token");
    for (member, value, error) in [
        (
            "software_statement",
            json!("a.b.c"),
            "invalid_software_statement",
        ),
        (
            "jwks_uri",
            json!("http://tpp.example/jwks"),
            "invalid_client_metadata",
        ),
        (
            "jwks",
            json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] }),
            "invalid_client_metadata",
        ),
        (
            "redirect_uris",
            json!(["https://tpp.example/#never"]),
            "invalid_redirect_uri",
        ),
        ("redirect_uris", json!([]), "invalid_redirect_uri"),
    ] {
        let mut wrong = body.clone();
        wrong[member] = value;
        server
            .manage("PUT", &client)
            .json(&wrong)
            .send()
            .refused(400, error);
    }
    assert_eq!(server.manage("GET", &client).send().ok(), updated);

    for method in ["GET", "DELETE"] {
        let answer = server.request(method, &path).bearer("foreign").send();
        answer.refused(401, "invalid_token");
        assert_eq!(answer.json().get("client_id"), None);
    }
    server.manage("DELETE", &client).send().deleted();
    for method in ["GET", "PUT", "DELETE"] {
        let answer = server.manage(method, &client).json(&body).send();
        answer.refused(401, "invalid_token");
        assert_eq!(answer.json().get("client_id"), None, "{method}");
    }
}

/// The modules that register invalid metadata get 400 in JSON with the code they expect.
#[test]
fn wrong_registrations_get_suite_codes() {
    let server = TestServer::open();
    for (more, error) in [
        (
            json!({ "redirect_uris": ["https://suite.example/cb#foobar"] }),
            "invalid_redirect_uri",
        ),
        (
            json!({ "redirect_uris": ["not a uri"] }),
            "invalid_redirect_uri",
        ),
        (json!({ "redirect_uris": null }), "invalid_redirect_uri"),
        (
            json!({ "initiate_login_uri": "http://suite.example/login" }),
            "invalid_client_metadata",
        ),
        (
            json!({ "sector_identifier_uri": "https://127.0.0.1:1/bad.json", "subject_type": "pairwise" }),
            "invalid_client_metadata",
        ),
        (
            json!({ "jwks_uri": "http://suite.example/jwks" }),
            "invalid_client_metadata",
        ),
        (
            json!({ "response_types": ["code wrong"] }),
            "invalid_client_metadata",
        ),
        (
            json!({ "software_statement": "a.b.c" }),
            "invalid_software_statement",
        ),
    ] {
        let mut metadata =
            json!({ "redirect_uris": ["https://suite.example/cb"], "response_types": ["code"] });
        metadata
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        server
            .request("POST", "/register")
            .json(&metadata)
            .send()
            .refused(400, error);
    }
    assert!(server.clients().is_empty());
}

/// OIDC Discovery §3, §4.3: every flow of the older suite begins with an account's address or a URL
/// that leads by WebFinger to an issuer; the document at its well-known address has that issuer.
#[test]
fn identifier_leads_to_its_issuer() {
    let server = Setup::new()
        .file(&provider(
            "https://login.example.com/idp",
            "domains = [\"example.com\"]",
            "",
        ))
        .start();
    for resource in [
        "acct:joe@example.com",
        "joe@example.com",
        "https://example.com/joe",
        "https://login.example.com/idp/joe",
        "example.com",
    ] {
        let found =
            server.get(&format!("/.well-known/webfinger?resource={resource}&rel=http://openid.net/specs/connect/1.0/issuer")).json();
        let issuer = text(&found["links"][0], "href");
        let path = issuer.strip_prefix("https://login.example.com").unwrap();
        let document = server
            .get(&format!("{path}/.well-known/openid-configuration"))
            .json();
        assert_eq!(document["issuer"], issuer, "{resource}");
    }
}
