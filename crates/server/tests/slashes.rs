//! A slash at the end of an address: the same address, with the same methods, answers and refusals, and no slash in any answer.

mod support;

use serde_json::{Value, json};
use support::{Answer, Ask, Setup, TestServer};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// A provider at the root whose issuer has a slash at its end, a tenant, and a tenant whose issuer has one.
const ISSUERS: [(&str, &str); 3] = [
    ("https://login.example.com/", ""),
    ("https://login.example.com/t/acme", "/t/acme"),
    ("https://login.example.com/t/shop/", "/t/shop"),
];

fn serving() -> TestServer {
    let provider = |(issuer, path): (&str, &str)| {
        format!(
            "[[provider]]\nissuer = \"{issuer}\"\nregistration = \"open\"\n[provider.metadata]\n\
             authorization_endpoint = \"https://login.example.com{path}/authorize\"\n\
             token_endpoint = \"https://login.example.com{path}/token\"\n"
        )
    };
    let file: String = ISSUERS.into_iter().map(provider).collect();
    Setup::new().file(&file).start()
}

/// The part of an answer that does not differ from request to request.
fn seen(answer: &Answer) -> Value {
    let headers = [
        "allow",
        "content-type",
        "cache-control",
        "etag",
        "www-authenticate",
        "access-control-allow-origin",
        "access-control-allow-methods",
        "access-control-allow-headers",
        "access-control-expose-headers",
        "access-control-max-age",
    ]
    .map(|name| answer.headers(name).join(" | "));
    json!([answer.status(), headers, answer.text])
}

/// Asserts that every method has the same answer with a slash behind the path.
fn assert_same(server: &TestServer, path: &str, query: &str, with: impl Fn(Ask) -> Ask) {
    for method in METHODS {
        let ask = |path: &str| {
            let ask = server
                .request(method, &format!("{path}{query}"))
                .header("Origin", "https://page.example");
            seen(&with(ask).send())
        };
        let plain = ask(path);
        assert!(
            !plain.to_string().contains("nothing at this address"),
            "{method} {path}"
        );
        assert_eq!(ask(&format!("{path}/")), plain, "{method} {path}");
    }
}

/// OIDC Discovery §4, RFC 8414 §3.1, RFC 9728 §3.1: every form of every document.
#[test]
fn documents_ignore_a_final_slash() {
    let server = serving();
    let mut paths = Vec::new();
    for (_, path) in ISSUERS {
        for name in ["openid-configuration", "oauth-authorization-server"] {
            paths.push(format!("{path}/.well-known/{name}"));
            paths.push(format!("/.well-known/{name}{path}"));
        }
        paths.push(format!(
            "{path}/oauth2/oidcdiscovery/.well-known/openid-configuration"
        ));
        paths.push(format!("{path}/jwks"));
        paths.push(format!("{path}/oauth2/jwks"));
        paths.push(format!(
            "/.well-known/oauth-protected-resource{path}/register"
        ));
    }
    for path in paths {
        assert_same(&server, &path, "", |ask| ask);
        let document = server.get(&format!("{path}/"));
        assert_eq!(document.status(), 200, "{path}");
        assert!(!document.text.contains("register/\""), "{path}");
        let tag = document.header("etag").unwrap();
        let again = server
            .request("GET", &format!("{path}/"))
            .header("If-None-Match", tag)
            .send();
        assert_eq!(again.status(), 304, "{path}");
        assert_eq!(server.get(&format!("{path}//")).status(), 404, "{path}");
    }
}

/// RFC 7033 §4: WebFinger, as walk-throughs write it.
#[test]
fn webfinger_ignores_a_final_slash() {
    let server = serving();
    for query in [
        "?resource=acct:a@login.example.com&rel=",
        "?resource=acct:a@acme@login.example.com",
        "?resource=acct:a@elsewhere.example",
        "?resource=",
        "",
    ] {
        assert_same(&server, "/.well-known/webfinger", query, |ask| ask);
    }
    let found = server.get("/.well-known/webfinger/?resource=acct:a@login.example.com");
    assert_eq!(
        found.json()["links"][0]["href"],
        "https://login.example.com/"
    );
    assert_same(&server, "/.well-known/host-meta", "", |ask| ask);
}

/// RFC 7591 §3: the registration endpoint. Its refusals and preflights are the same, and the addresses in its answers have no
/// slash.
#[test]
fn registration_ignores_a_final_slash() {
    let server = serving();
    let metadata = json!({ "redirect_uris": ["https://rp.example/cb"] });
    for (_, path) in ISSUERS {
        let endpoint = format!("{path}/register");
        assert_same(&server, &endpoint, "", |ask| ask);
        assert_same(&server, &endpoint, "", |ask| ask.json(&json!({})));
        assert_same(&server, &endpoint, "", |ask| ask.bearer("iat_wrong"));
        assert_same(&server, &endpoint, "", |ask| {
            ask.header("Access-Control-Request-Method", "POST")
        });
        let client = server
            .request("POST", &format!("{endpoint}/"))
            .json(&metadata)
            .send()
            .created();
        let id = client["client_id"].as_str().unwrap();
        assert_eq!(
            client["registration_client_uri"],
            format!("https://login.example.com{endpoint}/{id}")
        );
    }
    assert_eq!(server.clients().len(), 3);
    // The metrics have one label for both.
    let metrics = server.managed("/metrics").text;
    assert!(metrics.contains("route=\"/t/acme/register\"") && !metrics.contains("register/\""));
}

/// RFC 7592 §2: the client configuration endpoint.
#[test]
fn management_ignores_a_final_slash() {
    let server = serving();
    let metadata = json!({ "redirect_uris": ["https://rp.example/cb"] });
    for (_, path) in ISSUERS {
        let client = server
            .request("POST", &format!("{path}/register"))
            .json(&metadata)
            .send()
            .created();
        let token = client["registration_access_token"].as_str().unwrap();
        let id = client["client_id"].as_str().unwrap();
        let address = format!("{path}/register/{id}");
        assert_same(&server, &address, "", |ask| ask);
        assert_same(&server, &address, "", |ask| ask.bearer("rat_wrong"));
        assert_same(&server, &address, "", |ask| {
            ask.header("Access-Control-Request-Method", "PUT")
        });
        let ask = |method: &str, end: &str| {
            server
                .request(method, &format!("{address}{end}"))
                .bearer(token)
        };
        assert_eq!(ask("GET", "/").send().ok(), client);
        let update = json!({ "client_id": id, "redirect_uris": ["https://rp.example/other"] });
        let updated = ask("PUT", "/").json(&update).send().ok();
        assert_eq!(
            updated["registration_client_uri"],
            client["registration_client_uri"]
        );
        assert_eq!(updated["redirect_uris"], update["redirect_uris"]);
        ask("GET", "//").send().refused(401, "invalid_token");
        ask("DELETE", "/").send().deleted();
        ask("DELETE", "").send().refused(401, "invalid_token");
    }
    assert_eq!(server.clients(), Vec::<Value>::new());
}

/// The WSO2 endpoints.
#[test]
fn wso2_endpoints_ignore_a_final_slash() {
    let server = serving();
    for (_, path) in ISSUERS {
        for endpoint in ["identity/connect/register", "identity/register"] {
            let endpoint = format!("{path}/{endpoint}");
            assert_same(&server, &endpoint, "", |ask| ask);
            assert_same(&server, &endpoint, "", |ask| ask.admin().json(&json!({})));
        }
        let client = server
            .request("POST", &format!("{path}/identity/register/"))
            .admin()
            .json(&json!({ "client_name": "Shop", "grant_types": ["password"] }))
            .send()
            .created();
        let address = format!(
            "{path}/identity/register/{}",
            client["client_id"].as_str().unwrap()
        );
        let query = "?userId=admin&applicationName=";
        assert_same(&server, &address, query, Ask::admin);
        let unregister = |name: &str| {
            server
                .request("DELETE", &format!("{address}/{query}{name}"))
                .admin()
                .send()
        };
        unregister("Other").refused(403, "access_denied");
        unregister("Shop").deleted();
    }
    assert_eq!(server.clients(), Vec::<Value>::new());
}

/// An imported client may have an identifier that ends with a slash. It stays at its address.
#[test]
fn identifier_with_a_slash_keeps_its_address() {
    let server = serving();
    let metadata = json!({ "redirect_uris": ["https://rp.example/cb"] });
    let client = server
        .request("POST", "/register")
        .json(&metadata)
        .send()
        .created();
    let id = client["client_id"].as_str().unwrap();
    let line = server.ran(&["client", "export"]);
    let other = line.replacen(
        &format!("\"client_id\":\"{id}\""),
        "\"client_id\":\"http://rp.example/\"",
        1,
    );
    assert_ne!(line, other);
    let file = server.folder.path().join("clients.jsonl");
    let mut moved: Value = serde_json::from_str(&other).unwrap();
    let members = moved.as_object_mut().unwrap();
    members.remove("secret_sealed");
    members.insert("client_secret".to_owned(), client["client_secret"].clone());
    std::fs::write(&file, moved.to_string()).unwrap();
    server.ran(&["client", "import", file.to_str().unwrap()]);
    let token = client["registration_access_token"].as_str().unwrap();
    for end in ["", "/"] {
        let answer = server
            .request("GET", &format!("/register/http://rp.example/{end}"))
            .bearer(token)
            .send()
            .ok();
        assert_eq!(answer["client_id"], "http://rp.example/");
    }
    server
        .request("GET", "/register/http://rp.example")
        .bearer(token)
        .send()
        .refused(401, "invalid_token");
}
