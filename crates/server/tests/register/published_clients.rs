//! The requests of published clients with their defaults, and the answers to them.

use serde_json::{Value, json};

use super::support::TestServer;

/// Registers what a client sends; every member of it is echoed unless `differs` says what stands there instead (null for
/// nothing). What a strict client refuses an answer for is not in it.
fn registers(server: &TestServer, asked: &Value, differs: &Value) -> Value {
    let client = server
        .request("POST", "/register")
        .json(asked)
        .send()
        .created();
    for (name, value) in asked.as_object().unwrap() {
        let expected = differs.get(name).unwrap_or(value);
        assert_eq!(client.get(name).unwrap_or(&Value::Null), expected, "{name}");
    }
    let members = client.as_object().unwrap();
    assert!(
        members
            .values()
            .all(|value| !value.is_null() && value != ""),
        "{client}"
    );
    assert_eq!(
        members.contains_key("client_secret"),
        members.contains_key("client_secret_expires_at")
    );
    assert!(
        client["client_id_issued_at"].is_u64() && client["registration_access_token"].is_string()
    );
    assert_eq!(
        client["registration_client_uri"],
        format!(
            "{}/register/{}",
            server.issuer(),
            client["client_id"].as_str().unwrap()
        )
    );
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    client
}

const RP: &str = "https://rp.example/redirect_uri";

/// RFC 7591 §3.2.1: Apache's `mod_auth_openidc` asks for every flow there is and for what only it knows.
#[test]
fn mod_auth_openidc_is_narrowed() {
    let asked = json!({
        "client_name": "OpenID Connect Apache Module (mod_auth_openidc)",
        "redirect_uris": [RP],
        "response_types": ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"],
        "grant_types": ["authorization_code", "implicit", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_basic",
        "contacts": ["webmaster@rp.example"],
        "initiate_login_uri": RP,
        "frontchannel_logout_uri": "https://rp.example/redirect_uri?logout=get",
        "backchannel_logout_uri": "https://rp.example/redirect_uri?logout=backchannel",
        "post_logout_redirect_uris": ["https://rp.example/loggedout"],
        "id_token_token_binding_cnf": "tbh",
    });
    let differs = json!({
        "response_types": ["code", "id_token", "id_token token"], "id_token_token_binding_cnf": null,
        "frontchannel_logout_uri": null, "backchannel_logout_uri": null, "post_logout_redirect_uris": null,
    });
    let client = registers(&TestServer::open(), &asked, &differs);
    assert!(client["client_secret"].is_string());
}

/// RFC 7591 §3.2.1: `idpyoidc` names algorithms for what this provider does not sign.
#[test]
fn idpyoidc_sees_dropped_members() {
    let asked = json!({
        "application_type": "web",
        "redirect_uris": ["https://rp.example/authz_cb/9f1c"],
        "client_name": "idpyoidc",
        "contacts": ["ops@rp.example"],
        "response_types": ["code", "id_token", "code id_token"],
        "response_modes": ["query", "fragment", "form_post"],
        "grant_types": ["authorization_code", "implicit", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_basic",
        "token_endpoint_auth_signing_alg": "RS256",
        "id_token_signed_response_alg": "RS256",
        "userinfo_signed_response_alg": "RS256",
        "request_object_signing_alg": "RS256",
        "subject_type": "public",
        "default_max_age": 86400,
        "jwks_uri": "https://rp.example/static/jwks.json",
    });
    let differs = json!({
        "response_types": ["code", "id_token"], "userinfo_signed_response_alg": null, "request_object_signing_alg": null,
        "token_endpoint_auth_signing_alg": null,
    });
    registers(&TestServer::open(), &asked, &differs);
}

/// RFC 8252 §7.3, RFC 7591 §2: MCP clients are public, on a port of localhost, and say so in three ways.
#[test]
fn mcp_clients_are_native() {
    let server = TestServer::open();
    let javascript = json!({
        "redirect_uris": ["http://localhost:33418/callback"],
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "client_name": "MCP client",
        "client_uri": "https://github.com/modelcontextprotocol",
        "scope": "openid profile email address phone offline_access",
        "software_id": "2e6dc280-f3c3-4e01-99a7-8181dbd1d23d",
        "software_version": "1.20.0",
    });
    let client = registers(&server, &javascript, &json!({}));
    assert_eq!(
        (&client["application_type"], client.get("client_secret")),
        (&json!("native"), None)
    );

    let python = json!({
        "redirect_uris": ["http://localhost:3030/callback", "http://127.0.0.1:3030/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "application_type": "native",
        "scope": "openid email profile",
        "client_name": "MCP client in Python",
    });
    let client = registers(&server, &python, &json!({}));
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_basic");
    assert!(client["client_secret"].is_string());

    let cursor = json!({
        "redirect_uris": ["http://localhost:6274/oauth/callback/debug"],
        "token_endpoint_auth_method": "client_secret_post", "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "client_name": "MCP Inspector", "scope": "openid offline_access mcp:tools",
    });
    registers(
        &server,
        &cursor,
        &json!({ "scope": "openid offline_access" }),
    );
}

/// RFC 7591 §3.1: `openid-client` and `oauth4webapi` send a name and redirect URIs; the second keys of its own too.
#[test]
fn javascript_clients_register() {
    let server = TestServer::open();
    let little =
        json!({ "redirect_uris": ["https://rp.example/cb"], "client_name": "openid-client" });
    assert!(registers(&server, &little, &json!({}))["client_secret"].is_string());
    let keys = json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "use": "sig", "kid": "1",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }] });
    let inline = json!({ "redirect_uris": ["https://rp.example/cb"], "client_name": "oauth4webapi", "jwks": keys });
    registers(&server, &inline, &json!({}));
}

/// OIDC Registration §2: `pyoidc` and `flask-pyoidc` register with the OpenID Connect members that
/// they send by default.
#[test]
fn pyoidc_registers_unmodified() {
    let asked = json!({
        "application_type": "web",
        "redirect_uris": ["https://rp.example/redirect_uri"],
        "post_logout_redirect_uris": ["https://rp.example/logout"],
        "client_name": "flask-pyoidc",
        "contacts": ["dev@rp.example"],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "subject_type": "public",
        "id_token_signed_response_alg": "RS256",
        "token_endpoint_auth_method": "client_secret_basic",
    });
    let differs = json!({ "post_logout_redirect_uris": null });
    registers(&TestServer::open(), &asked, &differs);
}

/// OIDC Registration §3.1, §3.2, RFC 7592 §2.3: the certification suite registers before each of
/// its modules, and cleans up.
#[test]
fn certification_suite_registers() {
    let server = TestServer::open();
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W\
             -5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qN\
             Lyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    for (response_type, grants) in [
        ("code", json!(["authorization_code"])),
        ("id_token", json!(["implicit"])),
        ("id_token token", json!(["implicit"])),
    ] {
        let asked = json!({
            "client_name": "given name abcdef",
            "grant_types": grants,
            "jwks": { "keys": [{ "kty": "RSA", "e": "AQAB", "use": "sig", "alg": "RS256", "kid": "rp", "n": n }] },
            "token_endpoint_auth_method": "private_key_jwt",
            "response_types": [response_type],
            "redirect_uris": ["https://suite.example/test/a/frontdesk/callback"],
            "contacts": ["certification@oidf.org"],
        });
        let client = registers(&server, &asked, &json!({}));
        assert_eq!(client.get("client_secret"), None);
        server.manage("DELETE", &client).send().deleted();
        server
            .manage("GET", &client)
            .send()
            .refused(401, "invalid_token");
    }
    let fragment = json!({ "redirect_uris": ["https://suite.example/callback#foobar"], "response_types": ["code"] });
    server
        .request("POST", "/register")
        .json(&fragment)
        .send()
        .refused(400, "invalid_redirect_uri");
}
