//! The terms of an initial access token: how they are written, and what they do to what a client asks for.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod support;

use protocol::token_terms::{RedirectHost, RedirectHostPattern};
use protocol::{ClientMetadata, TokenTerms};
use serde_json::{Value, json};
use support::{STANDARD, agree, object, provider};

fn terms(members: &Value) -> TokenTerms {
    TokenTerms::from_json(&members.to_string()).expect("terms")
}

/// The metadata that a client of a token with these terms gets from a provider with the default offer.
fn within(members: &Value, asked: &Value) -> Result<Value, String> {
    let asked = ClientMetadata::parse(object(asked)).map_err(|invalid| invalid.to_string())?;
    let agreed = terms(members)
        .admit(&provider(&json!({})), asked, &STANDARD)
        .map_err(|invalid| invalid.to_string())?;
    Ok(serde_json::from_str(agreed.json()).expect("JSON"))
}

fn refused(members: &Value, asked: &Value) -> String {
    within(members, asked).expect_err(&asked.to_string())
}

fn web(more: &Value) -> Value {
    let mut asked = object(&json!({ "redirect_uris": ["https://rp.example/cb"] }));
    asked.extend(object(more));
    Value::Object(asked)
}

#[test]
fn terms_are_read_as_they_are_written() {
    for members in [
        json!({}),
        json!({ "scopes": ["openid", "profile"] }),
        json!({
            "scopes": ["openid"], "grant_types": ["authorization_code", "urn:x:own"], "redirect_hosts": ["rp.example", "[::1]", "127.0.0.1"],
            "https_hosts": ["claude.ai", "*.example.com"],
            "metadata": { "client_name": "N", "client_name#ja": "名", "default_max_age": 60, "contacts": [] },
        }),
    ] {
        let read = terms(&members);
        assert_eq!(
            serde_json::from_str::<Value>(&read.json()).expect("JSON"),
            members
        );
        assert_eq!(TokenTerms::from_json(&read.json()), Ok(read));
    }
}

/// Empty terms change nothing.
#[test]
fn empty_terms_change_nothing() {
    assert_eq!(terms(&json!({})), TokenTerms::default());
    let asked = web(
        &json!({ "scope": "openid email", "grant_types": ["authorization_code", "refresh_token"], "client_name": "N" }),
    );
    let text = within(&json!({}), &asked).map(|agreed| agreed.to_string());
    assert_eq!(
        text,
        agree(&provider(&json!({})), &STANDARD, &asked).map_err(|invalid| invalid.to_string())
    );
}

/// Invalid terms are refused with the name of the member.
#[test]
fn invalid_terms_are_refused_by_name() {
    for (members, refusal) in [
        (
            json!({ "scope": "openid" }),
            "scope is not a term of an initial access token",
        ),
        (json!({ "scopes": "openid" }), "scopes must be an array"),
        (
            json!({ "scopes": [] }),
            "scopes must have at least one element",
        ),
        (
            json!({ "grant_types": [] }),
            "grant_types must have at least one element",
        ),
        (
            json!({ "redirect_hosts": [] }),
            "redirect_hosts must have at least one element",
        ),
        (
            json!({ "scopes": ["two words"] }),
            "scopes has an element that must be a word of printable ASCII characters",
        ),
        (
            json!({ "redirect_hosts": ["https://rp.example"] }),
            "redirect_hosts has an element that must be a host name or an IP address, without a port",
        ),
        (
            json!({ "metadata": ["x"] }),
            "metadata must be a JSON object",
        ),
        (
            json!({ "metadata": {} }),
            "metadata must have at least one member",
        ),
        (
            json!({ "metadata": { "logo_uri": null } }),
            "metadata must have a value for logo_uri",
        ),
        (
            json!({ "metadata": { "logo_uri": "" } }),
            "metadata must have a value for logo_uri",
        ),
        (
            json!({ "metadata": { "client_id": "x" } }),
            "metadata must not have client_id, which cannot be imposed",
        ),
        (
            json!({ "metadata": { "client_secret": "x" } }),
            "metadata must not have client_secret, which cannot be imposed",
        ),
        (
            json!({ "metadata": { "software_statement": "a.b.c" } }),
            "metadata must not have software_statement, which cannot be imposed",
        ),
        (
            json!({ "metadata": { "redirect_uris": ["regexp=https://rp.example/.*"] } }),
            "metadata must have absolute URIs in redirect_uris",
        ),
        (
            json!({ "metadata": { "claims_redirect_uris": ["rp.example"] } }),
            "metadata must have absolute URIs in claims_redirect_uris",
        ),
        (
            json!({ "metadata": { "colour": "teal" } }),
            "metadata must not have colour, which is not a member of client metadata",
        ),
        (
            json!({ "metadata": { "scope": ["x"] } }),
            "metadata is not client metadata: scope must be a string",
        ),
    ] {
        let text = members.to_string();
        assert_eq!(
            TokenTerms::from_json(&text).map_err(|invalid| invalid.to_string()),
            Err(refusal.to_owned()),
            "{text}"
        );
    }
    for text in ["", "null", "[]", "{\"scopes\":[\"openid\"]"] {
        assert!(TokenTerms::from_json(text).is_err(), "{text}");
    }
}

/// An allowed host is a host without a scheme, a port or a path.
#[test]
fn allowed_host_is_only_a_host() {
    for (text, host) in [
        ("rp.example", "rp.example"),
        ("RP.Example", "rp.example"),
        ("localhost", "localhost"),
        ("192.0.2.1", "192.0.2.1"),
        ("RP_1.example", "rp_1.example"),
        ("[::1]", "[::1]"),
    ] {
        assert_eq!(
            RedirectHost::parse(text),
            RedirectHost::parse(host),
            "{text}"
        );
        assert!(RedirectHost::parse(text).is_ok(), "{text}");
    }
    for text in [
        "",
        " ",
        "rp.example:443",
        "rp.example/",
        "rp.example/cb",
        "a@rp.example",
        "rp.example?x",
        "rp.example#x",
        "*.rp.example",
        ".rp.example",
        "rp.example.",
        "bücher.example",
        "https://rp.example",
        "::1",
        "0x7f.1",
        "com.example.app:",
        "rp_.example",
        "rp example",
        "[::01]",
    ] {
        assert!(RedirectHost::parse(text).is_err(), "{text}");
    }
}

/// RFC 7591 §3.2.1: the answer has the agreed scopes, which are never more than the token allows.
#[test]
fn scopes_are_those_the_token_allows() {
    let only = json!({ "scopes": ["openid", "email"] });
    let scope = |more: Value| within(&only, &web(&more)).map(|agreed| agreed.get("scope").cloned());
    assert_eq!(
        scope(json!({ "scope": "openid profile email" })),
        Ok(Some(json!("openid email")))
    );
    assert_eq!(scope(json!({ "scope": "email" })), Ok(Some(json!("email"))));
    assert_eq!(
        scope(json!({})),
        Ok(Some(json!("openid email"))),
        "one that names none is not left with all there are"
    );
    assert_eq!(
        scope(json!({ "scope": "profile" })),
        Err("scope has no value that the initial access token allows".to_owned())
    );
    // A provider may have come to offer less.
    let asked = ClientMetadata::parse(object(&web(&json!({})))).expect("metadata");
    let fewer = provider(&json!({ "scopes_supported": ["openid"] }));
    let agreed = terms(&only)
        .admit(&fewer, asked.clone(), &STANDARD)
        .expect("agreed");
    assert!(
        agreed.json().contains(r#""scope":"openid""#),
        "{}",
        agreed.json()
    );
    let others = provider(&json!({ "scopes_supported": ["phone"] }));
    let refused = terms(&only).admit(&others, asked, &STANDARD).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "scope has no value listed in the provider's scopes_supported"
    );
    let imposed = json!({ "metadata": { "scope": "mcp:tools" } });
    assert_eq!(
        self::refused(&imposed, &web(&json!({}))),
        "scope conflicts with the terms of the initial access token"
    );
}

/// RFC 7591 §2.1: grants that follow from requested response types stay within the allowed grants, too.
#[test]
fn grants_are_those_the_token_allows() {
    let code = json!({ "grant_types": ["authorization_code"] });
    let flows = |members: &Value, more: Value| {
        within(members, &web(&more)).map(|agreed| {
            (
                agreed["grant_types"].clone(),
                agreed["response_types"].clone(),
            )
        })
    };
    let code_only = Ok((json!(["authorization_code"]), json!(["code"])));
    assert_eq!(flows(&code, json!({})), code_only);
    assert_eq!(
        flows(
            &code,
            json!({ "grant_types": ["authorization_code", "implicit", "refresh_token"] })
        ),
        code_only
    );
    assert_eq!(
        flows(
            &code,
            json!({ "response_types": ["code", "id_token", "token"] })
        ),
        code_only
    );
    let nothing = "grant_types has no value that the initial access token allows";
    assert_eq!(
        flows(
            &code,
            json!({ "grant_types": ["client_credentials", "password"] })
        ),
        Err(nothing.to_owned())
    );
    assert!(flows(&code, json!({ "response_types": ["id_token token"] })).is_err());
    let machines = json!({ "grant_types": ["client_credentials"] });
    assert_eq!(
        flows(&machines, json!({})),
        Ok((json!(["client_credentials"]), json!([]))),
        "the default flow is an allowed one"
    );
    assert!(flows(&machines, json!({ "response_types": ["code"] })).is_err());
}

/// RFC 7591 §5: a redirect URI leads to an allowed host, or the client is refused.
#[test]
fn redirect_uris_are_on_allowed_hosts() {
    let members = json!({ "redirect_hosts": ["rp.example", "127.0.0.1"] });
    let asked = |uris: &[&str]| json!({ "redirect_uris": uris });
    for uris in [
        &["https://rp.example/cb", "https://RP.example:8443/other?x=1"][..],
        &["http://127.0.0.1/cb"],
        &["http://127.0.0.1:9999/cb", "http://127.0.0.1/other"],
    ] {
        assert_eq!(
            within(&members, &asked(uris)).map(|agreed| agreed["redirect_uris"].clone()),
            Ok(json!(uris))
        );
    }
    for uri in [
        "https://evil.example/cb",
        "https://sub.rp.example/cb",
        "https://rp.example.evil.example/cb",
        "https://evil.example/rp.example",
        "https://localhost/cb",
        "http://localhost/cb",
        "http://[::1]/cb",
        "com.example.app:/cb",
        "com.example.app://rp.example/cb",
    ] {
        let refusal = "has an element with a host that the initial access token does not allow";
        assert_eq!(
            refused(&members, &asked(&[uri])),
            format!("redirect_uris {refusal}"),
            "{uri}"
        );
        assert_eq!(
            refused(&members, &asked(&["https://rp.example/cb", uri])),
            format!("redirect_uris {refusal}"),
            "{uri}"
        );
        let claims =
            json!({ "redirect_uris": ["https://rp.example/cb"], "claims_redirect_uris": [uri] });
        assert_eq!(
            refused(&members, &claims),
            format!("claims_redirect_uris {refusal}"),
            "{uri}"
        );
    }
}

/// RFC 7591 §3.2.1: a server may replace what a client asks for.
#[test]
fn imposed_members_override_the_client() {
    let members = json!({ "metadata": {
        "client_name": "Ours", "token_endpoint_auth_method": "client_secret_post", "contacts": ["ops@rp.example"], "require_auth_time": true,
        "redirect_uris": ["https://rp.example/ours"],
    } });
    let agreed = within(
        &members,
        &web(&json!({ "client_name": "Theirs", "client_name#fr": "Le leur", "token_endpoint_auth_method": "none", "logo_uri": "https://rp.example/logo" })),
    )
    .expect("agreed");
    for (member, value) in object(&members["metadata"]) {
        assert_eq!(agreed[&member], value, "{member}");
    }
    assert_eq!(
        agreed.get("client_name#fr"),
        None,
        "a name that is imposed is not joined by others"
    );
    assert_eq!(agreed["logo_uri"], "https://rp.example/logo");

    let code = json!({ "metadata": { "response_types": ["code"] } });
    assert_eq!(
        within(&code, &web(&json!({ "response_types": ["token"] })))
            .map(|agreed| agreed["response_types"].clone()),
        Ok(json!(["code"]))
    );
    assert_eq!(
        refused(
            &code,
            &web(&json!({ "grant_types": ["client_credentials"] }))
        ),
        "response_types conflicts with the terms of the initial access token"
    );
    let dropped = json!({ "metadata": { "userinfo_signed_response_alg": "RS256" } });
    assert_eq!(
        refused(&dropped, &web(&json!({}))),
        "userinfo_signed_response_alg conflicts with the terms of the initial access token"
    );
    assert!(
        refused(
            &json!({ "metadata": { "jwks_uri": "https://rp.example/jwks" } }),
            &web(&json!({ "jwks": { "keys": [] } }))
        )
        .starts_with("jwks")
    );
}

/// OIDC RP Metadata Choices §2: imposed choices decide, and what a client sends beside an imposed value does not count.
#[test]
fn imposed_choices_override_the_client() {
    let (list, alg) = (
        "id_token_signing_alg_values_supported",
        "id_token_signed_response_alg",
    );
    let choices = json!({ "metadata": { list: ["ES256", "RS256"] } });
    let value = json!({ "metadata": { alg: "ES256" } });
    for more in [
        json!({}),
        json!({ list: ["RS256"] }),
        json!({ list: [] }),
        json!({ alg: "HS256" }),
    ] {
        for members in [&choices, &value] {
            let agreed = within(members, &web(&more)).expect("agreed");
            assert_eq!((&agreed[alg], agreed.get(list)), (&json!("ES256"), None));
        }
    }
    let agreed = within(&choices, &web(&json!({ alg: "RS256" }))).expect("agreed");
    assert_eq!(agreed[alg], "RS256");
}

#[test]
fn terms_outside_the_offer_are_refused() {
    let offer = provider(&json!({}));
    let checked = |members: Value| {
        terms(&members)
            .check(&offer)
            .map_err(|invalid| invalid.to_string())
    };
    assert_eq!(
        checked(json!({
            "scopes": ["openid", "profile"], "grant_types": ["authorization_code"], "redirect_hosts": ["rp.example"],
            "metadata": { "scope": "openid", "redirect_uris": ["https://rp.example/cb"], "logo_uri": "https://elsewhere.example/" },
        })),
        Ok(())
    );
    for (members, refusal) in [
        (
            json!({ "scopes": ["openid", "admin"] }),
            "scopes has \"admin\", which scopes_supported of https://op.example does not offer",
        ),
        (
            json!({ "grant_types": ["urn:x:own"] }),
            "grant_types has \"urn:x:own\", which grant_types_supported of https://op.example does not offer",
        ),
        (
            json!({ "metadata": { "id_token_signed_response_alg": "HS256" } }),
            "metadata has id_token_signed_response_alg \"HS256\", which id_token_signing_alg_values_supported of https://op.example does not offer",
        ),
        (
            json!({ "metadata": { "userinfo_signed_response_alg": "RS256" } }),
            "metadata has userinfo_signed_response_alg \"RS256\", which userinfo_signing_alg_values_supported of https://op.example does not offer",
        ),
        (
            json!({ "metadata": { "id_token_encrypted_response_enc": "A128GCM" } }),
            "metadata has id_token_encrypted_response_enc, which requires id_token_encrypted_response_alg",
        ),
        (
            json!({ "metadata": { "post_logout_redirect_uris": ["https://rp.example/bye"] } }),
            "metadata has post_logout_redirect_uris, which requires end_session_endpoint in the document of https://op.example",
        ),
        (
            json!({ "scopes": ["openid"], "metadata": { "scope": "openid email" } }),
            "metadata has scope \"email\", which is not among the scopes allowed",
        ),
        (
            json!({ "grant_types": ["authorization_code"], "metadata": { "grant_types": ["password"] } }),
            "metadata has grant_types \"password\", which is not among the grant_types allowed",
        ),
        (
            json!({ "redirect_hosts": ["rp.example"], "metadata": { "redirect_uris": ["https://other.example/cb"] } }),
            "metadata has redirect_uris \"https://other.example/cb\", whose host is not among the redirect_hosts allowed",
        ),
    ] {
        assert_eq!(checked(members), Err(refusal.to_owned()));
    }
}

/// A host pattern is a host, or every host below a name; the name itself is not below it.
#[test]
fn host_pattern_matches_whole_labels() {
    let matches = |pattern: &str, host: &str| {
        RedirectHostPattern::parse(pattern)
            .expect(pattern)
            .matches(host)
    };
    for (pattern, host) in [
        ("claude.ai", "claude.ai"),
        ("Claude.AI", "claude.ai"),
        ("*.example.com", "a.example.com"),
        ("*.EXAMPLE.com", "a.b.example.com"),
        ("*.com", "example.com"),
        ("*.my_app.example", "a_b.my_app.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:DB8::1]", "[2001:db8::1]"),
    ] {
        assert!(matches(pattern, host), "{pattern} {host}");
    }
    for (pattern, host) in [
        ("claude.ai", "www.claude.ai"),
        ("claude.ai", "evilclaude.ai"),
        ("claude.ai", "claude.ai.evil.example"),
        ("*.example.com", "example.com"),
        ("*.example.com", "notexample.com"),
        ("*.example.com", "a.example.com.evil.example"),
        ("192.0.2.1", "192.0.2.10"),
    ] {
        assert!(!matches(pattern, host), "{pattern} {host}");
    }
    for text in [
        "",
        "*",
        "*.",
        "*.*.example.com",
        "a.*.example.com",
        "*example.com",
        "*.192.0.2.1",
        "*.[::1]",
        "*.example.com:443",
        "https://claude.ai",
        "claude.ai/cb",
        "claude.ai:443",
        ".example.com",
    ] {
        assert_eq!(
            RedirectHostPattern::parse(text).expect_err(text),
            "must be a host such as example.com, or *.example.com for every host below it, without a port"
        );
    }
}

/// OIDC Registration §2: an imposed application type stays, although a private-use scheme is otherwise answered as native.
#[test]
fn imposed_web_refuses_private_use_schemes() {
    let imposed = json!({ "metadata": { "application_type": "web" } });
    let asked = json!({ "redirect_uris": ["com.example.app:/cb"] });
    assert_eq!(
        refused(&imposed, &asked),
        "redirect_uris has a private-use scheme, which requires application_type native"
    );
    let agreed = within(&imposed, &web(&json!({}))).expect("agreed");
    assert_eq!(agreed["application_type"], "web");
}

/// The hosts of open registration limit https redirect URIs alone.
#[test]
fn https_hosts_limit_https_alone() {
    let limited = json!({ "https_hosts": ["claude.ai", "*.example.com"] });
    for uris in [
        json!(["https://claude.ai/cb", "https://A.Example.com:8443/cb"]),
        json!([
            "https://localhost/cb",
            "https://127.0.0.1/cb",
            "https://[::1]:1/cb",
            "https://app.localhost/cb"
        ]),
        json!([
            "http://127.0.0.1/cb",
            "com.example.app:/cb",
            "https://claude.ai/cb"
        ]),
    ] {
        let agreed = within(&limited, &json!({ "redirect_uris": uris })).expect("agreed");
        assert_eq!(agreed["redirect_uris"], uris);
    }
    let reason =
        "has an element with an https host that the provider does not allow in open registration";
    for uri in [
        "https://rp.example/cb",
        "https://example.com/cb",
        "https://claude.ai.example/",
        "https://192.0.2.1/",
    ] {
        for member in ["redirect_uris", "claims_redirect_uris"] {
            let mut asked = json!({ "redirect_uris": ["https://claude.ai/cb"] });
            asked[member] = json!(["https://claude.ai/other", uri]);
            assert_eq!(refused(&limited, &asked), format!("{member} {reason}"));
        }
    }
}
