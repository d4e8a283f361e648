//! `frontdesk try` against a provider over real TLS that is right, or wrong in one way at a time.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

mod provider;

use std::net::TcpListener;
use std::path::Path;

use probe::{TryCredentials, TryOptions, try_provider};
use protocol::Secret;
use provider::{MANAGEMENT_TOKEN, PASSWORD, Provider, RENEWED_TOKEN, SECRET, TOKEN, Twist};
use serde_json::Value;

fn attempt(resource: &str, ca: &Path) -> TryOptions {
    TryOptions {
        resource: resource.to_owned(),
        register: false,
        credentials: None,
        ca: Some(ca.to_owned()),
        json: false,
    }
}

fn registering(provider: &Provider) -> TryOptions {
    let credentials = Some(TryCredentials::Token(Secret::new(TOKEN)));
    TryOptions {
        register: true,
        credentials,
        ..attempt(&provider.account(), provider.ca())
    }
}

/// Runs `try`; returns its output, and the sentence of the failed step.
fn tried(attempt: &TryOptions) -> (String, Option<String>) {
    let mut out = Vec::new();
    let outcome = try_provider(attempt, &mut out);
    let printed = String::from_utf8(out).unwrap();
    let sentence = outcome.err().map(|broken| broken.to_string());
    for secret in [TOKEN, PASSWORD, SECRET, MANAGEMENT_TOKEN, RENEWED_TOKEN] {
        assert!(!printed.contains(secret), "{printed}");
        assert!(
            !sentence.as_deref().unwrap_or_default().contains(secret),
            "{sentence:?}"
        );
    }
    (printed, sentence)
}

/// The sentence, which must be one line that ends as a sentence does.
fn broken(attempt: &TryOptions) -> String {
    let (printed, sentence) = tried(attempt);
    let sentence = sentence.unwrap_or_else(|| printed.clone());
    assert!(
        sentence.ends_with(['.', '?']) && !sentence.contains('\n'),
        "{sentence}"
    );
    assert!(
        printed.lines().last().unwrap().starts_with("Stopped at "),
        "{printed}"
    );
    sentence
}

/// A correct provider passes every step.
#[test]
fn correct_provider_passes_every_step() {
    let provider = Provider::start(Twist::None);
    let (printed, sentence) = tried(&registering(&provider));
    assert_eq!(sentence, None, "{printed}");
    let steps: Vec<&str> = printed
        .lines()
        .filter(|line| line.contains(": ok ("))
        .filter_map(|line| line.split(": ok (").next())
        .collect();
    let expected = [
        "1. WebFinger",
        "2. discovery",
        "3. JWK Set",
        "4. authorization endpoint",
        "5. registration",
        "6. read",
        "7. update",
        "8. delete",
        "9. read after delete",
    ];
    assert_eq!(steps, expected);
    assert!(
        printed.contains(&format!("   issuer: {}\n", provider.origin())),
        "{printed}"
    );
    assert!(
        printed.contains(
            "   client_id: c1\n   client_secret: (30 characters)\n   client_secret_expires_at: 0\n"
        ),
        "{printed}"
    );
    assert!(
        printed.contains("   registration_access_token: (26 characters)\n"),
        "{printed}"
    );
    assert!(
        printed
            .lines()
            .last()
            .unwrap()
            .starts_with("Everything asked for works: 9 steps in "),
        "{printed}"
    );
    assert!(!printed.contains("note:"), "{printed}");
    assert!(!provider.holds_a_client());
}

/// The query is the query of the specification.
#[test]
fn query_matches_the_specification() {
    let provider = Provider::start(Twist::None);
    tried(&attempt(&provider.account(), provider.ca()));
    let resource = provider.account().replace(':', "%3A").replace('@', "%40");
    let rel = "http%3A%2F%2Fopenid.net%2Fspecs%2Fconnect%2F1.0%2Fissuer";
    let webfinger = format!("GET /.well-known/webfinger?resource={resource}&rel={rel}");
    assert_eq!(
        provider.asked(),
        [
            webfinger.as_str(),
            "GET /.well-known/openid-configuration",
            "GET /jwks",
            "GET /authorize"
        ]
    );
}

#[test]
fn an_account_registers_too() {
    let provider = Provider::start(Twist::None);
    let credentials = Some(TryCredentials::Account {
        name: "admin".to_owned(),
        password: Secret::new(PASSWORD),
    });
    let (printed, sentence) = tried(&TryOptions {
        credentials,
        ..registering(&provider)
    });
    assert_eq!(sentence, None, "{printed}");
}

/// A registration access token that an answer replaces is used for the next request.
#[test]
fn rotated_token_is_used_next() {
    let provider = Provider::start(Twist::RenewedToken);
    let (printed, sentence) = tried(&registering(&provider));
    assert_eq!(sentence, None, "{printed}");
    assert!(!provider.holds_a_client());
}

#[test]
fn programs_read_one_json_object_a_line() {
    let provider = Provider::start(Twist::None);
    let (printed, _) = tried(&TryOptions {
        json: true,
        ..registering(&provider)
    });
    let lines: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 10);
    assert_eq!(lines[0]["step"], "WebFinger");
    assert_eq!(lines[0]["members"]["issuer"], provider.origin());
    assert_eq!(lines[3]["step"], "authorization endpoint");
    assert_eq!(lines[4]["method"], "POST");
    assert_eq!(lines[4]["status"], 201);
    assert_eq!(lines[4]["members"]["client_secret"], "(30 characters)");
    assert_eq!(lines[9]["summary"], "ok");
    assert_eq!(lines[9]["steps"], 9);
    assert_eq!(lines[9].get("no_login"), None);
    assert!(
        lines.iter().all(|line| line["milliseconds"].is_u64()),
        "{printed}"
    );

    let provider = Provider::start(Twist::AnotherIssuer);
    let (printed, sentence) = tried(&TryOptions {
        json: true,
        ..registering(&provider)
    });
    let lines: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[1]["outcome"], "failed");
    assert!(
        lines[1]["error"]
            .as_str()
            .unwrap()
            .contains("https://login.example.com"),
        "{printed}"
    );
    assert_eq!(lines[2]["summary"], "failed");
    assert_eq!(lines[2]["error"].as_str(), sentence.as_deref());
}

/// A URL without WebFinger is taken for the issuer.
#[test]
fn url_without_webfinger_is_the_issuer() {
    for twist in [
        Twist::WebfingerUnknown,
        Twist::WebfingerWithoutLink,
        Twist::WebfingerNotJson,
    ] {
        let provider = Provider::start(twist);
        let (printed, sentence) = tried(&attempt(provider.origin(), provider.ca()));
        assert_eq!(sentence, None, "{printed}");
        assert!(printed.starts_with("1. WebFinger: absent ("), "{printed}");
        assert!(
            printed.contains("the URL itself is used as the issuer"),
            "{printed}"
        );
        assert!(printed.contains("3. JWK Set: ok ("), "{printed}");
    }
}

#[test]
fn webfinger_may_redirect_to_https() {
    let provider = Provider::start(Twist::WebfingerRedirects);
    let (printed, sentence) = tried(&attempt(&provider.account(), provider.ca()));
    assert_eq!(sentence, None, "{printed}");
    assert!(
        printed.contains(&format!("note: redirected to {}/moved", provider.origin())),
        "{printed}"
    );
}

/// The four steps succeed at a provider without client management.
#[test]
fn try_succeeds_without_management() {
    let provider = Provider::start(Twist::NoManagement);
    let (printed, sentence) = tried(&registering(&provider));
    assert_eq!(sentence, None, "{printed}");
    assert!(
        printed.contains("offers no management, so the client c1 stays registered"),
        "{printed}"
    );
}

/// The four steps succeed at a provider without deletion.
#[test]
fn try_succeeds_without_deletion() {
    let provider = Provider::start(Twist::DeleteUnsupported);
    let (printed, sentence) = tried(&registering(&provider));
    assert_eq!(sentence, None, "{printed}");
    assert!(
        printed.contains("deletes no clients, so the client c1 stays registered"),
        "{printed}"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn every_defect_is_one_sentence_that_names_its_step() {
    for (twist, step, part) in [
        (
            Twist::WebfingerRedirectsForEver,
            "WebFinger",
            "redirects more than 5 times",
        ),
        (
            Twist::WebfingerUnknown,
            "WebFinger",
            "the host does not know acct:alice@localhost",
        ),
        (
            Twist::WebfingerWithoutLink,
            "WebFinger",
            "no link with the rel http://openid.net/specs/connect/1.0/issuer",
        ),
        (
            Twist::WebfingerNotJson,
            "WebFinger",
            "should be a JSON object",
        ),
        (
            Twist::LinkNotHttps,
            "WebFinger",
            "the issuer http://login.example.com must be https",
        ),
        (
            Twist::AnotherIssuer,
            "discovery",
            "says its issuer is https://login.example.com, but https://localhost",
        ),
        (
            Twist::SlashedIssuer,
            "discovery",
            "byte for byte, slash included",
        ),
        (
            Twist::DiscoveryDown,
            "discovery",
            "should be 200 and is 500 (server_error)",
        ),
        (
            Twist::DiscoveryMoved,
            "discovery",
            "is 302, a redirect to https://elsewhere.example/, which clients do not follow",
        ),
        (
            Twist::DiscoveryNotJson,
            "discovery",
            "should be a JSON object",
        ),
        (
            Twist::DiscoveryRelativeEndpoint,
            "discovery",
            "registration_endpoint must be an absolute URL and is /register",
        ),
        (
            Twist::DiscoveryPlainEndpoint,
            "discovery",
            "registration_endpoint must be an https URL and is http://localhost",
        ),
        (
            Twist::DiscoveryPlainKeys,
            "discovery",
            "jwks_uri must be an https URL and is http://localhost",
        ),
        (Twist::NoKeys, "JWK Set", "has no key"),
        (Twist::PrivateKey, "JWK Set", "publishes a private key"),
        (
            Twist::NoRegistration,
            "registration",
            "has no registration_endpoint",
        ),
        (
            Twist::EchoedCredentials,
            "registration",
            "should be 201 and is 400 (invalid_client_metadata: I was shown Bearer …)",
        ),
        (
            Twist::CreatedAs200,
            "registration",
            "should be 201 and is 200. The client c1 was deleted again",
        ),
        (
            Twist::NoExpiry,
            "registration",
            "client_secret_expires_at is required and must be a number. The client c1 was deleted again",
        ),
        (
            Twist::UriWithoutToken,
            "registration",
            "without a registration_access_token. The client c1 stays registered",
        ),
        (
            Twist::TokenWithoutUri,
            "registration",
            "without a registration_client_uri. The client c1 stays registered",
        ),
        (
            Twist::ManagementElsewhere,
            "registration",
            "registration_client_uri is https://elsewhere.example/register/c1, which is neither at the issuer nor at the registration endpoint, and the \
             registration access token is not sent there. The client c1 stays registered",
        ),
        (
            Twist::ManagementPlain,
            "registration",
            "registration_client_uri must be an https URL and is http://localhost",
        ),
        (
            Twist::ReadDown,
            "read",
            "should be 200 and is 500. The client c1 was deleted again",
        ),
        (
            Twist::ReadAnother,
            "read",
            "about the client c2, but c1 was asked for. The client c1 was deleted again",
        ),
        (
            Twist::UpdateRefused,
            "update",
            "is 400 (invalid_client_metadata: … and … are not liked). The client c1 was deleted again",
        ),
        (
            Twist::DeletedAs200,
            "delete",
            "should be 204 and is 200. The client c1 cannot be reached any more",
        ),
        (
            Twist::NeverGone,
            "read after delete",
            "still exists after its deletion",
        ),
    ] {
        let provider = Provider::start(twist);
        let sentence = broken(&registering(&provider));
        assert!(
            sentence.starts_with(&format!("{step} failed: ")) && sentence.contains(part),
            "{twist:?}: {sentence}"
        );
        let kept = [
            Twist::UriWithoutToken,
            Twist::TokenWithoutUri,
            Twist::ManagementElsewhere,
            Twist::ManagementPlain,
            Twist::NeverGone,
        ]
        .contains(&twist);
        assert_eq!(provider.holds_a_client(), kept, "{twist:?}");
    }
}

/// The errors for missing and for wrong credentials say what to do.
#[test]
fn credential_errors_say_what_to_do() {
    let provider = Provider::start(Twist::None);
    let sentence = broken(&TryOptions {
        credentials: None,
        ..registering(&provider)
    });
    assert!(
        sentence.contains(
            "is 401 (invalid_token: Not known); give an initial access token with --token"
        ),
        "{sentence}"
    );
    let credentials = Some(TryCredentials::Token(Secret::new("iat_wrong")));
    let sentence = broken(&TryOptions {
        credentials,
        ..registering(&provider)
    });
    assert!(
        sentence.ends_with("are the credentials right?"),
        "{sentence}"
    );
}

/// A stopped server is reported.
#[test]
fn stopped_server_is_reported() {
    let provider = Provider::start(Twist::None);
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let sentence = broken(&attempt(
        &format!("acct:alice@127.0.0.1:{port}"),
        provider.ca(),
    ));
    assert_eq!(
        sentence,
        format!("WebFinger failed: nothing answers at 127.0.0.1:{port}; is the server running?")
    );
}

/// A certificate that is not trusted is reported.
#[test]
fn untrusted_certificate_is_reported() {
    let (provider, other) = (Provider::start(Twist::None), Provider::start(Twist::None));
    let sentence = broken(&attempt(&provider.account(), other.ca()));
    assert!(
        sentence.starts_with("WebFinger failed: the certificate of localhost:"),
        "{sentence}"
    );
    assert!(
        sentence.contains(&format!(
            "trusted neither by the system nor by {}",
            other.ca().display()
        )),
        "{sentence}"
    );
    let sentence = broken(&TryOptions {
        ca: None,
        ..attempt(&provider.account(), other.ca())
    });
    assert!(
        sentence.contains("is not trusted (") && sentence.contains("--ca"),
        "{sentence}"
    );
    assert_eq!(provider.asked(), Vec::<String>::new());
}

/// A certificate for another name is reported.
#[test]
fn certificate_name_mismatch_is_reported() {
    let provider = Provider::start(Twist::None);
    let sentence = broken(&attempt(
        &provider.account().replace("localhost", "127.0.0.1"),
        provider.ca(),
    ));
    assert!(
        sentence.contains("is refused (") && !sentence.contains("--ca"),
        "{sentence}"
    );
}

/// Arguments with which a run cannot begin are reported.
#[test]
fn unusable_arguments_are_reported() {
    let provider = Provider::start(Twist::None);
    let sentence = broken(&attempt("mailto:alice@example.com", provider.ca()));
    assert!(
        sentence.starts_with("reading the resource failed: the scheme of mailto:alice@example.com"),
        "{sentence}"
    );
    let missing = provider.ca().with_file_name("missing.pem");
    let sentence = broken(&attempt(&provider.account(), &missing));
    assert!(
        sentence.contains(&format!(
            "the file {} given with --ca cannot be read",
            missing.display()
        )),
        "{sentence}"
    );
    let sentence = broken(&attempt(
        &provider.account(),
        &provider.ca().with_file_name("ca.key"),
    ));
    assert!(sentence.contains("has no certificate in PEM"), "{sentence}");
}

/// At a provider whose authorization endpoint is not there no user can log in, which is said with the reason; what was asked for
/// works all the same.
#[test]
fn missing_authorization_endpoint_is_reported() {
    for (twist, reason) in [
        (
            Twist::AuthorizationPlaceholder,
            "authorization_endpoint is answered with 501 (server_error: This endpoint is a placeholder)",
        ),
        (
            Twist::AuthorizationUnknown,
            "authorization_endpoint is answered with 404",
        ),
        (
            Twist::AuthorizationElsewhere,
            "authorization_endpoint is not answered: nothing answers at 127.0.0.1:1; is the server running?",
        ),
    ] {
        let provider = Provider::start(twist);
        let (printed, sentence) = tried(&registering(&provider));
        assert_eq!(sentence, None, "{printed}");
        assert!(
            printed.contains("4. authorization endpoint: absent (")
                && printed.contains(&format!(
                    "   note: no user can log in at this provider: {reason}\n"
                )),
            "{printed}"
        );
        let last = printed.lines().last().unwrap();
        assert!(
            last.starts_with(&format!("No user can log in at this provider: {reason}"))
                && last.contains("Everything else that was asked for works: 9 steps in "),
            "{last}"
        );
        assert!(!provider.holds_a_client());

        let (printed, _) = tried(&TryOptions {
            json: true,
            ..registering(&provider)
        });
        let last: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
        assert_eq!(
            (&last["summary"], &last["no_login"]),
            (&"ok".into(), &reason.into())
        );
    }
}

/// An authorization endpoint that refuses the request or redirects is there.
#[test]
fn authorization_endpoint_may_redirect() {
    for twist in [Twist::None, Twist::AuthorizationRedirects] {
        let provider = Provider::start(twist);
        let (printed, sentence) = tried(&attempt(&provider.account(), provider.ca()));
        assert_eq!(sentence, None, "{printed}");
        assert!(
            printed.contains("4. authorization endpoint: ok ("),
            "{printed}"
        );
        assert!(
            printed
                .lines()
                .last()
                .unwrap()
                .starts_with("Everything asked for works: 4 steps in "),
            "{printed}"
        );
    }
}
