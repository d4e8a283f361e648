//! Providers on one host.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::{PASSWORD, TestServer};
use crate::{id, plain, refuses_as_unknown, serving, token};

pub const ROOT: &str = "https://localhost:9443";
pub const ACME: &str = "https://localhost:9443/t/acme.example";
pub const OTHER: &str = "https://localhost:9443/t/other";

/// Each provider: its issuer and its path.
const PROVIDERS: [(&str, &str); 3] = [(ROOT, ""), (ACME, "/t/acme.example"), (OTHER, "/t/other")];

pub fn tenants() -> TestServer {
    serving(&[
        (OTHER, ""),
        (ROOT, ""),
        (ACME, "domains = [\"acme.example\"]"),
    ])
}

/// RFC 7033 §4, RFC 7565 §4: the text after a second `@` is the tenant.
#[test]
fn webfinger_leads_account_to_tenant() {
    let server = tenants();
    for (resource, issuer) in [
        ("acct:bob@localhost", ROOT),
        ("acct:bob@localhost:9443", ROOT),
        ("acct:bob@acme.example@localhost", ACME),
        ("acct:bob%40acme.example@localhost", ACME),
        ("acct%3Abob%2540acme.example%40localhost%3A9443", ACME),
        ("bob@acme.example@localhost", ACME),
        ("acct:bob@acme.example", ACME),
        ("acct:bob@other@localhost", OTHER),
        ("https://localhost:9443/t/other", OTHER),
        ("https://localhost:9443/t/other/users/bob", OTHER),
        ("https://localhost:9443/users/bob", ROOT),
    ] {
        let found = server.get(&format!("/.well-known/webfinger?resource={resource}&rel=http://openid.net/specs/connect/1.0/issuer"));
        let links =
            json!([{ "rel": "http://openid.net/specs/connect/1.0/issuer", "href": issuer }]);
        assert_eq!(
            (found.status(), &found.json()["links"]),
            (200, &links),
            "{resource}"
        );
        let document = server.get(&format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_start_matches(ROOT)
        ));
        assert_eq!(document.json()["issuer"], issuer);
    }
    for unknown in [
        "acct:bob@nobody@localhost",
        "acct:bob@@localhost",
        "acct:bob@other",
        "acct:bob@evil.example",
    ] {
        let answer = server.get(&format!("/.well-known/webfinger?resource={unknown}"));
        assert_eq!(
            (answer.status(), &answer.json()["error"]),
            (404, &json!("not_found")),
            "{unknown}"
        );
    }
}

/// RFC 8414 §3.1: every provider has its own document, its own keys and its own endpoints, below
/// its path.
#[test]
fn each_tenant_has_documents_and_keys() {
    let server = tenants();
    let mut kids = BTreeSet::new();
    for (issuer, path) in PROVIDERS {
        let first = server.get(&format!("{path}/.well-known/openid-configuration"));
        assert_eq!(first.json()["issuer"], issuer);
        assert_eq!(first.json()["jwks_uri"], format!("{issuer}/jwks"));
        assert_eq!(
            first.json()["registration_endpoint"],
            format!("{issuer}/register")
        );
        for form in [
            format!("/.well-known/openid-configuration{path}"),
            format!("/.well-known/oauth-authorization-server{path}"),
            format!("{path}/.well-known/oauth-authorization-server"),
            format!("{path}/oauth2/oidcdiscovery/.well-known/openid-configuration"),
        ] {
            assert_eq!(server.get(&form).text, first.text, "{form}");
        }
        let keys = server.get(&format!("{path}/jwks"));
        assert_eq!(server.get(&format!("{path}/oauth2/jwks")).text, keys.text);
        kids.extend(
            keys.json()["keys"]
                .as_array()
                .unwrap()
                .iter()
                .map(|key| key["kid"].as_str().unwrap().to_owned()),
        );
    }
    assert_eq!(kids.len(), 6);
    for unknown in [
        "/t/nobody/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/t/nobody",
        "/t/Other/jwks",
        "/t/jwks",
    ] {
        server.get(unknown).refused(404, "not_found");
    }
    server
        .request("POST", "/t/nobody/identity/register")
        .admin()
        .json(&plain("Shop"))
        .send()
        .refused(404, "not_found");
}

/// RFC 7592 §2: a client belongs to the provider at which it registered, at every endpoint.
#[test]
fn client_is_unknown_at_other_tenants() {
    let server = tenants();
    for (issuer, path) in PROVIDERS {
        let standard = server
            .request("POST", &format!("{path}/register"))
            .admin()
            .json(&plain("Shop"))
            .send()
            .created();
        let wso2 = server
            .request("POST", &format!("{path}/identity/connect/register/"))
            .admin()
            .json(&plain("Shop"))
            .send()
            .created();
        for client in [&standard, &wso2] {
            assert_eq!(
                client["registration_client_uri"],
                format!("{issuer}/register/{}", id(client))
            );
            for (_, other) in PROVIDERS.into_iter().filter(|(_, other)| *other != path) {
                let address = format!("{other}/register/{}", id(client));
                let body = json!({ "client_id": id(client), "client_name": "Taken", "grant_types": ["password"] });
                for method in ["GET", "PUT", "DELETE"] {
                    refuses_as_unknown(
                        &server
                            .request(method, &address)
                            .bearer(token(client))
                            .json(&body)
                            .send(),
                    );
                }
                let query = format!(
                    "{other}/identity/register/{}?userId=admin&applicationName=Shop",
                    id(client)
                );
                server
                    .request("DELETE", &query)
                    .admin()
                    .send()
                    .refused(403, "access_denied");
            }
            let own = format!("{path}/register/{}", id(client));
            assert_eq!(
                &server
                    .request("GET", &own)
                    .bearer(token(client))
                    .send()
                    .ok(),
                client
            );
        }
        let query = format!(
            "{path}/identity/register/{}?userId=admin&applicationName=Shop",
            id(&standard)
        );
        server.request("DELETE", &query).admin().send().deleted();
        server
            .request("DELETE", &format!("{path}/register/{}", id(&wso2)))
            .bearer(token(&wso2))
            .send()
            .deleted();
    }
    assert_eq!(server.clients(), Vec::<serde_json::Value>::new());
}

/// Accounts belong to the deployment: `bob@tenant` is bob at that tenant and unknown at every
/// other.
#[test]
fn user_may_be_named_with_the_tenant() {
    let server = tenants();
    server.account("bob", "registrar");
    let door = "/t/acme.example/identity/register";
    let owned = |owner: &str, name: &str| json!({ "client_name": name, "grant_types": ["password"], "ext_param_owner": owner });
    let register = |owner: &str, name: &str| {
        server
            .request("POST", door)
            .basic("bob", PASSWORD)
            .json(&owned(owner, name))
            .send()
    };

    let client = register("bob@acme.example", "Shop").created();
    assert_eq!(client["client_name"], "bob@acme.example_Shop");
    assert_eq!(server.clients()[0]["owner"], "bob");
    let before = server.clients();
    register("bob@other", "Other").refused(400, "invalid_client_metadata");
    register("alice@acme.example", "Other").refused(403, "access_denied");
    let root = server
        .request("POST", "/identity/register")
        .basic("bob", PASSWORD)
        .json(&owned("bob@acme.example", "Other"))
        .send();
    assert_eq!(
        root.refused(400, "invalid_client_metadata"),
        "Invalid application owner."
    );

    let unregister = |user: &str| {
        let query = format!(
            "{door}/{}?userId={user}&applicationName=bob%40acme.example_Shop",
            id(&client)
        );
        server
            .request("DELETE", &query)
            .basic("bob", PASSWORD)
            .send()
    };
    for user in [
        "bob@other",
        "bob@",
        "@acme.example",
        "bob@acme.example@acme.example",
        "alice@acme.example",
    ] {
        unregister(user).refused(403, "access_denied");
    }
    assert_eq!(server.clients(), before);
    unregister("bob%40acme.example").deleted();
    let client = register("bob", "Shop").created();
    let query = format!(
        "{door}/{}?userId=bob@acme.example&applicationName=bob_Shop",
        id(&client)
    );
    server
        .request("DELETE", &query)
        .basic("bob", PASSWORD)
        .send()
        .deleted();
}

/// An owner may have several clients of the same composed name at each provider.
#[test]
fn composed_names_repeat_at_each_tenant() {
    let server = tenants();
    let asked =
        json!({ "client_name": "Shop", "grant_types": ["password"], "ext_param_owner": "owner" });
    for (_, path) in PROVIDERS {
        let register = || {
            server
                .request("POST", &format!("{path}/identity/register"))
                .admin()
                .json(&asked)
                .send()
        };
        assert_eq!(register().created()["client_name"], "owner_Shop");
        assert_eq!(register().created()["client_name"], "owner_Shop");
    }
    assert_eq!(server.clients().len(), 6);
}

/// RFC 7591 §3: each provider has its own rule about anonymous registration.
#[test]
fn each_tenant_has_its_own_access_rules() {
    let server = serving(&[
        (ROOT, "registration = \"closed\""),
        (
            ACME,
            "registration = \"open\"\nclient_secret_lifetime = \"1d\"",
        ),
        (OTHER, "native_schemes = [\"shop\"]"),
    ]);
    let register = |path: &str| server.request("POST", &format!("{path}/register"));
    register("")
        .admin()
        .json(&plain("Shop"))
        .send()
        .refused(403, "access_denied");
    let client = register("/t/acme.example")
        .json(&plain("Shop"))
        .send()
        .created();
    let lifetime = client["client_secret_expires_at"].as_i64().unwrap()
        - client["client_id_issued_at"].as_i64().unwrap();
    assert_eq!(lifetime, 24 * 60 * 60);
    register("/t/other")
        .json(&plain("Shop"))
        .send()
        .refused(401, "invalid_token");
    let native = json!({ "redirect_uris": ["shop:/cb"], "token_endpoint_auth_method": "none" });
    assert_eq!(
        register("/t/other").admin().json(&native).send().created()["application_type"],
        "native"
    );
    register("/t/acme.example")
        .json(&native)
        .send()
        .refused(400, "invalid_redirect_uri");
    let advertised = |path: &str| {
        server
            .get(&format!("{path}/.well-known/openid-configuration"))
            .json()
            .get("registration_endpoint")
            .cloned()
    };
    assert_eq!(advertised(""), None);
    assert_eq!(
        advertised("/t/other"),
        Some(json!(format!("{OTHER}/register")))
    );
    assert_eq!(server.clients().len(), 2);
}

/// A host without a provider at its root has the WSO2 endpoints of the first provider that is
/// configured there.
#[test]
fn root_endpoints_are_first_providers() {
    let server = serving(&[(OTHER, ""), (ACME, "")]);
    let document = server.get("/t/other/.well-known/openid-configuration");
    assert_eq!(
        server
            .get("/oauth2/oidcdiscovery/.well-known/openid-configuration")
            .text,
        document.text
    );
    assert_eq!(
        server.get("/oauth2/jwks").text,
        server.get("/t/other/jwks").text
    );
    server
        .get("/.well-known/openid-configuration")
        .refused(404, "not_found");
    let client = server
        .request("POST", "/identity/connect/register")
        .admin()
        .json(&plain("Shop"))
        .send()
        .created();
    assert_eq!(
        client["registration_client_uri"],
        format!("{OTHER}/register/{}", id(&client))
    );
    let query = format!(
        "/t/acme.example/identity/register/{}?userId=admin&applicationName=Shop",
        id(&client)
    );
    server
        .request("DELETE", &query)
        .admin()
        .send()
        .refused(403, "access_denied");
    let query = format!(
        "/identity/register/{}?userId=admin@other&applicationName=Shop",
        id(&client)
    );
    server.request("DELETE", &query).admin().send().deleted();
}

/// RFC 9110 §7.2: on one host the path alone decides.
#[test]
fn with_one_host_the_host_of_a_request_is_ignored() {
    let server = tenants();
    for (issuer, path) in PROVIDERS {
        for host in ["localhost:9443", "evil.example", "t.localhost", "127.0.0.1"] {
            let answer = server
                .request("GET", &format!("{path}/.well-known/openid-configuration"))
                .header("Host", host)
                .send();
            assert_eq!(answer.json()["issuer"], issuer, "{host}");
        }
    }
}

/// OIDC Discovery §4: each tenant's document names the endpoint where WSO2 clients of that tenant register.
#[test]
fn discovered_endpoints_take_wso2_forms() {
    let server = tenants();
    server.account("bob", "registrar");
    for (issuer, path) in PROVIDERS {
        let document = server.get(&format!(
            "{path}/oauth2/oidcdiscovery/.well-known/openid-configuration"
        ));
        let endpoint = document.json()["registration_endpoint"].clone();
        assert_eq!(endpoint, format!("{issuer}/register"));
        let body = json!({
            "redirect_uris": "https://localhost:9443/callback", "client_name": "App", "ext_param_owner": "bob",
            "grant_types": ["password"],
        });
        let client = server
            .request("POST", &format!("{path}/register"))
            .basic("bob", PASSWORD)
            .json(&body)
            .send()
            .created();
        assert_eq!(client["client_name"], "bob_App");
        let unregister = |path: &str| {
            let query = "?userId=bob&applicationName=bob_App";
            let address = format!("{path}/identity/register/{}{query}", id(&client));
            server
                .request("DELETE", &address)
                .basic("bob", PASSWORD)
                .send()
        };
        for (_, other) in PROVIDERS.into_iter().filter(|(_, other)| *other != path) {
            unregister(other).refused(403, "access_denied");
        }
        unregister(path).deleted();
    }
    assert_eq!(server.clients(), Vec::<serde_json::Value>::new());
}
