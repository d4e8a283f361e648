//! Redirect URIs: which are registered, byte for byte, and which are refused.

use serde_json::{Value, json};

use super::support::{Postgres, Setup, TestServer};

/// RFC 6749 §3.1.2, OIDC Registration §2, RFC 8252 §7, §8.4: kept as sent; a client that only a device can be is native.
#[test]
fn redirect_uris_are_kept_byte_for_byte() {
    let server = Setup::new()
        .with("FRONTDESK_REGISTRATION", "open")
        .with("FRONTDESK_NATIVE_SCHEMES", "cursor,vscode")
        .start();
    for (application_type, expected, uris) in [
        (
            None,
            "web",
            &[
                "https://rp.example",
                "https://rp.example/",
                "https://RP.Example:443/Cb?x=%7e&y=+",
                "https://rp.example:8443/a/../b//c;d=e?f",
                "HTTPS://rp.example/",
                "https://192.0.2.1/cb",
                "https://[2001:db8::1]:8443/cb",
                "https://xn--bcher-kva.example/cb",
            ][..],
        ),
        (None, "web", &["https://localhost/cb"]),
        (
            None,
            "web",
            &["https://localhost:8080/cb", "https://rp.example/cb"],
        ),
        (None, "native", &["http://localhost:3000/callback"]),
        (
            None,
            "native",
            &[
                "http://127.0.0.1/",
                "http://[::1]:61023/cb",
                "com.example.app:/oauth2redirect",
            ],
        ),
        (
            None,
            "native",
            &["cursor://anysphere.cursor-retrieval/oauth/callback"],
        ),
        (None, "native", &["com.example.app://callback/x?y=z"]),
        (Some("native"), "native", &["https://app.example/claimed"]),
        (
            Some("native"),
            "native",
            &[
                "https://app.example/claimed",
                "http://localhost:1/",
                "vscode:/x",
            ],
        ),
        (Some("web"), "web", &["https://rp.example/cb"]),
    ] {
        let mut metadata = json!({ "redirect_uris": uris });
        if let Some(application_type) = application_type {
            metadata["application_type"] = application_type.into();
        }
        let client = server
            .request("POST", "/register")
            .json(&metadata)
            .send()
            .created();
        assert_eq!(client["redirect_uris"], json!(uris));
        assert_eq!(client["application_type"], expected, "{uris:?}");
        assert_eq!(server.manage("GET", &client).send().ok(), client);
    }
    let fifty: Vec<String> = (0..50)
        .map(|at| format!("https://rp.example/{at}"))
        .collect();
    assert_eq!(
        server
            .request("POST", "/register")
            .json(&json!({ "redirect_uris": fifty }))
            .send()
            .created()["redirect_uris"],
        json!(fifty)
    );
}

/// Values that no client may have as a redirect URI.
const REFUSED: &[&str] = &[
    "",
    " ",
    "/cb",
    "//rp.example/cb",
    "rp.example",
    "rp.example/cb",
    "https:rp.example/cb",
    "https:/rp.example/cb",
    "https:///cb",
    "https://",
    "https://?x",
    "https://:443/",
    "https://rp.example/#",
    "https://rp.example/cb#fragment",
    "https://user@rp.example/",
    "https://user:pass@rp.example/",
    "https://@rp.example/",
    "https://rp.example@evil.example@rp.example/",
    "https://rp.example\\@evil.example/",
    "https://rp.example:0/",
    "https://rp.example:65536/",
    "https://rp.example:+443/",
    "https://rp.example:/",
    "https://rp.example:x/",
    "https://*.rp.example/",
    "https://*/",
    "https://-rp.example/",
    "https://rp-.example/",
    "https://rp..example/",
    "https://rp.example./",
    "https://rp_.example/",
    "https://rp%2eexample/",
    "https://b\u{fc}cher.example/",
    "https://xn--/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://[::1",
    "https://[fe80::1%25eth0]/",
    "https://rp.example/%",
    "https://rp.example/%zz",
    "https://rp.example/a b",
    "https://rp.example/\t",
    "https://rp.example/\n",
    "https://rp.example/\u{1}",
    "https://rp.example/<x>",
    "https://rp.example/\"",
    "https://rp.example/{x}",
    "https://rp.example/|",
    "https://rp.example/^",
    "https://rp.example/`",
    "https://rp.example/\u{202e}",
    " https://rp.example/",
    "http://rp.example/cb",
    "http://localhost.evil.example/",
    "http://localhost@evil.example/",
    "http://127.0.0.1.evil.example/",
    "http://127.0.0.2/",
    "http://10.0.0.1/",
    "http://[::ffff:127.0.0.1]/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "javascript://rp.example/%0aalert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://rp.example/x",
    "filesystem:https://rp.example/x",
    "about:blank",
    "view-source:https://rp.example/",
    "ws://rp.example/",
    "wss://rp.example/",
    "ftp://rp.example/",
    "jar:https://rp.example/!/",
    "mailto:a@rp.example",
    "intent://rp.example/#Intent;end",
    "myapp:/cb",
    "myapp://cb",
    "urn:ietf:wg:oauth:2.0:oob",
    "com.example.app:",
    "com.example.app://",
    "com.example.app:/cb#x",
    "com.example.app://user@cb",
    "regexp=https://rp.example/.*",
    "regexp=(https://rp.example/a|https://rp.example/b)",
];

/// RFC 7591 §3.2.2, RFC 9700 §4.1, RFC 8252 §8.4: one that cannot be registered refuses the whole request.
#[test]
fn one_bad_redirect_uri_refuses_the_request() {
    let server = TestServer::open();
    let long = format!("https://rp.example/{}", "a".repeat(2048));
    let long_label = format!("https://{}.example/", "a".repeat(64));
    let many: Vec<String> = (0..51)
        .map(|at| format!("https://rp.example/{at}"))
        .collect();
    let texts = REFUSED
        .iter()
        .copied()
        .chain([long.as_str(), long_label.as_str()]);
    let elements = texts.map(|text| json!(["https://rp.example/cb", text]));
    let odd = [
        json!([]),
        json!([null]),
        json!([1]),
        json!([["https://rp.example/cb"]]),
        json!("https://rp.example/cb"),
        json!({}),
        json!(many),
    ];
    for redirect_uris in elements.chain(odd) {
        let answer = server
            .request("POST", "/register")
            .json(&json!({ "redirect_uris": redirect_uris }))
            .send();
        let told = answer.refused(400, "invalid_redirect_uri");
        assert!(
            told.starts_with("One or more redirect_uri values are invalid: redirect_uris "),
            "{redirect_uris}: {told}"
        );
        assert!(
            !told.contains("evil") && !told.contains("rp.example"),
            "{redirect_uris}: {told}"
        );
    }
    assert_eq!(
        server
            .request("POST", "/register")
            .json(&json!({}))
            .send()
            .refused(400, "invalid_redirect_uri"),
        MISSING
    );
    assert!(server.clients().is_empty());
}

const MISSING: &str = "One or more redirect_uri values are invalid: redirect_uris must have at least one element for the authorization code \
                       and implicit grants";

/// OIDC Registration §2, RFC 8252 §7: the application type, web or native, decides which redirect
/// URIs are allowed.
#[test]
fn redirect_uri_fits_application_type() {
    let server = TestServer::open();
    for metadata in [
        json!({ "application_type": "web", "redirect_uris": ["http://localhost/cb"], "grant_types": ["implicit"] }),
        json!({ "application_type": "web", "redirect_uris": ["http://rp.example/cb"] }),
        json!({ "application_type": "web", "redirect_uris": ["myapp:/cb"] }),
        json!({ "redirect_uris": ["https://rp.example/cb", "http://rp.example/cb"] }),
        json!({ "redirect_uris": ["https://rp.example/cb", "myapp:/cb"] }),
        json!({ "redirect_uris": ["https://localhost/cb"], "response_types": ["id_token"] }),
        json!({ "redirect_uris": ["https://localhost/cb"], "grant_types": ["authorization_code", "implicit"], "response_types": ["code", "token"] }),
        json!({ "application_type": "native", "redirect_uris": ["http://rp.example/cb"] }),
        json!({ "application_type": "native", "redirect_uris": ["myapp:/cb"] }),
    ] {
        server
            .request("POST", "/register")
            .json(&metadata)
            .send()
            .refused(400, "invalid_redirect_uri");
    }
    assert!(server.clients().is_empty());
}

/// RFC 6749 §4.1.2, RFC 9207 §2: a redirect URI must not have the parameters that a server adds to
/// the query, in any spelling.
#[test]
fn answer_parameters_are_refused() {
    let server = TestServer::open();
    let names = [
        "code",
        "state",
        "iss",
        "error",
        "error_description",
        "session_state",
        "id_token",
        "access_token",
        "response",
    ];
    for name in names {
        let encoded = name
            .bytes()
            .map(|byte| format!("%{byte:02x}"))
            .collect::<Vec<_>>()
            .concat();
        for uri in [
            format!("https://rp.example/cb?{name}=1"),
            format!("https://rp.example/cb?{name}"),
            format!("https://rp.example/cb?a=b;{encoded}=1"),
            format!("https://localhost/?{name}=1&{name}=2"),
            format!("http://127.0.0.1:3000/cb?a&{name}="),
            format!("com.example.app:/cb?{encoded}"),
            format!("com.example.app://cb/x?x=y&{name}=1"),
        ] {
            for member in ["redirect_uris", "claims_redirect_uris"] {
                let mut body = json!({ "redirect_uris": ["https://rp.example/cb"], "application_type": "native" });
                body[member] = json!(["https://rp.example/other", uri]);
                let told = server
                    .request("POST", "/register")
                    .json(&body)
                    .send()
                    .refused(400, "invalid_redirect_uri");
                let reason = format!(
                    "{member} has an element that has a query parameter {name}, which is reserved for authorization responses"
                );
                assert_eq!(
                    told,
                    format!("One or more redirect_uri values are invalid: {reason}"),
                    "{uri}"
                );
            }
        }
        let wso2 = json!({ "redirect_uris": format!("https://rp.example/cb?{name}=1"), "client_name": "A client" });
        server
            .request("POST", "/identity/register")
            .admin()
            .json(&wso2)
            .send()
            .refused(400, "invalid_redirect_uri");
    }
    for uri in [
        "https://rp.example/out?state=1",
        "https://rp.example/out?a;%73tate",
        "com.example.app:/out?state",
    ] {
        let body =
            json!({ "redirect_uris": ["com.example.app:/cb"], "post_logout_redirect_uris": [uri] });
        let told = server
            .request("POST", "/register")
            .json(&body)
            .send()
            .refused(400, "invalid_client_metadata");
        assert_eq!(
            told,
            "post_logout_redirect_uris has an element with the query parameter state, which is reserved for the provider.",
            "{uri}"
        );
    }
    assert!(server.clients().is_empty());
    let harmless = [
        "https://rp.example/code/?codec=1",
        "https://rp.example/cb?Error=1&x=code",
        "https://rp.example/cb;code=1?%2563ode",
    ];
    let out = ["https://rp.example/state?code=1&State=2"];
    let body = json!({ "redirect_uris": harmless, "claims_redirect_uris": harmless, "post_logout_redirect_uris": out });
    let logout = "[[provider]]\nissuer = \"http://localhost\"\nregistration = \"open\"\n\
                  [provider.metadata]\nend_session_endpoint = \"http://localhost/end\"\n";
    let client = Setup::new()
        .file(logout)
        .start()
        .request("POST", "/register")
        .json(&body)
        .send()
        .created();
    assert_eq!(
        (
            &client["redirect_uris"],
            &client["post_logout_redirect_uris"]
        ),
        (&json!(harmless), &json!(out))
    );
}

/// RFC 8252 §7.1: `x-apple.` begins schemes of the operating system, whose dot makes them look like an application's.
#[test]
fn system_schemes_are_refused() {
    let server = TestServer::open();
    for uri in [
        "x-apple.systempreferences:com.apple.preference.security",
        "X-Apple.Files:/x",
        "x-APPLE.example.app://cb",
    ] {
        server
            .request("POST", "/register")
            .json(&json!({ "redirect_uris": [uri] }))
            .send()
            .refused(400, "invalid_redirect_uri");
        let out =
            json!({ "redirect_uris": ["com.example.app:/cb"], "post_logout_redirect_uris": [uri] });
        server
            .request("POST", "/register")
            .json(&out)
            .send()
            .refused(400, "invalid_client_metadata");
    }
    assert!(server.clients().is_empty());
    server
        .request("POST", "/register")
        .json(&json!({ "redirect_uris": ["com.example.app:/cb"] }))
        .send()
        .created();
}

/// RFC 7592 §2: a client from before a rule is read and deleted as ever; an update that keeps the URI is refused.
#[test]
fn older_redirect_uris_are_read_only() {
    let database = Postgres::new();
    let server = Setup::new()
        .on(&database)
        .with("FRONTDESK_ISSUER", "http://localhost:9443")
        .start();
    let older = |uri: &str| -> Value {
        let client = server.client();
        let id = client["client_id"].as_str().unwrap();
        database
            .execute(&format!("UPDATE client SET metadata = replace(metadata, 'https://rp.example/cb', '{uri}') WHERE client_id = '{id}'"));
        client
    };
    for uri in [
        "https://rp.example/cb?code=1",
        "x-apple.systempreferences:x",
        "ms-word:x",
        "ssh://rp.example/",
    ] {
        let client = older(uri);
        let read = server.manage("GET", &client).send().ok();
        assert_eq!(read["redirect_uris"], json!([uri]));
        let id = client["client_id"].as_str().unwrap();
        let shown: Value = serde_json::from_str(&server.ran(&["client", "show", id])).unwrap();
        assert_eq!(shown["metadata"]["redirect_uris"], json!([uri]));
        assert!(server.ran(&["client", "list"]).contains(id));
        let mut update = json!({ "client_id": id, "client_name": "Another", "redirect_uris": [uri], "application_type": "native" });
        server
            .manage("PUT", &client)
            .json(&update)
            .send()
            .refused(400, "invalid_redirect_uri");
        assert_eq!(server.manage("GET", &client).send().ok(), read);
        update["redirect_uris"] = json!(["https://rp.example/cb"]);
        assert_eq!(
            server.manage("PUT", &client).json(&update).send().ok()["client_name"],
            "Another"
        );
        server.manage("DELETE", &older(uri)).send().deleted();
    }
    assert_eq!(server.clients().len(), 4);
}
