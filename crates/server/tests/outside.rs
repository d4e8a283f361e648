//! `frontdesk check --outside` through a proxy over real TLS that is right, or wrong in one way at a time.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

#[path = "outside/authorization_server.rs"]
mod authorization_server;
#[path = "outside/certificates.rs"]
mod certificates;
#[path = "outside/proxy.rs"]
mod proxy;
#[path = "outside/site.rs"]
mod site;
mod support;

use std::collections::BTreeSet;

use proxy::Mistake;
use site::Site;

/// A mistake, the names of the checks that find it, and the directive that the fix names.
type Expected = (Mistake, &'static [&'static str], &'static str);

/// Each mistake is found by its checks and by no other, and the fix names the directive to write.
#[track_caller]
fn found(site: &Site, planted: &[Expected]) {
    for (mistake, names, directive) in planted {
        site.proxy.plant(*mistake);
        let (status, lines) = site.check(&[]);
        let findings: Vec<_> = lines
            .iter()
            .filter(|line| line.get("wrong").is_some_and(serde_json::Value::is_string))
            .collect();
        let told: BTreeSet<&str> = findings
            .iter()
            .map(|line| line["wrong"].as_str().unwrap())
            .collect();
        assert_eq!(
            told,
            names.iter().copied().collect(),
            "{mistake:?}: {findings:#?}"
        );
        let mends: String = findings.iter().map(ToString::to_string).collect();
        assert!(mends.contains(directive), "{mistake:?}: {mends}");
        assert_eq!(status, Some(1), "{mistake:?}");
        let summary = lines.last().unwrap();
        assert_eq!(
            (&summary["summary"], &summary["wrong"]),
            (&"failed".into(), &findings.len().into()),
            "{mistake:?}"
        );
    }
    assert!(site.server.clients().is_empty());
}

/// A correct deployment has no findings and no new client.
#[test]
fn correct_deployment_has_no_findings() {
    for access in ["protected", "open", "closed"] {
        let site = Site::start(access);
        let (status, lines) = site.check(&[]);
        let odd: Vec<_> = lines
            .iter()
            .filter(|line| line.get("url").is_none())
            .collect();
        assert_eq!((status, odd.len()), (Some(0), 1), "{access}: {odd:#?}");
        assert_eq!(
            (&odd[0]["summary"], &odd[0]["wrong"]),
            (&"ok".into(), &0.into()),
            "{access}"
        );
        let urls: Vec<&str> = lines
            .iter()
            .filter_map(|line| line["url"].as_str())
            .collect();
        for path in [
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
            "/oauth2/oidcdiscovery/.well-known/openid-configuration",
            "/t/acme/.well-known/openid-configuration",
            "/.well-known/openid-configuration/t/acme",
            "/t/acme/.well-known/oauth-authorization-server",
            "/.well-known/oauth-authorization-server/t/acme",
            "/t/acme/jwks",
            "/oauth2/jwks",
            "/t/acme/identity/connect/register/",
        ] {
            assert!(
                urls.contains(&format!("https://login.example.test{path}").as_str()),
                "{access}: {path}"
            );
        }
        assert!(
            urls.iter().any(|url| url
                .starts_with("https://example.test/.well-known/webfinger?resource=acct%3A")),
            "{urls:#?}"
        );
        assert!(site.server.clients().is_empty(), "{access}");
    }
}

/// Missing paths that only WSO2 clients need are a note.
#[test]
fn missing_wso2_paths_are_a_note() {
    let site = Site::start("protected");
    site.proxy.plant(Mistake::NoWso2);
    let (status, lines) = site.check(&[]);
    let notes: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["note"].as_str())
        .collect();
    let note = |path: &str| {
        format!(
            "the paths for WSO2 clients below https://login.example.test{path} are not passed on; only WSO2 clients need them"
        )
    };
    assert_eq!(
        (status, notes),
        (Some(0), vec![note("").as_str(), note("/t/acme").as_str()])
    );
    assert_eq!(lines.last().unwrap()["summary"], "ok");
}

/// Each finding is printed as one sentence.
#[test]
fn each_finding_is_a_sentence() {
    let site = Site::start("protected");
    site.proxy.plant(Mistake::NoAuthorization);
    let output = site.run(&[]);
    let printed = String::from_utf8(output.stdout).unwrap();
    let findings: Vec<&str> = printed
        .lines()
        .filter(|line| line.starts_with("wrong: "))
        .collect();
    assert_eq!(
        findings[0],
        "wrong: POST https://login.example.test/register with Basic credentials is answered as if there were none: forward `Authorization` \
         (nginx: no `proxy_set_header Authorization \"\"`; Caddy: no `header_up -Authorization`; Traefik: no empty `Authorization` below \
         `customRequestHeaders`, and no `removeHeader` at a `basicAuth` middleware)."
    );
    assert!(
        findings[1]
            .ends_with("with a Bearer token is answered as if there were none: fix as above."),
        "{findings:?}"
    );
    assert!(
        printed
            .lines()
            .last()
            .unwrap()
            .ends_with("requests, 4 failed"),
        "{printed}"
    );
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "frontdesk: 4 problems found\n"
    );
    assert_eq!(output.status.code(), Some(1));
}

/// A proxy that changes addresses is found.
#[test]
fn changed_addresses_are_found() {
    found(
        &Site::start("protected"),
        &[
            (Mistake::PrefixStripped, &["issuer"], "`handle_path`"),
            (
                Mistake::PathPrefixed,
                &["path", "preflight"],
                "`proxy_pass http://frontdesk;` with no path",
            ),
            (Mistake::SlashAdded, &["slash"], "try_files"),
            (Mistake::Www, &["other-host"], "https://www.{host}{uri}"),
            (Mistake::Loop, &["loop"], "redirectScheme"),
            (
                Mistake::StaticFiles,
                &["swallowed"],
                "`location ^~ /.well-known/",
            ),
            (
                Mistake::CaddyEmpty,
                &["swallowed"],
                "`handle /.well-known/*",
            ),
            (Mistake::QueryDecoded, &["query"], "$arg_"),
            (
                Mistake::QueryDropped,
                &["webfinger-redirect"],
                "$request_uri",
            ),
            (
                Mistake::RedirectToPlain,
                &["webfinger-redirect"],
                "redirectRegex",
            ),
            (Mistake::HostReflected, &["wrong-host"], "default_server"),
            (Mistake::Down, &["gateway"], "proxy_pass"),
            (
                Mistake::ManagementExposed,
                &["management"],
                "management_listen",
            ),
        ],
    );
}

/// A proxy that changes documents is found.
#[test]
fn changed_documents_are_found() {
    found(
        &Site::start("protected"),
        &[
            (Mistake::CorsTwice, &["cors"], "add_header Access-Control-"),
            (
                Mistake::ContentType,
                &["content-type"],
                "customResponseHeaders",
            ),
            (
                Mistake::StaleDocument,
                &["issuer"],
                "proxy_cache_key $scheme$host$request_uri;",
            ),
            (Mistake::OldDocument, &["document"], "restart the service"),
            (Mistake::NoEtag, &["etag"], "proxy_hide_header ETag"),
            (Mistake::WeakEtag, &["etag"], "`gzip off;`"),
            (Mistake::NotModifiedUnknown, &["etag"], "If-None-Match"),
            (
                Mistake::CompressedUnderOneTag,
                &["compression"],
                "no `encode`",
            ),
            (Mistake::Expires, &["cache-control"], "`expires`"),
        ],
    );
}

/// A proxy that changes registration is found.
#[test]
fn changed_registration_is_found() {
    found(
        &Site::start("protected"),
        &[
            (
                Mistake::NoAuthorization,
                &["authorization"],
                "header_up -Authorization",
            ),
            (Mistake::NoMethods, &["methods"], "limit_except"),
            (Mistake::ShortBodies, &["body"], "client_max_body_size 64k;"),
            (Mistake::OwnLogin, &["login"], "auth_basic off;"),
            (
                Mistake::NoPreflight,
                &["preflight"],
                "$request_method = OPTIONS",
            ),
            (
                Mistake::NoChallenge,
                &["challenge"],
                "proxy_hide_header WWW-Authenticate",
            ),
        ],
    );
}

/// A proxy that changes the Authorization header is found, also at an open provider.
#[test]
fn changed_authorization_is_found() {
    found(
        &Site::start("open"),
        &[(
            Mistake::NoAuthorization,
            &["authorization"],
            "header_up -Authorization",
        )],
    );
}

/// Problems of certificates are found.
#[test]
fn certificate_problems_are_found() {
    found(
        &Site::start("protected"),
        &[
            (Mistake::NoIntermediate, &["chain"], "fullchain.pem"),
            (Mistake::OtherName, &["certificate"], "server_name"),
            (Mistake::EndsSoon, &["expiry"], "nginx -s reload"),
            (Mistake::EndsNow, &["certificate"], "ssl_certificate_key"),
        ],
    );
}

/// A configuration that differs from the served configuration is found.
#[test]
fn other_configuration_is_found() {
    let site = Site::start("protected");
    let (status, lines) = site.check_as("open", "https://elsewhere.example.test/token");
    let told: BTreeSet<&str> = lines
        .iter()
        .filter_map(|line| line["wrong"].as_str())
        .collect();
    assert_eq!(
        (status, told),
        (Some(1), BTreeSet::from(["access", "document"])),
        "{lines:#?}"
    );
    let document = lines
        .iter()
        .find(|line| line["wrong"] == "document")
        .unwrap();
    assert_eq!(
        document["saw"],
        "differs from this configuration in token_endpoint"
    );
}

/// Documents over plain HTTP are a finding; a redirect or a closed port is not.
#[test]
fn plain_http_documents_are_found() {
    let site = Site::start("protected");
    for (plain, names) in [
        (proxy::Plain::Served, vec!["plain-http"]),
        (proxy::Plain::Redirects, vec![]),
        (proxy::Plain::Silent, vec![]),
    ] {
        site.proxy.serve_plain(plain);
        let (_, lines) = site.check(&[]);
        let told: BTreeSet<&str> = lines
            .iter()
            .filter_map(|line| line["wrong"].as_str())
            .collect();
        assert_eq!(told, names.into_iter().collect(), "{plain:?}: {lines:#?}");
    }
}

/// A rewritten Host header is found if several hosts are served.
#[test]
fn rewritten_host_is_found() {
    let site = Site::with_hosts();
    let (status, lines) = site.check(&[]);
    assert_eq!(status, Some(0), "{lines:#?}");
    found(
        &site,
        &[(
            Mistake::HostRewritten,
            &["host"],
            "`proxy_set_header Host $host;`",
        )],
    );
}

/// An unknown host and a closed port are reported, and nothing else is requested there.
#[test]
fn unreachable_host_gets_no_requests() {
    let site = Site::start("protected");
    for (resolve, part) in [
        (
            "login.example.test:443:127.0.0.1:1",
            "is not answered at 127.0.0.1:1",
        ),
        ("other:443:127.0.0.1:1", "cannot be resolved"),
    ] {
        let (status, lines) = site.check_resolving(&[resolve]);
        let findings: Vec<_> = lines
            .iter()
            .filter(|line| line["wrong"] == "unreachable")
            .collect();
        assert!(
            findings[0]["saw"].as_str().unwrap().contains(part),
            "{findings:#?}"
        );
        assert!(
            !lines
                .iter()
                .any(|line| line.get("asked").is_some_and(serde_json::Value::is_string)),
            "{lines:#?}"
        );
        assert_eq!(status, Some(1));
    }
}

/// Flags of `--outside` are refused without it.
#[test]
fn outside_flags_require_outside() {
    let site = Site::start("protected");
    for arguments in [
        ["check", "--ca", "authority.pem"].as_slice(),
        &["check", "--resolve", "login.example.test:443:127.0.0.1"],
        &["check", "--outside", "--resolve", "login.example.test"],
    ] {
        let output = site.server.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

/// The endpoints that the document names are asked once, for all providers that share them, and 400, 401 and 405 are the
/// answers of servers that are alive.
#[test]
fn living_endpoints_are_asked_once() {
    let site = Site::start("protected");
    let (status, lines) = site.check(&[]);
    assert_eq!(status, Some(0), "{lines:#?}");
    assert_eq!(
        site.authorization_server.asked(),
        ["GET /authorize", "GET /token", "GET /userinfo"]
    );
    for status in ["200", "302", "400", "401", "403", "405", "415"] {
        for path in ["/authorize", "/token", "/userinfo"] {
            site.authorization_server.plant(path, Some((status, "")));
        }
        let (exit, lines) = site.check(&[]);
        assert_eq!(exit, Some(0), "{status}: {lines:#?}");
    }
}

/// The authorization hop is asked in place of the endpoint behind it, and must get the query as it was sent.
#[test]
fn hop_is_asked_with_a_query() {
    let site = Site::with_hop();
    let (status, lines) = site.check(&[]);
    assert_eq!(status, Some(0), "{lines:#?}");
    assert_eq!(
        site.authorization_server.asked(),
        ["GET /token", "GET /userinfo"]
    );
    site.proxy.plant(Mistake::QueryDecoded);
    let (status, lines) = site.check(&[]);
    assert_eq!(status, Some(1), "{lines:#?}");
    let saw = "redirects to another address than the one behind with the same query";
    let finding = lines.iter().find(|line| line["saw"] == saw).unwrap();
    assert_eq!(finding["wrong"], "query");
    let at = finding["at"].as_str().unwrap();
    assert!(
        at.starts_with("GET https://login.example.test/authorize?"),
        "{at}"
    );
}

/// An endpoint that is not there, fails or does not answer is a finding that names its member.
#[test]
fn dead_endpoints_are_found() {
    const PLACEHOLDER: &str =
        r#"{"error":"server_error","error_description":"This endpoint is a placeholder."}"#;
    let site = Site::start("protected");
    for member in ["authorization", "token", "userinfo"] {
        let path = if member == "authorization" {
            "/authorize".to_owned()
        } else {
            format!("/{member}")
        };
        for (answer, part) in [
            (Some(("404", "")), "and is answered with 404"),
            (Some(("500", "")), "and is answered with 500"),
            (Some(("502", "")), "and is answered with 502"),
            (
                Some(("501", PLACEHOLDER)),
                "and is answered with 501 (This endpoint is a placeholder)",
            ),
            (None, "and is not answered, since "),
        ] {
            site.authorization_server.plant(&path, answer);
            let (status, lines) = site.check(&[]);
            let findings: Vec<_> = lines
                .iter()
                .filter(|line| line["wrong"].is_string())
                .collect();
            assert_eq!((status, findings.len()), (Some(1), 1), "{lines:#?}");
            assert_eq!(findings[0]["wrong"], "endpoint");
            assert_eq!(
                findings[0]["at"],
                format!("GET https://as.example.test{path}")
            );
            let saw = findings[0]["saw"].as_str().unwrap();
            assert!(
                saw.starts_with(&format!("is the {member}_endpoint {part}")),
                "{saw}"
            );
        }
        site.authorization_server.restore(&path);
    }
    assert!(site.server.clients().is_empty());
}

/// A JWK Set of the authorization server must be returned as one.
#[test]
fn foreign_keys_must_be_a_set() {
    let site = Site::with_foreign_keys();
    let (status, lines) = site.check(&[]);
    assert_eq!(status, Some(0), "{lines:#?}");
    assert_eq!(
        site.authorization_server.asked(),
        ["GET /jwks", "GET /authorize", "GET /token", "GET /userinfo"]
    );
    for (answer, part) in [
        (Some(("404", "")), "is answered with 404"),
        (Some(("401", "")), "is answered with 401"),
        (Some(("503", "")), "is answered with 503"),
        (
            Some(("200", "{}")),
            "is answered with something other than a JWK Set",
        ),
        (None, "is not answered, since "),
    ] {
        site.authorization_server.plant("/jwks", answer);
        let (status, lines) = site.check(&[]);
        let findings: Vec<_> = lines
            .iter()
            .filter(|line| line["wrong"].is_string())
            .collect();
        assert_eq!((status, findings.len()), (Some(1), 1), "{lines:#?}");
        let saw = findings[0]["saw"].as_str().unwrap();
        assert!(
            saw.starts_with(&format!("is the jwks_uri and {part}")),
            "{saw}"
        );
    }
}

/// Placeholders of development mode are a note: the service knows that no user can log in there yet.
#[test]
fn placeholders_are_a_note() {
    let mut server = support::Setup::new()
        .with("FRONTDESK_REGISTRATION", "open")
        .start();
    let listen = format!("localhost:{}", server.port);
    let output = server.run(&["check", "--outside", "--json", "--listen", &listen]);
    let printed = String::from_utf8(output.stdout).unwrap();
    for member in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
    ] {
        let note = format!(
            "the {member} of http://{listen} is a placeholder, and no user can log in there until it is configured"
        );
        assert!(
            printed.contains(&serde_json::json!({ "note": note }).to_string()),
            "{printed}"
        );
    }
    assert_eq!(output.status.code(), Some(0), "{printed}");
    server.signal("-TERM");
    assert!(server.wait().success());
}

/// RFC 6585 §4: 429 at the registration endpoint says that the limit was reached, and that the check is to be repeated.
#[test]
fn limit_of_registrations_is_named() {
    let site = Site::limited("open", "1");
    let (status, lines) = site.check(&[]);
    let findings: Vec<_> = lines
        .iter()
        .filter(|line| line.get("wrong").is_some_and(serde_json::Value::is_string))
        .collect();
    assert_eq!(
        (status, findings.len(), &findings[0]["wrong"]),
        (Some(1), 1, &"limit".into()),
        "{lines:#?}"
    );
    assert_eq!(
        findings[0]["saw"],
        "is answered with 429, since the limit of registrations was reached"
    );
    let fix = "repeat the check in a minute, when the limit allows registrations again";
    assert!(findings[0].to_string().contains(fix), "{findings:#?}");
    assert!(site.server.clients().is_empty());
}
