//! Documents that programs publish. The files have the members that were seen in the month of their name.

use serde_json::{Value, json};

use super::support::{Bench, fixture};

/// The verdicts for the three offers, and the facts that hold for all of them.
struct Published {
    file: &'static str,
    /// The method by offer, or the member that is refused.
    methods: [Result<&'static str, &'static str>; 3],
    kind: &'static str,
    consistent: bool,
    /// The members, and values of members, that are left out.
    left_out: &'static [(&'static str, &'static [&'static str])],
}

const NONE: [Result<&str, &str>; 3] = [Ok("none"), Ok("none"), Ok("none")];

const PUBLISHED: [Published; 8] = [
    Published {
        file: "claude.ai-mcp.2026-09.json",
        methods: NONE,
        kind: "web",
        consistent: true,
        left_out: &[(
            "grant_types",
            &["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        )],
    },
    Published {
        file: "claude.ai-claude-code.2026-09.json",
        methods: NONE,
        kind: "native",
        consistent: false,
        left_out: &[],
    },
    Published {
        file: "vscode.dev.2026-09.json",
        methods: NONE,
        kind: "native",
        consistent: false,
        left_out: &[(
            "grant_types",
            &["urn:ietf:params:oauth:grant-type:device_code"],
        )],
    },
    Published {
        file: "chatgpt.com.2026-09.json",
        methods: [Ok("private_key_jwt"), Ok("none"), Ok("none")],
        kind: "web",
        consistent: false,
        left_out: &[],
    },
    Published {
        file: "chatgpt.com-connector.2026-09.json",
        methods: [
            Ok("private_key_jwt"),
            Err("token_endpoint_auth_method"),
            Err("token_endpoint_auth_method"),
        ],
        kind: "web",
        consistent: false,
        left_out: &[],
    },
    Published {
        file: "zed.dev.2026-09.json",
        methods: NONE,
        kind: "native",
        consistent: false,
        left_out: &[],
    },
    Published {
        file: "goose-docs.ai.2026-09.json",
        methods: NONE,
        kind: "native",
        consistent: false,
        left_out: &[("code_challenge_methods_supported", &[])],
    },
    Published {
        file: "opencode.ai.2026-09.json",
        methods: NONE,
        kind: "native",
        consistent: false,
        left_out: &[],
    },
];

/// The default offer; the same with `none` as the only method; and one of a server without key methods that has the code flow alone.
fn offers() -> [Bench; 3] {
    [
        Bench::new(),
        Bench::offering(&json!({ "token_endpoint_auth_methods_supported": ["none"] })),
        Bench::offering(&json!({
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "response_types_supported": ["code"],
        })),
    ]
}

/// The documents of real programs are judged as their authors expect, with the methods of each offer.
/// CIMD §4, §6.
#[test]
fn cimd_4_published_documents_are_judged() {
    let offers = offers();
    for published in &PUBLISHED {
        let file = published.file;
        let body = fixture(file);
        assert!(body.len() <= 5120, "{file}");
        let document: Value = serde_json::from_slice(&body).unwrap();
        let id = document["client_id"].as_str().unwrap();
        for (offer, method) in offers.iter().zip(published.methods) {
            let judged = match (offer.judge_bytes(id, &body), method) {
                (Ok(judged), Ok(_)) => judged,
                (Err(rejected), Err(member)) => {
                    assert_eq!(rejected.member(), Some(member), "{file}");
                    continue;
                }
                (judged, _) => panic!("{file}: {judged:?}"),
            };
            let agreed: Value = serde_json::from_str(judged.metadata.json()).unwrap();
            assert_eq!(
                agreed["token_endpoint_auth_method"],
                method.unwrap(),
                "{file}"
            );
            assert_eq!(agreed["application_type"], published.kind, "{file}");
            assert_eq!(judged.is_consistent, published.consistent, "{file}");
            assert_eq!(agreed["redirect_uris"], document["redirect_uris"], "{file}");
            assert_eq!(agreed["client_name"], document["client_name"], "{file}");
            assert_eq!(
                agreed["grant_types"],
                json!(["authorization_code", "refresh_token"]),
                "{file}"
            );
            assert_eq!(agreed["response_types"], json!(["code"]), "{file}");
            assert_eq!(agreed.get("client_id"), None, "{file}");
            let mut left_out: Vec<(&str, Vec<&str>)> = judged
                .left_out
                .iter()
                .map(|left| {
                    (
                        &*left.member,
                        left.values.iter().map(String::as_str).collect(),
                    )
                })
                .collect();
            left_out.retain(|(member, _)| !member.starts_with("token_endpoint_auth_"));
            let expected: Vec<(&str, Vec<&str>)> = published
                .left_out
                .iter()
                .map(|(member, values)| (*member, values.to_vec()))
                .collect();
            assert_eq!(left_out, expected, "{file}");
        }
    }
}

/// A client that supports two methods keeps both where both are offered, and `none` alone elsewhere.
/// CIMD §6.
#[test]
fn cimd_6_offered_methods_of_a_document_are_kept() {
    let body = fixture("chatgpt.com.2026-09.json");
    let kept = [
        json!(["none", "private_key_jwt"]),
        json!(["none"]),
        json!(["none"]),
    ];
    for (offer, kept) in offers().iter().zip(kept) {
        let judged = offer
            .judge_bytes("https://chatgpt.com/oauth/client.json", &body)
            .unwrap();
        let agreed: Value = serde_json::from_str(judged.metadata.json()).unwrap();
        assert_eq!(agreed["token_endpoint_auth_methods_supported"], kept);
    }
}

/// A document with another name is another client, even on the same host. CIMD §4.
#[test]
fn cimd_4_document_of_another_url_is_refused() {
    let body = fixture("claude.ai-mcp.2026-09.json");
    let rejected = Bench::new()
        .judge_bytes("https://claude.ai/oauth/claude-code-client-metadata", &body)
        .unwrap_err();
    assert_eq!(rejected.member(), Some("client_id"));
    assert!(!rejected.is_about_content());
}

/// Advice for authors names the members that surprise. The Model Context Protocol demands a name and redirect URIs.
#[test]
fn advice_names_the_members_that_surprise() {
    let advice = |file: &str| {
        let body = fixture(file);
        let document: Value = serde_json::from_slice(&body).unwrap();
        let judged = Bench::new().judge_bytes(document["client_id"].as_str().unwrap(), &body);
        judged.unwrap().warnings
    };
    assert_eq!(advice("claude.ai-mcp.2026-09.json"), Vec::<String>::new());
    let begins = |advice: Vec<String>| -> Vec<String> {
        advice
            .iter()
            .map(|one| one.split([' ', ',']).next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        begins(advice("claude.ai-claude-code.2026-09.json")),
        ["application_type", "redirect_uris", "client_uri"]
    );
    assert_eq!(
        begins(advice("chatgpt.com.2026-09.json")),
        ["client_uri", "jwks_uri"]
    );
    let judged = Bench::new().judge(&json!({})).unwrap();
    assert_eq!(
        begins(judged.warnings),
        ["client_name", "token_endpoint_auth_method"]
    );
}
