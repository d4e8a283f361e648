//! `regexp=` redirect URIs.

use serde_json::{Value, json};

use crate::support::Postgres;
use crate::{DOORS, register, setup};

/// RFC 9700 §4.1.1: a pattern leads only to origins that are written out in it.
#[test]
fn pattern_alternatives_need_origins() {
    let server = setup().start();
    for pattern in [
        "regexp=(https://a/cb|https://b/cb)",
        "regexp=https://a.example/cb/[0-9]{1,3}",
        r"regexp=^https://a\.example:8443/(x|y)\?z=.*$",
    ] {
        for uris in [json!([pattern]), json!(pattern)] {
            let client = register(
                &server,
                &json!({ "redirect_uris": uris, "client_name": "Shop" }),
            )
            .created();
            assert_eq!(client["redirect_uris"], json!([pattern]));
            assert_eq!(
                server.manage("GET", &client).send().ok()["redirect_uris"],
                json!([pattern])
            );
        }
    }
    let before = server.clients();
    for uris in [
        json!(["regexp=.*"]),
        json!(["regexp=https://.*"]),
        json!(["regexp=https://a.example"]),
        json!(["regexp=https://a.example.*"]),
        json!(["regexp=https://[^/]+/cb"]),
        json!(["regexp=https?://a.example/cb"]),
        json!(["regexp=(https://a.example/cb|)"]),
        json!(["regexp=(https://a.example/cb|javascript:alert(1))"]),
        json!(["regexp=(https://a.example/cb"]),
        json!(["regexp=http://a.example/cb"]),
        json!(["regexp=HTTPS://a.example/cb"]),
        json!(["regexp=https://a.example/cb#.*"]),
        json!(["regexp=(https://a.example/cb|https://b.example/cb#x)"]),
        json!(["regexp=https://a.example/(x{1000}){1000}"]),
        json!([format!("regexp=https://a.example/{}", "x".repeat(4096))]),
        json!(["regexp="]),
        json!(["REGEXP=https://a.example/cb"]),
        json!(["regexp=https://a.example/cb", "https://b.example/cb"]),
        json!(["regexp=https://a.example/cb", "regexp=https://b.example/cb"]),
    ] {
        let refusal = register(
            &server,
            &json!({ "redirect_uris": uris, "client_name": "Shop" }),
        );
        assert_eq!(
            refusal.expect(400),
            json!({ "error": "invalid_redirect_uri", "error_description": "One or more redirect_uri values are invalid" }),
            "{uris}"
        );
    }
    assert_eq!(server.clients(), before);
}

/// OIDC Registration §2, §5: what holds for a redirect URI holds for every origin of a pattern.
#[test]
fn pattern_follows_redirect_uri_rules() {
    let server = setup().start();
    let local = json!(["regexp=(http://localhost:8080/cb|http://127.0.0.1/.*)"]);
    let client = register(&server, &json!({ "redirect_uris": local })).created();
    assert_eq!(
        (&client["application_type"], &client["redirect_uris"]),
        (&json!("native"), &local)
    );
    let client = register(
        &server,
        &json!({ "redirect_uris": local, "application_type": "native" }),
    )
    .created();
    assert_eq!(client["application_type"], "native");
    for (uri, sent, application_type) in [
        (&local[0], json!("web"), "web"),
        (
            &json!("regexp=(https://my_app.example/cb|http://app.localhost/cb)"),
            json!(null),
            "native",
        ),
    ] {
        let body = json!({ "redirect_uris": [uri], "application_type": sent });
        let client = register(&server, &body).created();
        assert_eq!(client["application_type"], application_type, "{uri}");
    }
    let kept = json!({ "client_id": client["client_id"], "redirect_uris": local });
    assert_eq!(
        server.manage("PUT", &client).json(&kept).send().ok()["application_type"],
        "native"
    );
    let client = register(
        &server,
        &json!({ "redirect_uris": ["regexp=https://a.example/(x|y)"], "subject_type": "pairwise" }),
    )
    .created();
    assert_eq!(client["subject_type"], "pairwise");
    let implicit =
        json!({ "redirect_uris": ["regexp=https://localhost/.*"], "grant_types": ["implicit"] });
    let client = register(&server, &implicit).created();
    let mut kept = implicit.clone();
    kept["client_id"] = client["client_id"].clone();
    let updated = server.manage("PUT", &client).json(&kept).send().ok();
    assert_eq!(updated["grant_types"], json!(["implicit"]));

    let before = server.clients();
    for refused in [
        json!({ "redirect_uris": local, "application_type": "web", "grant_types": ["implicit"] }),
        json!({ "redirect_uris": ["regexp=(http://localhost:8080/cb|http://a.example/cb)"] }),
    ] {
        assert_eq!(
            register(&server, &refused).expect(400),
            json!({ "error": "invalid_redirect_uri", "error_description": "One or more redirect_uri values are invalid" }),
            "{refused}"
        );
    }
    let several = json!({ "redirect_uris": ["regexp=(https://a.example/cb|https://b.example/cb)"], "subject_type": "pairwise" });
    let description = register(&server, &several).refused(400, "invalid_client_metadata");
    assert_eq!(
        description,
        "subject_type requires sector_identifier_uri when redirect_uris have several hosts."
    );
    assert_eq!(server.clients(), before);
}

/// RFC 7591 §3.1, RFC 7592 §2.2: only an account may register a pattern, at a WSO2 endpoint; an
/// update elsewhere may keep it.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn pattern_requires_an_account() {
    let server = setup().start();
    let pattern =
        json!({ "redirect_uris": ["regexp=https://a.example/.*"], "client_name": "Shop" });
    let token = server.ran(&["token", "issue"]);
    for path in DOORS {
        let refusal = server
            .request("POST", path)
            .bearer(token.trim())
            .json(&pattern)
            .send();
        assert_eq!(
            refusal.expect(400),
            json!({ "error": "invalid_redirect_uri", "error_description": "One or more redirect_uri values are invalid" })
        );
    }
    for refusal in [
        server.register(&pattern),
        server
            .request("POST", "/register")
            .bearer(token.trim())
            .json(&pattern)
            .send(),
    ] {
        assert!(
            refusal
                .refused(400, "invalid_redirect_uri")
                .starts_with("One or more redirect_uri values are invalid: redirect_uris has ")
        );
    }
    assert_eq!(server.clients().len(), 0);

    let client = register(&server, &pattern).created();
    let ordinary = server.client();
    let schemeless = register(
        &server,
        &json!({ "redirect_uris": ["server.example.com"], "grant_types": ["password"] }),
    )
    .created();
    let put = |client: &Value, members: Value| {
        let mut body = json!({ "client_id": client["client_id"] });
        body.as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        server.manage("PUT", client).json(&body).send()
    };
    let kept = put(
        &client,
        json!({ "redirect_uris": ["regexp=https://a.example/.*"], "client_name": "Renamed" }),
    )
    .ok();
    assert_eq!(
        (&kept["redirect_uris"], &kept["client_name"]),
        (&pattern["redirect_uris"], &json!("Renamed"))
    );
    let kept_schemeless = put(
        &schemeless,
        json!({ "redirect_uris": ["server.example.com"], "grant_types": ["client_credentials"] }),
    )
    .ok();
    assert_eq!(
        kept_schemeless["redirect_uris"],
        json!(["server.example.com"])
    );

    let before = server.clients();
    for (of, refused) in [
        (
            &client,
            json!({ "redirect_uris": ["regexp=https://a.example/.+"] }),
        ),
        (
            &client,
            json!({ "redirect_uris": ["regexp=https://a.example/.*", "https://b.example/cb"] }),
        ),
        (
            &client,
            json!({ "redirect_uris": "regexp=https://a.example/.*" }),
        ),
        (
            &ordinary,
            json!({ "redirect_uris": ["regexp=https://a.example/.*"] }),
        ),
        (
            &ordinary,
            json!({ "redirect_uris": ["server.example.com"], "grant_types": ["password"] }),
        ),
        (
            &schemeless,
            json!({ "redirect_uris": ["server.example.com"] }),
        ),
        (
            &schemeless,
            json!({ "redirect_uris": ["other.example.com"], "grant_types": ["password"] }),
        ),
    ] {
        put(of, refused).refused(400, "invalid_redirect_uri");
    }
    assert_eq!(server.clients(), before);

    let plain = put(
        &client,
        json!({ "redirect_uris": ["https://a.example/cb"] }),
    )
    .ok();
    assert_eq!(plain["redirect_uris"], json!(["https://a.example/cb"]));
    put(
        &client,
        json!({ "redirect_uris": ["regexp=https://a.example/.*"] }),
    )
    .refused(400, "invalid_redirect_uri");
}

/// RFC 9700 §4.1.1: a construct that engines read differently is refused, and nothing is stored.
#[test]
fn ambiguous_constructs_are_refused() {
    let server = setup().start();
    let before = server.clients();
    for construct in [
        r"\d",
        r"\w",
        r"\s",
        r"\b",
        r"\z",
        r"\p{L}",
        r"\x41",
        r"\u0041",
        r"\Qx\E",
        r"(x)\1",
        r"\-",
        "x^y",
        "(x$)",
        "(?i)x",
        "(?i:x)",
        "(?P<n>x)",
        "(?<n>x)",
        "(?=x)",
        "(?!x)",
        "(?<=x)",
        "(?#x)",
        "(?>x)",
        "x*?",
        "x++",
        "x{2}{3}",
        "x{,2}",
        "x{2,1}",
        "x{01}",
        "x{0}",
        "x{1001}",
        "x{",
        "x}",
        "x]",
        "[a[b]|.*|c]",
        "[[:alpha:]]",
        "[:alpha:]",
        "[a&&b]",
        "[a~~b]",
        r"[\d]",
        r"[\]]",
        "[a^b]",
        "[-a]",
        "[z-a]",
        "[A-z]",
        "[]",
        "[^]",
        "[]a]",
    ] {
        let uris = json!([format!("regexp=https://a.example/{construct}")]);
        for path in DOORS {
            assert_eq!(
                server
                    .request("POST", path)
                    .admin()
                    .json(&json!({ "redirect_uris": uris, "client_name": "Shop" }))
                    .send()
                    .expect(400),
                json!({ "error": "invalid_redirect_uri", "error_description": "One or more redirect_uri values are invalid" }),
                "{uris}"
            );
        }
    }
    assert_eq!(server.clients(), before);
    for ordinary in [
        "[a-z0-9_./-]{1,8}",
        "(?:x|y)*",
        r"\?state=.+",
        "cb$",
        "[^#]*",
    ] {
        let uris = json!([format!("regexp=https://a.example/{ordinary}")]);
        assert_eq!(
            register(
                &server,
                &json!({ "redirect_uris": uris, "client_name": "Shop" })
            )
            .created()["redirect_uris"],
            uris
        );
    }
}

/// A program that reads the store finds the judged form of every vector, at registration and after an update.
#[test]
fn judged_form_is_in_the_column() {
    let database = Postgres::new();
    let server = setup().on(&database).start();
    let column = |client: &Value| {
        database.value(&format!(
            "SELECT redirect_patterns FROM client WHERE client_id = '{}'",
            client["client_id"].as_str().unwrap()
        ))
    };
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../../interop/patterns.json")).unwrap();
    assert!(vectors.len() > 5);
    for vector in &vectors {
        let uris = json!([format!("regexp={}", vector["regexp"].as_str().unwrap())]);
        let client = register(
            &server,
            &json!({ "redirect_uris": uris, "client_name": "Shop" }),
        )
        .created();
        let judged = json!([{ "pattern": vector["pattern"], "origins": vector["origins"] }]);
        assert_eq!(
            serde_json::from_str::<Value>(&column(&client)).unwrap(),
            judged
        );
        let renamed = json!({ "client_id": client["client_id"], "redirect_uris": uris, "client_name": "Renamed" });
        assert_eq!(
            server.manage("PUT", &client).json(&renamed).send().ok()["client_name"],
            "Renamed"
        );
        assert_eq!(
            serde_json::from_str::<Value>(&column(&client)).unwrap(),
            judged
        );
        let plain =
            json!({ "client_id": client["client_id"], "redirect_uris": ["https://a.example/cb"] });
        server.manage("PUT", &client).json(&plain).send().ok();
        assert_eq!(column(&client), "");
    }
    assert_eq!(column(&server.client()), "");
}

/// A pattern from before the grammar may be kept byte for byte, is in no judged form, and is named
/// by the migration.
#[test]
fn older_pattern_is_kept_as_it_is() {
    let database = Postgres::new();
    let server = setup().on(&database).start();
    let column = |client: &Value| {
        database.value(&format!(
            "SELECT redirect_patterns FROM client WHERE client_id = '{}'",
            client["client_id"].as_str().unwrap()
        ))
    };
    let made = |path: &str| {
        register(&server, &json!({ "redirect_uris": [format!("regexp=https://a.example/{path}")], "client_name": "Shop" })).created()
    };
    let (older, judged) = (made("x[ab]*"), made("[ab]*"));
    database.execute("UPDATE client SET metadata = replace(metadata, 'x[ab]*', 'x[a&b]*')");
    database.execute("ALTER TABLE client DROP COLUMN redirect_patterns");
    database.execute("DELETE FROM __diesel_schema_migrations WHERE version = '0010'");
    let output = server.run(&["migrate"]);
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "applied 0010_redirect_patterns\n"
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("redirect_patterns stays empty")
            && said.contains(older["client_id"].as_str().unwrap()),
        "{said}"
    );
    assert!(
        !said.contains(judged["client_id"].as_str().unwrap()) && !said.contains("a.example"),
        "{said}"
    );
    let form = r#"[{"pattern":"^(?:https://a\\.example/[ab]*)$","origins":["https://a.example"]}]"#;
    assert_eq!(
        (column(&older).as_str(), column(&judged).as_str()),
        ("", form)
    );

    let put = |client: &Value, path: &str| {
        let uris = json!([format!("regexp=https://a.example/{path}")]);
        server
            .manage("PUT", client)
            .json(&json!({ "client_id": client["client_id"], "redirect_uris": uris, "client_name": "Renamed" }))
            .send()
    };
    let kept = put(&older, "x[a&b]*").ok();
    assert_eq!(
        (&kept["redirect_uris"], &kept["client_name"]),
        (
            &json!(["regexp=https://a.example/x[a&b]*"]),
            &json!("Renamed")
        )
    );
    let before = server.clients();
    put(&judged, "x[a&b]*").refused(400, "invalid_redirect_uri");
    put(&older, "[ab]*").refused(400, "invalid_redirect_uri");
    assert_eq!(server.clients(), before);
    assert_eq!(
        (column(&older).as_str(), column(&judged).as_str()),
        ("", form)
    );
}
