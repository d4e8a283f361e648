//! Mistakes that a start refuses, and those that a check only notes.

use std::path::Path;

use tempfile::TempDir;

use crate::provider;
use crate::support::Setup;

const ISSUER: &str = "https://login.example.com";

/// A document with that in it is refused by a start and by a check, with that sentence, and nothing is made.
#[track_caller]
fn refuse(metadata: &str, rest: &str) {
    let folder = TempDir::new().unwrap();
    let setup = Setup::new().file(&provider(ISSUER, "", metadata));
    let sentence = format!("the provider {ISSUER}: provider.metadata.{rest}");
    assert_eq!(setup.refused(folder.path(), &["serve"]), sentence);
    let (printed, ended) = check(&setup, folder.path());
    assert!(
        printed.contains(&format!("\nwrong: {sentence}\n")) && !ended,
        "{printed}"
    );
    assert!(!folder.path().join("frontdesk-data").exists(), "{rest}");
}

/// Runs `check`; returns its output, and true if it found no problem.
fn check(setup: &Setup, folder: &Path) -> (String, bool) {
    let output = setup.command(folder, &["check"]).output().unwrap();
    (
        String::from_utf8(output.stdout).unwrap(),
        output.status.success(),
    )
}

/// OIDC Discovery §3, RFC 8414 §2: the required lists of a document are not empty.
#[test]
fn required_list_is_not_empty() {
    for list in [
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
    ] {
        refuse(
            &format!("{list} = []"),
            &format!("{list} must have at least one element"),
        );
    }
    for list in [
        "grant_types_supported",
        "response_modes_supported",
        "token_endpoint_auth_methods_supported",
    ] {
        let reason = "must have at least one element, since its absence means the default";
        refuse(&format!("{list} = []"), &format!("{list} {reason}"));
    }
}

/// OIDC Discovery §3, RFC 8414 §2, RFC 8705 §5: endpoints are reached over TLS.
#[test]
fn an_endpoint_is_https() {
    let plain = "must be an https URL";
    refuse(
        "jwks_uri = \"http://as.example/keys\"",
        &format!("jwks_uri {plain}"),
    );
    refuse(
        "userinfo_endpoint = \"http://as.example/userinfo\"",
        &format!("userinfo_endpoint (FRONTDESK_USERINFO_ENDPOINT) {plain}"),
    );
    // Loopback is this machine, and the issuer's clients are on others.
    let loopback = "must be https, because the issuer is not on loopback";
    refuse(
        "revocation_endpoint = \"http://localhost:8080/revoke\"",
        &format!("revocation_endpoint {loopback}"),
    );
    refuse(
        "end_session_endpoint = \"HTTP://127.0.0.1/end\"",
        &format!("end_session_endpoint {loopback}"),
    );
    refuse(
        "protected_resources = [\"https://a.example\", \"http://[::1]/\"]",
        &format!("protected_resources {loopback}"),
    );
    for value in [
        "\"http://as.example/token\"",
        "\"http://localhost/token\"",
        "7",
    ] {
        let aliases =
            format!("[provider.metadata.mtls_endpoint_aliases]\ntoken_endpoint = {value}");
        refuse(
            &aliases,
            "mtls_endpoint_aliases must have https URLs for its values",
        );
    }
    let development = Setup::new()
        .with("FRONTDESK_ISSUER", "http://localhost:9443")
        .with("FRONTDESK_TOKEN_ENDPOINT", "http://localhost:8080/token")
        .start();
    assert_eq!(
        development.get(crate::CONFIGURATION).json()["token_endpoint"],
        "http://localhost:8080/token"
    );
}

/// OIDC Discovery §3: a subject type is public or pairwise.
#[test]
fn required_values_are_offered() {
    refuse(
        "subject_types_supported = [\"ephemeral\"]",
        "subject_types_supported must offer public or pairwise",
    );
}

/// RFC 8414 §2: algorithms for the methods that sign, and none of them is `none`.
#[test]
fn authentication_is_signed() {
    for endpoint in ["token", "revocation", "introspection"] {
        let (methods, algorithms) = (
            format!("{endpoint}_endpoint_auth_methods_supported"),
            format!("{endpoint}_endpoint_auth_signing_alg_values_supported"),
        );
        refuse(
            &format!("{algorithms} = [\"RS256\", \"none\"]"),
            &format!("{algorithms} must not offer none"),
        );
        for method in ["private_key_jwt", "client_secret_jwt"] {
            refuse(
                &format!("{methods} = [\"{method}\"]\n{algorithms} = []"),
                &format!("{algorithms} is required when {methods} offers {method}"),
            );
        }
    }
}

/// RFC 7591 §2.1, OIDC Core §9, CIBA §4: values that registration would refuse for every client are
/// not offered.
#[test]
fn offered_values_can_be_registered() {
    let nobody = "which requires";
    for (lines, rest) in [
        (
            "grant_types_supported = [\"implicit\"]\nresponse_types_supported = [\"id_token\", \"id_token code\"]",
            format!("response_types_supported offers code id_token, {nobody} authorization_code in grant_types_supported"),
        ),
        (
            "grant_types_supported = [\"authorization_code\", \"implicit\"]\nresponse_types_supported = [\"code\"]",
            format!("grant_types_supported offers implicit, {nobody} a type that uses it in response_types_supported"),
        ),
        (
            "grant_types_supported = [\"client_credentials\"]",
            "response_types_supported must be configured, since none of the default offer's fits grant_types_supported".to_owned(),
        ),
        (
            "grant_types_supported = [\"urn:openid:params:grant-type:ciba\"]\nresponse_types_supported = [\"none\"]",
            "backchannel_token_delivery_modes_supported is required when grant_types_supported offers urn:openid:params:grant-type:ciba"
                .to_owned(),
        ),
    ] {
        refuse(lines, &rest);
    }
    for endpoint in ["token", "revocation", "introspection"] {
        let (methods, algorithms) = (
            format!("{endpoint}_endpoint_auth_methods_supported"),
            format!("{endpoint}_endpoint_auth_signing_alg_values_supported"),
        );
        for (method, other, kind) in [
            ("client_secret_jwt", "RS256", "an HMAC algorithm"),
            ("private_key_jwt", "HS512", "an asymmetric algorithm"),
        ] {
            refuse(
                &format!("{methods} = [\"{method}\"]\n{algorithms} = [\"{other}\"]"),
                &format!("{algorithms} must offer {kind} when {methods} offers {method}"),
            );
        }
    }
    refuse(
        "jwks = { keys = [{ kty = \"oct\", k = \"c2VjcmV0\" }] }",
        "jwks has a symmetric key; only public keys may be registered",
    );
}

/// OIDC Discovery §3, RFC 8414 §2, RFC 9207 §3: each member has its own form.
#[test]
fn a_member_has_its_form() {
    for (line, rest) in [
        (
            "scopes_supported = \"openid\"",
            "scopes_supported must be an array",
        ),
        (
            "response_types_supported = [7]",
            "response_types_supported has an element that must be a string",
        ),
        (
            "response_types_supported = [\"\"]",
            "response_types_supported has an element that must be a word of printable ASCII characters",
        ),
        (
            "scopes_supported = [\"openid\", \"two words\"]",
            "scopes_supported has an element that must be a word of printable ASCII characters",
        ),
        (
            "authorization_response_iss_parameter_supported = \"true\"",
            "authorization_response_iss_parameter_supported must be true or false",
        ),
        (
            "claims_parameter_supported = [true]",
            "claims_parameter_supported must be true or false",
        ),
        (
            "code_challenge_methods_supported = \"S256\"",
            "code_challenge_methods_supported must be an array",
        ),
        (
            "revocation_endpoint = 7",
            "revocation_endpoint must be a string",
        ),
        (
            "revocation_endpoint = \"/revoke\"",
            "revocation_endpoint must be an https or http URL",
        ),
        (
            "revocation_endpoint = \"https://as.example/revoke#x\"",
            "revocation_endpoint must not contain a fragment",
        ),
        (
            "op_tos_uri = \"terms.html\"",
            "op_tos_uri must be an https or http URL",
        ),
        (
            "ui_locales_supported = [\"de_CH\"]",
            "ui_locales_supported has an element that must be a language tag (BCP 47)",
        ),
        (
            "mtls_endpoint_aliases = \"https://as.example\"",
            "mtls_endpoint_aliases must be a JSON object",
        ),
        (
            "signed_metadata = \"e30.e30.\"",
            "signed_metadata is set by the server and cannot be configured",
        ),
        (
            "scope_supported = [\"openid\"]",
            "scope_supported is not a member of provider metadata",
        ),
    ] {
        refuse(line, rest);
    }
}

/// A member that is configured twice is refused.
#[test]
fn duplicate_member_is_refused() {
    let folder = TempDir::new().unwrap();
    let setup = Setup::new().file(&provider(
        ISSUER,
        "",
        "scopes_supported = [\"openid\"]\nscopes_supported = [\"openid\"]",
    ));
    let sentence = "the configuration file frontdesk.toml is wrong at line 8: duplicate key";
    assert_eq!(setup.refused(folder.path(), &["serve"]), sentence);
    assert_eq!(setup.refused(folder.path(), &["check"]), sentence);
}

/// A configuration that no specification forbids starts; the check command notes what the operator
/// will hardly have intended.
#[test]
fn check_notes_unusual_configuration() {
    let folder = TempDir::new().unwrap();
    let metadata = "scopes_supported = []\nclaims_supported = [\"sub\", \"sub\"]\nsubject_types_supported = [\"public\", \"ephemeral\"]\n\
                    request_object_signing_alg_values_supported = [\"ES256\"]";
    let setup = Setup::new()
        .file(&provider(ISSUER, "", metadata))
        .with("FRONTDESK_LISTEN", "127.0.0.1:0");
    let (printed, well) = check(&setup, folder.path());
    let notes: Vec<&str> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("  note: "))
        .collect();
    assert_eq!(
        (notes, well),
        (
            vec![
                "userinfo_endpoint is recommended, and the document does not have it",
                "scopes_supported is recommended, and the document does not have it",
                "subject_types_supported offers ephemeral, which is neither public nor pairwise",
                "request_object_signing_alg_values_supported should offer RS256",
                "claims_supported offers sub more than once",
            ],
            true
        ),
        "{printed}"
    );
    assert_eq!(setup.start().get(crate::CONFIGURATION).status(), 200);
}

/// RFC 8615 §3: an issuer whose path is an address of another provider is refused, because one of
/// them would be unreachable.
#[test]
fn issuer_on_a_foreign_address_is_refused() {
    let refused = |issuers: &[&str]| {
        let folder = TempDir::new().unwrap();
        let file: Vec<_> = issuers
            .iter()
            .map(|issuer| provider(issuer, "", ""))
            .collect();
        let setup = Setup::new().file(&file.join("\n"));
        let sentence = setup.refused(folder.path(), &["serve"]);
        assert_eq!(setup.refused(folder.path(), &["check"]), sentence);
        sentence
            .strip_prefix("provider.issuer (FRONTDESK_ISSUER): the issuer ")
            .unwrap()
            .to_owned()
    };
    let (root, tenant) = (
        "https://login.example.com",
        "https://login.example.com/t/acme",
    );
    for (base, door) in [(root, ""), (tenant, "/t/acme")] {
        for name in ["register", "jwks", "identity", "oauth2"] {
            for below in ["", "/x", "/x/y"] {
                let issuer = format!("{base}/{name}{below}");
                let sentence = format!(
                    "{issuer} is at {door}/{name}, where {base} has addresses of its own; give it another path"
                );
                assert_eq!(refused(&[base, &issuer]), sentence);
            }
        }
    }
    // The order does not matter, nor does the port; and the first provider has the doors at the root.
    assert!(
        refused(&["https://login.example.com/register", root]).ends_with("give it another path")
    );
    assert!(
        refused(&[root, "https://login.example.com:8443/oauth2/x"])
            .ends_with("give it another path")
    );
    assert_eq!(
        refused(&[tenant, "https://login.example.com/oauth2/default"]),
        format!(
            "https://login.example.com/oauth2/default is at /oauth2, where {tenant} has addresses of its own; give it another path"
        )
    );
    assert_eq!(
        refused(&["https://login.example.com/identity"]),
        "https://login.example.com/identity is at /identity, where the host has addresses of its own; give it another path"
    );
    for issuer in [
        "https://login.example.com/.well-known",
        "https://login.example.com/a/.well-known/b",
    ] {
        let sentence = format!(
            "{issuer} has .well-known in its path, where documents are (RFC 8615); give it another path"
        );
        assert_eq!(refused(&[issuer]), sentence);
        assert_eq!(refused(&[root, issuer]), sentence);
    }
}

/// An issuer whose path no other provider uses is accepted, alone on its host or beside others.
#[test]
fn issuer_on_a_free_path_is_accepted() {
    for issuers in [
        &["https://login.example.com/oauth2/default"][..],
        &["https://login.example.com/register"],
        &[
            "https://login.example.com/a",
            "https://login.example.com/register",
            "https://login.example.com/registers",
        ],
        &[
            "https://login.example.com",
            "https://other.example/register",
        ],
        &[
            "https://login.example.com/t/acme",
            "https://login.example.com/t/acme2",
            "https://login.example.com/t/acme/jwksets",
        ],
    ] {
        let file: Vec<_> = issuers
            .iter()
            .map(|issuer| provider(issuer, "", ""))
            .collect();
        let server = crate::serving(&file.join("\n"));
        for issuer in issuers {
            let (host, path) = issuer
                .trim_start_matches("https://")
                .split_once('/')
                .unwrap_or((issuer.trim_start_matches("https://"), ""));
            let path = if path.is_empty() {
                String::new()
            } else {
                format!("/{path}")
            };
            let ask = |rest: &str| {
                server
                    .request("GET", &format!("{path}{rest}"))
                    .header("Host", host)
                    .send()
            };
            assert_eq!(ask(crate::CONFIGURATION).json()["issuer"], *issuer);
            assert_eq!(ask("/jwks").status(), 200, "{issuer}");
            assert_eq!(ask("/register").status(), 405, "{issuer}");
            ask("/register/nobody").refused(401, "invalid_token");
        }
    }
}
