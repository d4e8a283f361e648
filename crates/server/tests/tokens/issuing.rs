//! Issuing and listing.

use serde_json::{Value, json};

use crate::support::Setup;
use crate::{fixed, issue, refused, register, tokens, web};

/// RFC 7591 §1.2: the terms of a token are fixed when it is issued.
#[test]
fn token_is_listed_with_its_terms() {
    let server = fixed().start();
    server.account("alice", "registrar");
    let metadata = r#"{"client_name":"Ours","client_name#ja":"私たちの"}"#;
    let token = issue(
        &server,
        &[
            "--uses",
            "3",
            "--expires-in",
            "7d",
            "--label",
            "for the wiki",
            "--owner",
            "alice",
            "--provider",
            "http://localhost:9443",
            "--scope",
            "openid profile",
            "--scope",
            "openid email",
            "--grant-type",
            "authorization_code",
            "--grant-type",
            "refresh_token",
            "--redirect-host",
            "RP.example",
            "--redirect-host",
            "localhost",
            "--metadata",
            metadata,
        ],
    );
    let listed = tokens(&server);
    assert_eq!(
        listed[0],
        json!({
            "id": listed[0]["id"].as_str().unwrap(),
            "label": "for the wiki",
            "uses_left": 3,
            "issued_at": listed[0]["issued_at"].as_i64().unwrap(),
            "expires_at": listed[0]["expires_at"].as_i64().unwrap(),
            "expired": false,
            "owner": "alice",
            "provider": "http://localhost:9443",
            "terms": {
                "scopes": ["openid", "profile", "email"],
                "grant_types": ["authorization_code", "refresh_token"],
                "redirect_hosts": ["rp.example", "localhost"],
                "metadata": { "client_name": "Ours", "client_name#ja": "私たちの" },
            },
        })
    );
    let plain = json!({ "label": null, "uses_left": null, "expires_at": null, "expired": false, "owner": null, "provider": null, "terms": null });
    issue(&server, &[]);
    let other = tokens(&server)
        .into_iter()
        .find(|token| token["label"].is_null())
        .unwrap();
    for (member, value) in plain.as_object().unwrap() {
        assert_eq!(&other[member], value, "{member}");
    }

    let table = server.ran(&["token", "list"]);
    let row = table
        .lines()
        .find(|line| line.ends_with("\"for the wiki\""))
        .unwrap();
    let terms = "scopes: openid profile email; grant_types: authorization_code refresh_token; redirect_hosts: rp.example localhost; \
                 metadata: client_name client_name#ja";
    for cell in ["alice", "http://localhost:9443", terms] {
        assert!(row.contains(&format!("  {cell}  ")), "{row}");
    }
    assert!(
        !table.contains(&token) && !server.ran(&["token", "list", "--json"]).contains(&token),
        "{table}"
    );

    let client = register(&server, &token, &web(&json!({}))).created();
    assert!(tokens(&server).iter().any(|token| token["uses_left"] == 2));
    let shown: Value = serde_json::from_str(&server.ran(&[
        "client",
        "show",
        client["client_id"].as_str().unwrap(),
    ]))
    .unwrap();
    assert_eq!(
        (&shown["owner"], &shown["terms"]),
        (&json!("alice"), &listed[0]["terms"])
    );
}

/// RFC 7591 §3: a token that its provider could not accept is not issued, and the error gives the
/// reason.
#[test]
fn unusable_token_is_not_issued() {
    let server = fixed().start();
    let document = "of http://localhost:9443 does not offer";
    let host = "must be a host name or an IP address, without a port";
    for (flags, sentence) in [
        (
            &["--provider", "https://other.example"][..],
            "--provider must be the issuer of a provider that is configured (http://localhost:9443), not \"https://other.example\""
                .to_owned(),
        ),
        (&["--owner", "bob"], "--owner must be the name of an account, and there is no account bob".to_owned()),
        (&["--scope", ""], "--scope must name a scope".to_owned()),
        (&["--scope", "openid \"x\""], "--scope must be a word of printable ASCII characters, not \"\\\"x\\\"\"".to_owned()),
        (&["--scope", "openid admin"], format!("--scope has \"admin\", which scopes_supported {document}")),
        (&["--grant-type", "two words"], "--grant-type must be a word of printable ASCII characters, not \"two words\"".to_owned()),
        (&["--grant-type", "urn:x:own"], format!("--grant-type has \"urn:x:own\", which grant_types_supported {document}")),
        (&["--redirect-host", "https://rp.example"], format!("--redirect-host {host}, not \"https://rp.example\"")),
        (&["--redirect-host", "rp.example:443"], format!("--redirect-host {host}, not \"rp.example:443\"")),
        (&["--redirect-host", ""], format!("--redirect-host {host}, not \"\"")),
        (&["--metadata", "client_name=Ours"], "--metadata must be a JSON object; it is not JSON at line 1, column 1".to_owned()),
        (&["--metadata", "[]"], "--metadata must be a JSON object".to_owned()),
        (&["--metadata", "{}"], "--metadata must have at least one member".to_owned()),
        (&["--metadata", r#"{"scope":"a","scope":"b"}"#], "--metadata has a duplicate member at line 1, column 20".to_owned()),
        (&["--metadata", r#"{"client_id":"x"}"#], "--metadata must not have client_id, which cannot be imposed".to_owned()),
        (&["--metadata", r#"{"colour":"teal"}"#], "--metadata must not have colour, which is not a member of client metadata".to_owned()),
        (&["--metadata", r#"{"client_name":null}"#], "--metadata must have a value for client_name".to_owned()),
        (&["--metadata", r#"{"redirect_uris":"x"}"#], "--metadata is not client metadata: redirect_uris must be an array".to_owned()),
        (
            &["--metadata", r#"{"id_token_signed_response_alg":"none"}"#],
            format!("--metadata has id_token_signed_response_alg \"none\", which id_token_signing_alg_values_supported {document}"),
        ),
        (
            &["--scope", "openid", "--metadata", r#"{"scope":"openid email"}"#],
            "--metadata has scope \"email\", which is not among the scopes allowed".to_owned(),
        ),
        (
            &["--redirect-host", "rp.example", "--metadata", r#"{"redirect_uris":["https://other.example/"]}"#],
            "--metadata has redirect_uris \"https://other.example/\", whose host is not among the redirect_hosts allowed".to_owned(),
        ),
    ] {
        assert_eq!(refused(&server, &[&["token", "issue"], flags].concat()), sentence, "{flags:?}");
    }
    assert!(tokens(&server).is_empty());
}

/// RFC 7591 §3: a token belongs to its provider; every other provider refuses it as unknown.
#[test]
fn token_is_unknown_at_other_providers() {
    let file = "[[provider]]\nissuer = \"http://localhost:9443\"\n[provider.metadata]\nscopes_supported = [\"openid\", \"invoices\"]\n\
                [[provider]]\nissuer = \"http://localhost:9443/t/acme\"\n";
    let server = Setup::new().file(file).start();
    let acme = "http://localhost:9443/t/acme";
    let sentence = "--provider must be the issuer of a provider that is configured (http://localhost:9443, http://localhost:9443/t/acme), \
                    not \"http://localhost:9443/t/other\"";
    assert_eq!(
        refused(
            &server,
            &[
                "token",
                "issue",
                "--provider",
                "http://localhost:9443/t/other"
            ]
        ),
        sentence
    );
    let bound = issue(&server, &["--uses", "1", "--provider", acme]);
    for door in ["/register", "/identity/register"] {
        let answer = server
            .request("POST", door)
            .bearer(&bound)
            .json(&web(&json!({})))
            .send();
        answer.refused(401, "invalid_token");
        assert_eq!(
            answer.headers("www-authenticate"),
            [r#"Bearer realm="client registration", error="invalid_token""#]
        );
    }
    assert!(server.clients().is_empty());
    assert_eq!(tokens(&server)[0]["uses_left"], 1);
    let client = server
        .request("POST", "/t/acme/register")
        .bearer(&bound)
        .json(&web(&json!({})))
        .send()
        .created();
    assert_eq!(
        client["registration_client_uri"],
        format!("{acme}/register/{}", client["client_id"].as_str().unwrap())
    );
    let free = issue(&server, &[]);
    for path in ["/register", "/t/acme/register"] {
        server
            .request("POST", path)
            .bearer(&free)
            .json(&web(&json!({})))
            .send()
            .created();
    }

    let refusal =
        format!("--scope has \"invoices\", which scopes_supported of {acme} does not offer");
    assert_eq!(
        refused(&server, &["token", "issue", "--scope", "invoices"]),
        refusal,
        "it is for every provider"
    );
    let invoices = issue(
        &server,
        &["--scope", "invoices", "--provider", "http://localhost:9443"],
    );
    assert_eq!(
        register(&server, &invoices, &web(&json!({}))).created()["scope"],
        "invoices"
    );
}

/// The issuer of development mode ends in a port that only the running service knows.
#[test]
fn unknown_issuer_is_refused() {
    let server = Setup::new().start();
    let issuer = server.issuer();
    let unknown = "listen (FRONTDESK_LISTEN) is localhost:0, so the issuer is not known here; name the port that is served";
    assert_eq!(
        refused(&server, &["token", "issue", "--provider", &issuer]),
        unknown
    );
    let listen = format!("--listen=localhost:{}", server.port);
    let token = issue(&server, &["--provider", &issuer, &listen]);
    register(&server, &token, &web(&json!({}))).created();
}
