//! Four addresses for one registration: who is let in, with which methods, from which origins.

use serde_json::{Value, json};

use crate::support::{Answer, Ask};
use crate::{
    BASIC, BEARER, DOORS, WRONG_BEARER, agreed, door, id, plain, register, setup, unregister,
};

/// RFC 7591 §3.2.1: one handler behind four addresses, for every spelling of the credentials.
#[test]
fn all_endpoints_accept_the_same_request() {
    let server = setup().start();
    let token = server.ran(&["token", "issue"]);
    let encoded = "YWRtaW46Y29ycmVjdCBob3JzZTpiYXR0ZXJ5";
    let asked = json!({ "redirect_uris": ["https://rp.example/a", "https://rp.example/b"], "client_name": "Shop", "clientName": "ignored" });
    let expected = json!({
        "redirect_uris": ["https://rp.example/a", "https://rp.example/b"],
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "application_type": "web",
        "client_name": "Shop",
        "id_token_signed_response_alg": "RS256",
        "require_auth_time": false,
    });
    for path in DOORS {
        for credentials in [
            format!("Basic {encoded}"),
            format!("basic {encoded}"),
            format!("BASIC {encoded}"),
            format!("Basic: {encoded}"),
            format!("Bearer {}", token.trim()),
        ] {
            let client = server
                .request("POST", path)
                .header("Authorization", &credentials)
                .json(&asked)
                .send()
                .created();
            assert_eq!(agreed(&client), expected, "{path} {credentials}");
            assert_eq!(client["client_secret_expires_at"], 0);
            assert_eq!(
                client["registration_client_uri"],
                format!("{}/register/{}", server.issuer(), id(&client))
            );
        }
    }
    assert_eq!(server.clients().len(), 20);
}

/// RFC 9110 §11.4: the colon after the scheme, as in WSO2's documentation, is accepted only at the
/// WSO2 endpoints.
#[test]
fn scheme_colon_is_only_for_wso2() {
    let server = setup().start();
    let token = server.ran(&["token", "issue"]);
    let client = server.client();
    for path in DOORS {
        server
            .request("POST", path)
            .header("Authorization", &format!("Bearer: {}", token.trim()))
            .json(&plain("Shop"))
            .send()
            .created();
    }
    let before = server.clients();
    for credentials in [
        "Basic: YWRtaW46Y29ycmVjdCBob3JzZTpiYXR0ZXJ5".to_owned(),
        format!("Bearer: {}", token.trim()),
    ] {
        let refused = server
            .request("POST", "/register")
            .header("Authorization", &credentials)
            .json(&plain("Shop"))
            .send();
        refused.refused(401, "invalid_token");
        assert_eq!(refused.headers("www-authenticate"), [BEARER, BASIC]);
    }
    let own = format!(
        "Bearer: {}",
        client["registration_access_token"].as_str().unwrap()
    );
    server
        .request("DELETE", &format!("/register/{}", id(&client)))
        .header("Authorization", &own)
        .send()
        .refused(401, "invalid_token");
    assert_eq!(server.clients(), before);
}

/// RFC 7235 §3.1, RFC 7617 §2: WSO2 registration always requires credentials and names both
/// schemes, the scheme of WSO2 clients first.
#[test]
fn wso2_registration_needs_credentials() {
    for access in ["protected", "open"] {
        let server = setup().with("FRONTDESK_REGISTRATION", access).start();
        for path in DOORS {
            let ask = || server.request("POST", path).json(&plain("Shop"));
            let nothing = ask().send();
            assert_eq!(
                nothing.expect(401),
                json!({ "error": "invalid_token", "error_description": "Credentials are required; the WWW-Authenticate header lists the schemes." })
            );
            assert_eq!(nothing.headers("www-authenticate"), [BASIC, BEARER]);
            for (credentials, challenge) in [
                ("Basic YWRtaW46d3Jvbmc=", BASIC),
                ("Basic bm9ib2R5OmFkbWlu", BASIC),
                ("Basic !", BASIC),
                ("Basic: YWRtaW46d3Jvbmc=", BASIC),
                ("Bearer iat_wrong", WRONG_BEARER),
                ("Bearer", WRONG_BEARER),
            ] {
                let wrong = ask().header("Authorization", credentials).send();
                wrong.refused(401, "invalid_token");
                assert_eq!(
                    wrong.headers("www-authenticate"),
                    [challenge],
                    "{credentials}"
                );
            }
        }
        assert_eq!(server.clients(), Vec::<Value>::new(), "{access}");
    }
}

/// RFC 7591 §3: a closed provider registers no client at any endpoint and still unregisters its
/// clients.
#[test]
fn closed_provider_only_unregisters() {
    let setup = setup().file("[[provider]]\nissuer = \"https://localhost:9443\"\n");
    let before = setup.clone().start();
    let client = register(&before, &plain("Shop")).created();
    let server = setup
        .with("FRONTDESK_REGISTRATION", "closed")
        .inside(&before)
        .start();
    for path in DOORS {
        let refusal = server
            .request("POST", path)
            .admin()
            .json(&plain("Other"))
            .send();
        assert_eq!(
            refusal.expect(403),
            json!({ "error": "access_denied", "error_description": "This provider does not accept registrations." })
        );
    }
    assert_eq!(server.clients().len(), 1);
    unregister(&server, id(&client), "?userId=admin&applicationName=Shop")
        .admin()
        .send()
        .deleted();
    assert_eq!(server.clients().len(), 0);
}

/// RFC 9110 §15.5.6: a wrong method is answered with the allowed methods. No page of another origin
/// may read the answers of these endpoints (Fetch §3.2).
#[test]
fn wrong_method_gets_405_without_cors() {
    let server = setup().start();
    let documents = "GET, HEAD, OPTIONS";
    let cases = [
        (
            "/.well-known/webfinger",
            documents,
            ["POST", "PUT", "DELETE", "PATCH"],
        ),
        (
            "/oauth2/oidcdiscovery/.well-known/openid-configuration",
            documents,
            ["POST", "PUT", "DELETE", "PATCH"],
        ),
        (
            "/oauth2/jwks",
            documents,
            ["POST", "PUT", "DELETE", "PATCH"],
        ),
        (DOORS[0], "POST", ["GET", "HEAD", "PUT", "OPTIONS"]),
        (DOORS[1], "POST", ["GET", "HEAD", "DELETE", "OPTIONS"]),
        (DOORS[2], "POST", ["GET", "HEAD", "DELETE", "OPTIONS"]),
        (DOORS[3], "POST", ["GET", "HEAD", "PATCH", "OPTIONS"]),
        (
            "/identity/register/some-client",
            "DELETE",
            ["GET", "HEAD", "POST", "OPTIONS"],
        ),
        (
            "/identity/register/some-client",
            "DELETE",
            ["PUT", "PATCH", "HEAD", "OPTIONS"],
        ),
    ];
    for (path, allow, methods) in cases {
        for method in methods {
            let answer = server
                .request(method, path)
                .admin()
                .header("Origin", "https://evil.example")
                .send();
            assert_eq!(
                (answer.status(), answer.header("allow")),
                (405, Some(allow)),
                "{method} {path}"
            );
            if method != "HEAD" {
                assert_eq!(answer.json()["error"], "invalid_request", "{method} {path}");
            }
            let origin = (allow == documents).then_some("*");
            assert_eq!(
                answer.header("access-control-allow-origin"),
                origin,
                "{method} {path}"
            );
        }
    }
    let page = |ask: Ask| ask.header("Origin", "https://evil.example").send();
    let client = page(door(&server).admin().json(&plain("Shop")));
    let query = "?userId=admin&applicationName=Shop";
    let answers = [
        page(door(&server).json(&plain("Shop"))),
        page(
            server
                .request("POST", "/identity/register")
                .admin()
                .json(&json!({ "redirect_uris": 7 })),
        ),
        page(unregister(&server, id(&client.created()), query)),
        page(unregister(&server, id(&client.created()), query).admin()),
        client,
    ];
    assert_eq!(
        answers.iter().map(Answer::status).collect::<Vec<_>>(),
        [401, 400, 401, 204, 201]
    );
    for answer in answers {
        for header in ["origin", "methods", "headers", "credentials"] {
            assert_eq!(
                answer.header(&format!("access-control-allow-{header}")),
                None,
                "{answer:?}"
            );
        }
    }
}
