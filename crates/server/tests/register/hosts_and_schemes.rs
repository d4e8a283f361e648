//! Names below `localhost`, underscores in hosts, and the private-use schemes that `native_schemes` allows.

use serde_json::{Value, json};

use super::support::{Answer, Setup, TestServer};
use protocol::uri::{REFUSED_SCHEMES, RefusedSchemes};

fn post(server: &TestServer, metadata: &Value) -> Answer {
    server.request("POST", "/register").json(metadata).send()
}

fn put(server: &TestServer, client: &Value, uris: &Value) -> Answer {
    let body = json!({ "client_id": client["client_id"], "redirect_uris": uris });
    server.manage("PUT", client).json(&body).send()
}

/// RFC 6761 §6.3, RFC 8252 §7.3: a name below `localhost` is loopback, at any depth and in any case.
#[test]
fn names_below_localhost_are_loopback() {
    let server = TestServer::open();
    for (uri, application_type) in [
        ("http://app.localhost:3000/cb", "native"),
        ("http://a.b.c.LOCALHOST/cb", "native"),
        ("http://App.LocalHost", "native"),
        ("http://localhost.localhost/", "native"),
        ("http://my_app.localhost/", "native"),
        ("https://app.localhost/cb", "web"),
    ] {
        let client = post(&server, &json!({ "redirect_uris": [uri] })).created();
        assert_eq!(
            (&client["application_type"], &client["redirect_uris"]),
            (&json!(application_type), &json!([uri]))
        );
        assert_eq!(server.manage("GET", &client).send().ok(), client);
        assert_eq!(
            put(&server, &client, &json!([uri])).ok()["redirect_uris"],
            json!([uri])
        );
    }
    let before = server.clients();
    for uri in [
        "http://app.localhost.example/",
        "http://applocalhost/",
        "http://app-localhost/",
        "http://localhost.app/",
        "http://app.localhost./",
        "http://.localhost/",
        "http://app..localhost/",
        "http://_app.localhost/",
        "http://app.localhost:0/cb",
        "http://app.localhost@rp.example/",
        "http://app.localhosts/",
    ] {
        for application_type in ["native", "web"] {
            let body = json!({ "redirect_uris": [uri], "application_type": application_type });
            post(&server, &body).refused(400, "invalid_redirect_uri");
        }
    }
    // OIDC Registration §2: with the implicit grant a web application is not on localhost.
    let implicit =
        json!({ "redirect_uris": ["https://app.localhost/cb"], "response_types": ["id_token"] });
    post(&server, &implicit).refused(400, "invalid_redirect_uri");
    assert_eq!(server.clients(), before);
}

/// RFC 6761 §6.3: nothing below `localhost` is fetched.
#[test]
fn names_below_localhost_are_not_fetched() {
    let server = TestServer::open();
    for host in ["localhost", "app.localhost", "a.b.LOCALHOST"] {
        for member in ["jwks_uri", "sector_identifier_uri", "logo_uri"] {
            let mut body = json!({ "redirect_uris": ["http://app.localhost/cb"] });
            body[member] = json!(format!("https://{host}/x"));
            let told = post(&server, &body).refused(400, "invalid_client_metadata");
            assert!(told.starts_with(member), "{told}");
        }
    }
    assert!(server.clients().is_empty());
}

/// A label of a host may have an underscore inside, in every member that is a URL with a host.
#[test]
fn hosts_may_have_underscores() {
    let server = TestServer::open();
    for uri in [
        "https://my_app.example.com/cb",
        "https://My__App.ex_ample.com:8443/cb?x",
    ] {
        let client = post(&server, &json!({ "redirect_uris": [uri] })).created();
        assert_eq!(
            (&client["application_type"], &client["redirect_uris"]),
            (&json!("web"), &json!([uri]))
        );
        assert_eq!(
            put(&server, &client, &json!([uri])).ok()["redirect_uris"],
            json!([uri])
        );
    }
    for member in [
        "client_uri",
        "logo_uri",
        "tos_uri",
        "policy_uri",
        "initiate_login_uri",
        "jwks_uri",
    ] {
        let mut body = json!({ "redirect_uris": ["https://rp.example/cb"] });
        body[member] = json!("https://my_app.example.com/x");
        let client = post(&server, &body).created();
        assert_eq!(client[member], body[member], "{member}");
    }
    let pattern = "regexp=(https://my_app.example.com/a|https://my_app.example.com/b)";
    let wso2 = json!({ "redirect_uris": pattern, "client_name": "A client" });
    let answer = server
        .request("POST", "/identity/register")
        .admin()
        .json(&wso2)
        .send();
    assert_eq!(answer.created()["redirect_uris"], json!([pattern]));
    let before = server.clients();
    for host in [
        "_rp.example",
        "rp_.example",
        "rp._example",
        "rp.example_",
        "_",
    ] {
        let body = json!({ "redirect_uris": [format!("https://{host}/cb")] });
        post(&server, &body).refused(400, "invalid_redirect_uri");
        let body = json!({ "redirect_uris": ["https://rp.example/cb"], "client_uri": format!("https://{host}/") });
        post(&server, &body).refused(400, "invalid_client_metadata");
    }
    assert_eq!(server.clients(), before);
}

/// A server whose native clients may use every scheme.
fn every_scheme() -> TestServer {
    Setup::new()
        .with("FRONTDESK_REGISTRATION", "open")
        .with("FRONTDESK_NATIVE_SCHEMES", "*")
        .start()
}

/// RFC 8252 §7.1: `native_schemes = ["*"]` allows every private-use scheme.
#[test]
fn every_private_use_scheme_is_allowed() {
    let server = every_scheme();
    for uri in [
        "zed://mcp/callback",
        "ZED://mcp/callback",
        "vscode-insiders://vscode.github-authentication/did-authenticate",
        "my+app:/cb",
        "a.b-c+d://cb",
        "x:/cb",
        "com.example.app:/cb",
    ] {
        for more in [
            json!({}),
            json!({ "application_type": "web" }),
            json!({ "application_type": "native" }),
        ] {
            let mut body = more;
            body["redirect_uris"] = json!([uri]);
            body["token_endpoint_auth_method"] = "none".into();
            let client = post(&server, &body).created();
            assert_eq!(
                (&client["application_type"], &client["redirect_uris"]),
                (&json!("native"), &json!([uri]))
            );
            assert_eq!(
                put(&server, &client, &json!([uri])).ok()["application_type"],
                "native"
            );
        }
    }
}

/// RFC 8252 §7.1: no setting allows a scheme of the table, in any case.
#[test]
fn refused_schemes_stay_refused() {
    let server = every_scheme();
    let client = server.client();
    let (before, read) = (server.clients(), server.manage("GET", &client).send().ok());
    let refuse = |uri: &str| {
        let body = json!({ "redirect_uris": [uri], "application_type": "native" });
        post(&server, &body).refused(400, "invalid_redirect_uri");
    };
    for uri in [
        "data:text/html,x",
        "JavaScript:alert(1)",
        "vbscript:x",
        "blob:https://rp.example/x",
        "file:///etc/passwd",
        "about:blank",
        "view-source:https://rp.example/",
        "intent://rp.example/",
        "ms-word:ofe|u|https://rp.example/",
        "ms-settings:privacy",
        "chrome-extension://abc/",
        "moz-extension://abc/",
        "ftp://rp.example/",
        "ws://rp.example/",
        "wss://rp.example/",
        "mailto:a@rp.example",
        "tel:12345",
        "ssh://rp.example/",
        "smb://rp.example/",
        "ldap://rp.example/",
        "urn:ietf:wg:oauth:2.0:oob",
        "http://rp.example/cb",
    ] {
        refuse(uri);
    }
    for (at, scheme) in REFUSED_SCHEMES
        .iter()
        .flat_map(RefusedSchemes::schemes)
        .enumerate()
    {
        let scheme = scheme.replace('*', "x");
        refuse(&match at % 2 {
            0 => format!("{scheme}://app/cb"),
            _ => format!("{}:/cb", scheme.to_ascii_uppercase()),
        });
    }
    put(&server, &client, &json!(["ssh://rp.example/"])).refused(400, "invalid_redirect_uri");
    assert_eq!(server.clients(), before);
    assert_eq!(server.manage("GET", &client).send().ok(), read);
}
