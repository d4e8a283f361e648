//! Documents that are refused: each refusal names its step and its member, and never a value.

use admission::{DocumentRedirects, DocumentStep};
use protocol::token_terms::RedirectHostPattern;
use serde_json::{Value, json};

use super::support::{Bench, ID, document};
use crate::provider::JWKS;

fn keys() -> Value {
    serde_json::from_str(JWKS).unwrap()
}

/// A document is one strict JSON object; a text with two meanings is refused. CIMD §4.
#[test]
fn cimd_4_json_is_strict() {
    let twice = format!(r#"{{"client_id":"{ID}","client_id":"https://evil.example/c"}}"#);
    let escaped = format!(r#"{{"client_id":"{ID}","client\u005fid":"https://evil.example/c"}}"#);
    let inside = format!(r#"{{"client_id":"{ID}","jwks":{{"keys":[],"keys":[]}}}}"#);
    let deep = format!(
        r#"{{"client_id":"{ID}","x":{}{}}}"#,
        "[".repeat(40),
        "]".repeat(40)
    );
    let nul = format!(r#"{{"client_id":"{ID}","client_name":"\u0000"}}"#);
    let marked = format!("\u{feff}{}", document(&json!({})));
    let after = format!("{}x", document(&json!({})));
    for (body, said) in [
        (
            twice.as_bytes(),
            "The document has a duplicate member at line 1, ",
        ),
        (
            escaped.as_bytes(),
            "The document has a duplicate member at line 1, ",
        ),
        (
            inside.as_bytes(),
            "The document has a duplicate member at line 1, ",
        ),
        (
            deep.as_bytes(),
            "The document is nested too deeply at line 1, ",
        ),
        (
            nul.as_bytes(),
            "The document has the character U+0000 at line 1, ",
        ),
        (
            marked.as_bytes(),
            "The document must be a JSON object; it is not JSON at line 1, ",
        ),
        (
            after.as_bytes(),
            "The document must be a JSON object; it is not JSON at line 1, ",
        ),
        (b"[]", "The document must be a JSON object."),
        (
            b"",
            "The document must be a JSON object; it is not JSON at line 1, ",
        ),
        (
            b"<html>",
            "The document must be a JSON object; it is not JSON at line 1, ",
        ),
        (b"{\"a\":\"\xff\"}", "The document must be UTF-8."),
    ] {
        let rejected = Bench::new().judge_bytes(ID, body).unwrap_err();
        assert_eq!(
            (rejected.step, rejected.member()),
            (DocumentStep::Json, None)
        );
        assert!(
            rejected.message().starts_with(said),
            "{}",
            rejected.message()
        );
        assert!(!rejected.is_about_content());
    }
}

/// `client_id` is a string that equals the URL as text. CIMD §4.
#[test]
fn cimd_4_client_id_equals_the_url() {
    let differs = "client_id must equal the URL of the document, character for character.";
    for (own, said) in [
        (
            json!(null),
            "client_id is required, and must equal the URL of the document.",
        ),
        (
            json!(1),
            "client_id must be a string that equals the URL of the document.",
        ),
        (
            json!([ID]),
            "client_id must be a string that equals the URL of the document.",
        ),
        (json!(""), differs),
        (json!("https://app.example/oauth/client.jsoN"), differs),
        (json!("https://App.example/oauth/client.json"), differs),
        (json!("https://app.example:443/oauth/client.json"), differs),
        (json!("https://app.example/oauth/client.json/"), differs),
        (json!("https://app.example/oauth/client%2Ejson"), differs),
        (json!(" https://app.example/oauth/client.json"), differs),
    ] {
        let rejected = Bench::new().refuse(&json!({ "client_id": own }));
        assert_eq!(rejected.step, DocumentStep::ClientId, "{own}");
        assert_eq!(
            (rejected.member(), rejected.message()),
            (Some("client_id"), said.to_owned())
        );
        assert!(!rejected.is_about_content());
    }
}

/// A secret in a document, or its expiry, is refused with any value but null. CIMD §4.1.
#[test]
fn cimd_4_1_secret_members_are_refused() {
    for member in ["client_secret", "client_secret_expires_at"] {
        for value in [
            json!("hush"),
            json!(""),
            json!(0),
            json!(false),
            json!({}),
            json!([]),
        ] {
            let rejected = Bench::new().refuse(&json!({ member: value }));
            assert_eq!(
                (rejected.step, rejected.member()),
                (DocumentStep::ForbiddenMembers, Some(member))
            );
            assert_eq!(
                rejected.message(),
                format!("{member} must not be in a document that anyone can read.")
            );
            assert!(rejected.is_about_content());
        }
        let mut body = document(&json!({}));
        body[member] = Value::Null;
        assert!(
            Bench::new()
                .judge_bytes(ID, body.to_string().as_bytes())
                .is_ok(),
            "{member} is null"
        );
    }
}

/// Each method that uses a shared secret is refused, and the member is named. CIMD §4.1.
#[test]
fn cimd_4_1_secret_methods_of_documents_are_refused() {
    for method in [
        "client_secret_basic",
        "client_secret_post",
        "client_secret_jwt",
    ] {
        for member in [
            "token_endpoint_auth_method",
            "token_endpoint_auth_methods_supported",
        ] {
            let value = match member {
                "token_endpoint_auth_method" => json!(method),
                _ => json!([method]),
            };
            let rejected = Bench::new().refuse(&json!({ member: value }));
            assert_eq!(
                (rejected.step, rejected.member()),
                (DocumentStep::Policy, Some(member))
            );
            assert!(
                rejected.message().contains("must not use a shared secret"),
                "{}",
                rejected.message()
            );
        }
    }
}

/// A symmetric key, and each private member of a key, is refused. CIMD §4.1.
#[test]
fn cimd_4_1_private_keys_are_refused() {
    let symmetric = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] });
    let rejected = Bench::new().refuse(&json!({ "jwks": symmetric }));
    assert_eq!(
        rejected.message(),
        "jwks has a symmetric key; only public keys may be registered."
    );
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
        let mut jwks = keys();
        jwks["keys"][0][private] = json!("AQAB");
        let rejected = Bench::new().refuse(&json!({ "jwks": jwks }));
        assert_eq!(
            (rejected.step, rejected.member()),
            (DocumentStep::Members, Some("jwks")),
            "{private}"
        );
        assert_eq!(
            rejected.message(),
            "jwks has a private key; only public keys may be registered."
        );
    }
}

/// `private_key_jwt` needs keys, and a key that fits the algorithm.
#[test]
fn keys_that_do_not_fit_are_refused() {
    let bench = Bench::new();
    let rejected = bench.refuse(&json!({ "token_endpoint_auth_method": "private_key_jwt" }));
    assert_eq!(
        (rejected.step, rejected.message()),
        (
            DocumentStep::Policy,
            "token_endpoint_auth_method requires jwks or jwks_uri.".to_owned()
        )
    );
    let wrong = json!({ "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "RS256", "jwks": keys() });
    let rejected = bench.refuse(&wrong);
    assert_eq!(
        (rejected.step, rejected.member()),
        (DocumentStep::Keys, Some("jwks"))
    );
    let agreed =
        bench.agree(&json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": keys() }));
    assert_eq!(agreed["jwks"], keys());
    let agreed = bench.agree(&json!({ "token_endpoint_auth_method": "none", "jwks": keys() }));
    assert_eq!(agreed["token_endpoint_auth_method"], "none");
}

/// Members that a provider issues are ignored, as unknown ones are, and the author is told.
#[test]
fn issued_and_unknown_members_are_ignored() {
    let more = json!({
        "registration_access_token": "rat_x", "registration_client_uri": "https://op.example/register/x",
        "client_id_issued_at": 1, "policy": {}, "client_name#en": "A", "client_name": "B", "scope#en": "openid",
    });
    let judged = Bench::new().judge(&more).unwrap();
    let left_out: Vec<(&str, &str)> = judged
        .left_out
        .iter()
        .map(|left| (&*left.member, left.reason))
        .collect();
    assert_eq!(
        left_out,
        [
            (
                "registration_access_token",
                "is issued by a provider and ignored in a document"
            ),
            (
                "registration_client_uri",
                "is issued by a provider and ignored in a document"
            ),
            (
                "client_id_issued_at",
                "is issued by a provider and ignored in a document"
            ),
            ("policy", "is not a member of client metadata"),
            ("scope#en", "is not a member of client metadata"),
        ]
    );
    let agreed: Value = serde_json::from_str(judged.metadata.json()).unwrap();
    for member in [
        "registration_access_token",
        "registration_client_uri",
        "client_id_issued_at",
        "policy",
        "scope#en",
        "client_id",
    ] {
        assert_eq!(agreed.get(member), None, "{member}");
    }
    assert_eq!(agreed["client_name#en"], "A");
}

const OTHER: &str =
    "must be on the host of the client_id, or on a host in the provider's document_hosts";

/// https URLs of each member are on the document's host, with any port, or on loopback. http is on loopback only.
/// CIMD §8.1.
#[test]
fn cimd_8_1_urls_are_on_the_documents_host() {
    let bench = Bench::offering(&json!({
        "end_session_endpoint": "https://op.example/end", "request_uri_parameter_supported": true,
        "frontchannel_logout_supported": true, "backchannel_logout_supported": true,
    }));
    for member in [
        "redirect_uris",
        "claims_redirect_uris",
        "post_logout_redirect_uris",
        "request_uris",
    ] {
        for allowed in [
            "https://app.example/x",
            "https://app.example:8443/x",
            "https://APP.example/x",
        ] {
            let agreed = bench.agree(&json!({ member: [allowed] }));
            assert_eq!(agreed[member], json!([allowed]), "{member}");
        }
        for other in [
            "https://evil.example/x",
            "https://sub.app.example/x",
            "https://app.example.evil.example/x",
            "https://127.0.0.2.evil.example/x",
        ] {
            let rejected = bench.refuse(&json!({ member: ["https://app.example/x", other] }));
            assert_eq!(
                (rejected.step, rejected.member()),
                (DocumentStep::Redirects, Some(member)),
                "{other}"
            );
            assert_eq!(rejected.message(), format!("{member} {OTHER}."));
        }
    }
    for member in [
        "frontchannel_logout_uri",
        "backchannel_logout_uri",
        "initiate_login_uri",
        "jwks_uri",
    ] {
        assert_eq!(
            bench.agree(&json!({ member: "https://app.example/x" }))[member],
            "https://app.example/x"
        );
        let rejected = bench.refuse(&json!({ member: "https://evil.example/x" }));
        // The policy has a rule of its own about front-channel logout: the origin of a redirect URI.
        let step = match member {
            "frontchannel_logout_uri" => DocumentStep::Policy,
            _ => DocumentStep::Redirects,
        };
        assert_eq!((rejected.step, rejected.member()), (step, Some(member)));
    }
    for free in ["client_uri", "logo_uri", "tos_uri", "policy_uri"] {
        assert_eq!(
            bench.agree(&json!({ free: "https://cdn.example/x" }))[free],
            "https://cdn.example/x"
        );
    }
}

/// A URL with a fragment, a query or user information cannot hide its host.
#[test]
fn hosts_are_compared_as_they_are_parsed() {
    let bench = Bench::offering(&json!({ "request_uri_parameter_supported": true }));
    for uri in [
        "https://evil.example/app.example",
        "https://evil.example?https://app.example/",
        "https://evil.example:443/",
        "https://evil.example./",
        "https://xn--pp-fka.example/",
    ] {
        let rejected = bench.refuse(&json!({ "redirect_uris": [uri] }));
        assert_eq!(rejected.member(), Some("redirect_uris"), "{uri}");
    }
    for uri in [
        "https://app.example@evil.example/",
        "https://evil.example\\@app.example/",
        "//app.example/",
        "regexp=https://app.example/(a|b)",
    ] {
        let rejected = bench.refuse(&json!({ "redirect_uris": [uri] }));
        assert_eq!(
            (rejected.step, rejected.member()),
            (DocumentStep::Members, Some("redirect_uris")),
            "{uri}"
        );
    }
    let rejected = bench.refuse(&json!({ "request_uris": ["https://evil.example/r#app.example"] }));
    assert_eq!(rejected.message(), format!("request_uris {OTHER}."));
    let agreed = bench.agree(&json!({ "request_uris": ["https://app.example/r#hash"] }));
    assert_eq!(
        agreed["request_uris"],
        json!(["https://app.example/r#hash"])
    );
}

/// Loopback is never restricted; other http is refused; private-use schemes are the provider's.
#[test]
fn loopback_and_private_use_schemes_are_allowed() {
    let mut bench = Bench::new();
    for uri in [
        "http://127.0.0.1/cb",
        "http://localhost:8080/cb",
        "http://[::1]/cb",
        "http://app.localhost/cb",
        "https://localhost/cb",
        "com.example.app:/cb",
    ] {
        assert_eq!(
            bench.agree(&json!({ "redirect_uris": [uri] }))["redirect_uris"],
            json!([uri])
        );
    }
    for uri in [
        "http://app.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://10.0.0.1/cb",
    ] {
        assert_eq!(
            bench.refuse(&json!({ "redirect_uris": [uri] })).member(),
            Some("redirect_uris"),
            "{uri}"
        );
    }
    assert_eq!(
        bench
            .refuse(&json!({ "redirect_uris": ["myapp:/cb"] }))
            .member(),
        Some("redirect_uris")
    );
    bench.policy.native_schemes = vec!["myapp".to_owned()];
    assert_eq!(
        bench.agree(&json!({ "redirect_uris": ["myapp:/cb"] }))["application_type"],
        "native"
    );
}

/// The operator lists further hosts, with or without the hosts below them, or lifts the rule for https.
#[test]
fn operator_lists_hosts_or_lifts_the_rule() {
    let mut bench = Bench::offering(&json!({ "backchannel_logout_supported": true }));
    bench.hosts = ["login.example", "*.apps.example"]
        .map(|text| RedirectHostPattern::parse(text).unwrap())
        .to_vec();
    for uri in [
        "https://login.example/cb",
        "https://a.apps.example:8443/cb",
        "https://a.b.apps.example/cb",
    ] {
        let judged = bench.judge(&json!({ "redirect_uris": [uri] })).unwrap();
        assert!(
            judged
                .warnings
                .iter()
                .any(|advice| advice.starts_with("redirect_uris has another host")),
            "{uri}"
        );
    }
    for uri in [
        "https://apps.example/cb",
        "https://a.login.example/cb",
        "https://badapps.example/cb",
    ] {
        assert_eq!(
            bench.refuse(&json!({ "redirect_uris": [uri] })).step,
            DocumentStep::Redirects,
            "{uri}"
        );
    }
    bench.redirects = DocumentRedirects::Any;
    assert!(
        bench
            .judge(&json!({ "redirect_uris": ["https://evil.example/cb"] }))
            .is_ok()
    );
    let plain = json!({ "backchannel_logout_uri": "http://app.example/out", "token_endpoint_auth_method": "private_key_jwt", "jwks": keys() });
    assert_eq!(
        bench.refuse(&plain).message(),
        "backchannel_logout_uri must use https, except on loopback."
    );
}

/// Nothing but the document is fetched for a decision, so a sector document is refused, and pairwise subjects need a single host.
/// CIMD §8.6.
#[test]
fn cimd_8_6_sector_documents_are_refused() {
    let bench = Bench::new();
    let rejected =
        bench.refuse(&json!({ "sector_identifier_uri": "https://app.example/sector.json" }));
    assert_eq!(
        (rejected.step, rejected.member()),
        (DocumentStep::Members, Some("sector_identifier_uri"))
    );
    let mut bench = bench;
    bench.redirects = DocumentRedirects::Any;
    let hosts = json!(["https://app.example/cb", "https://b.example/cb"]);
    let rejected = bench.refuse(&json!({ "subject_type": "pairwise", "redirect_uris": hosts }));
    assert_eq!(rejected.member(), Some("subject_type"));
    assert!(bench.judge(&json!({ "subject_type": "pairwise" })).is_ok());
}

/// A URL in a document that a server would fetch must be public. CIMD §8.6.
#[test]
fn cimd_8_6_private_addresses_are_refused() {
    let mut bench = Bench::offering(&json!({ "backchannel_logout_supported": true }));
    bench.redirects = DocumentRedirects::Any;
    for (member, uri) in [
        ("jwks_uri", "https://127.0.0.1/jwks"),
        ("jwks_uri", "https://10.0.0.1/jwks"),
        ("jwks_uri", "https://[::ffff:127.0.0.1]/jwks"),
        ("jwks_uri", "https://localhost/jwks"),
        ("logo_uri", "https://169.254.169.254/logo"),
        ("backchannel_logout_uri", "https://192.168.0.1/out"),
    ] {
        let rejected = bench.refuse(&json!({ member: uri }));
        assert_eq!(
            (rejected.step, rejected.member()),
            (DocumentStep::Members, Some(member)),
            "{uri}"
        );
        assert!(!rejected.message().contains(uri));
    }
}

/// The rules of registration apply to documents as well: the form of members, and flows that the provider does not have.
#[test]
fn registration_rules_apply_to_documents() {
    let bench = Bench::new();
    for (more, member) in [
        (json!({ "redirect_uris": [] }), "redirect_uris"),
        (json!({ "redirect_uris": null }), "redirect_uris"),
        (
            json!({ "redirect_uris": "https://app.example/cb" }),
            "redirect_uris",
        ),
        (
            json!({ "redirect_uris": ["https://app.example/cb#f"] }),
            "redirect_uris",
        ),
        (json!({ "grant_types": ["urn:x:other"] }), "grant_types"),
        (
            json!({ "grant_types": ["client_credentials"], "redirect_uris": null }),
            "token_endpoint_auth_method",
        ),
        (json!({ "client_name": "a\u{202e}b" }), "client_name"),
        (
            json!({ "jwks": keys(), "jwks_uri": "https://app.example/jwks" }),
            "jwks",
        ),
    ] {
        let rejected = bench.refuse(&more);
        assert_eq!(
            rejected.member(),
            Some(member),
            "{more}: {}",
            rejected.message()
        );
        assert!(rejected.is_about_content());
    }
}
