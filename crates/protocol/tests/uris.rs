//! URIs: which text is which kind, and which is refused.

use protocol::RedirectUri;
use protocol::uri::{
    EndpointUri, HttpsUri, PATTERN_MAX, REFUSED_SCHEMES, RedirectForm, RefusedSchemes, RequestUri,
    ReturnUri, URI_MAX, WebUri,
};

#[test]
fn each_form_is_recognised_and_kept_byte_for_byte() {
    use RedirectForm::{HttpLoopback, Https, HttpsLocalhost, Pattern, PrivateUse, Schemeless};
    for (text, form) in [
        ("https://rp.example/cb", Https),
        ("https://rp.example", Https),
        ("https://RP.example:443/a/../b?x=%2F&y", Https),
        ("HTTPS://rp.example/cb", Https),
        ("https://192.0.2.1/cb", Https),
        ("https://[2001:db8::1]:8443/cb", Https),
        ("https://xn--bcher-kva.example/cb", Https),
        ("https://localhost:9443/callback", HttpsLocalhost),
        ("http://localhost:3000/cb", HttpLoopback),
        ("http://127.0.0.1/cb", HttpLoopback),
        ("http://app.localhost:3000/cb", HttpLoopback),
        ("http://A.b_c.LocalHost", HttpLoopback),
        ("https://app.localhost/cb", HttpsLocalhost),
        ("https://my_app.example.com/cb", Https),
        ("https://my__app.ex_ample:8443/cb", Https),
        ("my_app.example.com:8080/cb", Schemeless),
        ("http://[::1]:49152/cb", HttpLoopback),
        ("com.example.app:/oauth", PrivateUse),
        ("com.example.app://callback/x", PrivateUse),
        ("cursor://anysphere.cursor-retrieval/oauth/cb", PrivateUse),
        (
            "regexp=(https://a.example/cb|https://b.example/cb)",
            Pattern,
        ),
        ("server.example.com", Schemeless),
        ("server.example.com:8080/cb", Schemeless),
        ("localhost:3000", Schemeless),
        ("https://[2001:DB8::1]/cb", Https),
        ("https://rp.example:00443/cb", Https),
        ("https://rp.example?x=@y", Https),
        ("https://rp.example/a@b:c", Https),
        ("https://localhost.example/cb", Https),
        ("http://localhost?x", HttpLoopback),
        ("com.example.app:cb", PrivateUse),
        (
            "https://rp.example/code/state?codec=1&Error=x&a=code",
            Https,
        ),
        ("https://rp.example/cb;code=1", Https),
        ("com.example.x-apple.app:/cb", PrivateUse),
        ("x-applet.example.app:/cb", PrivateUse),
    ] {
        let uri =
            RedirectUri::parse(text.to_owned()).unwrap_or_else(|reason| panic!("{text}: {reason}"));
        assert_eq!((uri.form(), uri.as_str()), (form, text));
    }
}

/// A malformed URI, or a URI that parsers read differently, is refused.
#[test]
fn malformed_uris_are_refused() {
    for text in [
        "",
        " ",
        "https://rp.example/cb#",
        "https://rp.example/cb#x",
        "https://rp.example/c b",
        "https://rp.example/ü",
        "https://rp.example\\@evil.example",
        "https://user@rp.example/",
        "https://u:p@rp.example/",
        "https://@rp.example/",
        "https:///cb",
        "https://",
        "https:rp.example/cb",
        "https:/rp.example/cb",
        "https://rp.example:0/",
        "https://rp.example:65536/",
        "https://rp.example:/",
        "https://rp.example:+443/",
        "https://*.rp.example/",
        "https://rp%2eexample/",
        "https://-rp.example/",
        "https://rp..example/",
        "https://rp.example./",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://127.1/",
        "https://[::1",
        "https://[::1]x/",
        "http://rp.example/cb",
        "http://localhost.evil.example/",
        "http://127.0.0.2/",
        "http://127.0.0.1.nip.example/",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "blob:https://rp.example/x",
        "ftp://rp.example/",
        "mailto:a@rp.example",
        "com.example.app://u@h/",
        "com.example.app:///cb",
        "com.example.app:",
        "https://rp.example/%zz",
        "https://rp.example/%2",
        "/cb",
        "//rp.example/cb",
        "regexp=",
        "https://xn--a/cb",
        "https://rp.example\t/cb",
        "https://rp.example/\u{7f}",
        "https://rp.example/a`b",
        "https://rp.example/{id}",
        "https://rp.example@evil.example/",
        "https://rp.example:443@evil.example/",
        "https://rp.example%40evil.example/",
        "https://rp.example:443:443/",
        "https://192.168.010.1/",
        "https://1.2.3.4.5/",
        "https://[::ffff:192.0.2.1]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://0.0.0.0/",
        "http://localhost./",
        "http://local host/",
        "vbscript:x",
        "view-source:https://rp.example/",
        "wss://rp.example/",
        "intent://rp.example/#Intent;end",
        "chrome-extension://abc/",
        "about:blank",
        "com.example.app:/cb#x",
        "com.example.app://h:99999/",
        "com.example.app://h:0/",
        "1com.example:/cb",
        "?x",
        "regexp=a b",
    ] {
        assert!(RedirectUri::parse(text.to_owned()).is_err(), "{text}");
    }
    let of_length = |length: usize| {
        format!(
            "https://rp.example/{}",
            "a".repeat(length - "https://rp.example/".len())
        )
    };
    assert!(RedirectUri::parse(of_length(URI_MAX)).is_ok());
    assert!(RedirectUri::parse(of_length(URI_MAX + 1)).is_err());
    assert!(RedirectUri::parse(format!("regexp={}", "a".repeat(PATTERN_MAX))).is_ok());
    assert!(RedirectUri::parse(format!("regexp={}", "a".repeat(PATTERN_MAX + 1))).is_err());
    let label = |length: usize| format!("https://{}.example/", "a".repeat(length));
    assert!(RedirectUri::parse(label(63)).is_ok());
    assert!(RedirectUri::parse(label(64)).is_err());
    let name = |labels: usize| format!("https://{}example/", "a23456789.".repeat(labels));
    assert!(RedirectUri::parse(name(24)).is_ok());
    assert!(RedirectUri::parse(name(25)).is_err());
}

/// A label begins and ends with a letter or digit, and a name that only looks like one below `localhost` is not loopback.
#[test]
fn hosts_that_look_like_others_are_refused() {
    for text in [
        "https://_rp.example/",
        "https://rp_.example/",
        "https://rp._example/",
        "https://rp.example_/",
        "http://app.localhost./",
        "http://app.localhost.example/",
        "http://applocalhost/",
        "http://.localhost/",
        "http://app.localhost:0/",
    ] {
        assert!(RedirectUri::parse(text.to_owned()).is_err(), "{text}");
    }
}

#[test]
fn only_request_uris_may_have_a_fragment() {
    assert!(RequestUri::parse("https://rp.example/r#sha256".to_owned()).is_ok());
    assert!(RequestUri::parse("https://rp.example/r#a#b".to_owned()).is_err());
    assert!(RequestUri::parse("https://rp.example/r#ü".to_owned()).is_err());
    assert!(RequestUri::parse("http://rp.example/r".to_owned()).is_err());
    assert!(HttpsUri::parse("https://rp.example/r#x".to_owned()).is_err());
    assert!(HttpsUri::parse("http://rp.example/".to_owned()).is_err());
    assert!(WebUri::parse("http://rp.example/".to_owned()).is_ok());
    assert!(WebUri::parse("ftp://rp.example/".to_owned()).is_err());
    assert!(EndpointUri::parse("http://localhost:9443/token".to_owned()).is_ok());
    assert!(EndpointUri::parse("http://op.example/token".to_owned()).is_err());
    for text in [
        "https://rp.example/out",
        "http://rp.example/out",
        "com.example.app:/out",
    ] {
        assert!(ReturnUri::parse(text.to_owned()).is_ok(), "{text}");
    }
    for text in [
        "https://rp.example/#x",
        "javascript:alert(1)",
        "rp.example/out",
        "rp.example:8080/out",
        "regexp=https://rp.example/",
    ] {
        assert!(ReturnUri::parse(text.to_owned()).is_err(), "{text}");
    }
}

/// RFC 8252 §7.3: hosts are compared after parsing.
#[test]
fn scheme_and_host_are_in_one_spelling() {
    let parts = |text: &str| {
        let uri =
            RedirectUri::parse(text.to_owned()).unwrap_or_else(|reason| panic!("{text}: {reason}"));
        (uri.scheme(), uri.host(), uri.is_native_only())
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        parts("HTTPS://RP.Example:443/CB"),
        (some("https"), some("rp.example"), false)
    );
    assert_eq!(
        parts("http://LOCALHOST/"),
        (some("http"), some("localhost"), true)
    );
    assert_eq!(
        parts("Com.Example.App://host/"),
        (some("com.example.app"), None, true)
    );
    assert_eq!(parts("regexp=https://rp.example/"), (None, None, false));
    assert_eq!(parts("rp.example"), (None, None, false));
}

/// RFC 6749 §4.1.2: a server adds its answer to the query, so that a client must not find one there already.
#[test]
fn redirect_uris_without_answer_parameters() {
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
    let begins = [
        "https://rp.example/cb",
        "https://localhost/",
        "http://127.0.0.1:3000/cb",
        "http://[::1]/",
        "com.example.app:/cb",
        "rp.example",
    ];
    for begin in begins {
        for name in names {
            let encoded = name
                .bytes()
                .map(|byte| format!("%{byte:02X}"))
                .collect::<Vec<_>>()
                .concat();
            for query in [
                name.to_owned(),
                format!("{name}=1"),
                format!("{encoded}="),
                format!("a=b&{name}=1"),
                format!("a=b;{name}=1"),
                format!("{name}=1&{name}=2"),
            ] {
                let text = format!("{begin}?{query}");
                let reason = RedirectUri::parse(text.clone()).expect_err(&text);
                assert_eq!(
                    reason,
                    format!(
                        "has a query parameter {name}, which is reserved for authorization responses"
                    ),
                    "{text}"
                );
            }
            for query in [
                format!("x{name}=1"),
                format!("a={name}"),
                name.to_uppercase(),
                format!("a=b%26{name}=1"),
            ] {
                let text = format!("{begin}?{query}");
                assert!(RedirectUri::parse(text.clone()).is_ok(), "{text}");
            }
        }
    }
}

/// RFC 8252 §7.1: the schemes of an operating system's own programs are no application's.
#[test]
fn system_schemes_are_no_private_use_schemes() {
    for text in [
        "x-apple.systempreferences:com.apple.preference",
        "X-Apple.Files:/x",
        "x-APPLE.example.app://cb",
        "x-apple.:/cb",
    ] {
        assert!(RedirectUri::parse(text.to_owned()).is_err(), "{text}");
        assert!(ReturnUri::parse(text.to_owned()).is_err(), "{text}");
    }
}

/// RFC 8252 §7.1: no client registers a scheme that runs code, belongs to a system or is a protocol, in any case.
#[test]
fn schemes_of_the_table_are_refused() {
    let schemes: Vec<&str> = REFUSED_SCHEMES
        .iter()
        .flat_map(RefusedSchemes::schemes)
        .collect();
    for known in [
        "javascript",
        "data",
        "vbscript",
        "blob",
        "file",
        "about",
        "view-source",
        "intent",
        "ms-*",
        "chrome-*",
        "moz-*",
        "ftp",
        "ws",
        "wss",
        "mailto",
        "tel",
        "ssh",
        "smb",
        "ldap",
        "urn",
        "sms",
        "x-apple.*",
    ] {
        assert!(schemes.contains(&known), "{known}");
    }
    for scheme in schemes {
        assert_eq!(scheme, scheme.to_ascii_lowercase());
        let scheme = scheme.replace('*', "x");
        for text in [
            format!("{scheme}://app/cb"),
            format!("{}:/cb", scheme.to_ascii_uppercase()),
            format!("{scheme}:8080"),
        ] {
            assert_eq!(
                RedirectUri::parse(text.clone()).expect_err(&text),
                "uses a scheme that is not allowed in a redirect URI"
            );
            assert!(ReturnUri::parse(text.clone()).is_err(), "{text}");
        }
    }
    for text in [
        "zed://mcp/callback",
        "ms:/cb",
        "files:/cb",
        "datax:/cb",
        "chromex:/cb",
        "webcal+x:/cb",
    ] {
        assert!(RedirectUri::parse(text.to_owned()).is_ok(), "{text}");
    }
}

/// Underscores are accepted in every type of URL with a host.
#[test]
fn underscores_in_hosts_are_accepted() {
    let text = || "https://my_app.example.com/x".to_owned();
    assert!(WebUri::parse(text()).is_ok() && HttpsUri::parse(text()).is_ok());
    assert!(RequestUri::parse(text()).is_ok() && ReturnUri::parse(text()).is_ok());
    assert!(EndpointUri::parse(text()).is_ok() && RedirectUri::parse(text()).is_ok());
}

/// RFC 8252 §7.3: an https URI leads to this machine exactly when its parsed host is a loopback address, in any spelling of the address.
#[test]
fn https_loopback_is_told_by_the_parsed_host() {
    for text in [
        "https://127.0.0.1/cb",
        "https://127.0.0.1:8443/cb",
        "https://[::1]/cb",
        "https://[::1]",
        "https://127.0.0.2/cb",
        "https://[2001:db8::1]/cb",
        "https://127.0.0.1.example/cb",
        "https://1.example/cb",
        "https://rp.example/127.0.0.1",
        "https://rp.example",
        "https://rp.example/?127.0.0.1",
    ] {
        let uri = RedirectUri::parse(text.to_owned()).unwrap();
        let parsed = url::Url::parse(text).unwrap();
        let is_here = matches!(parsed.host_str(), Some("127.0.0.1" | "[::1]"));
        assert_eq!(uri.is_loopback(), is_here, "{text}");
    }
}
