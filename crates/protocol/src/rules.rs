//! Rules over several members: one function for each sentence of a specification that has one.

use crate::ClientMetadata;
use crate::admit::Terms;
use crate::member::Invalid;
use crate::response_type::ResponseType;
use crate::uri::{RedirectForm, RedirectUri};
use crate::values::{ApplicationType, AuthMethod, GrantType, SigningAlgorithm};

/// One rule.
pub struct Rule {
    /// What it says, in one sentence.
    pub doc: &'static str,
    /// Where that is written.
    pub spec: &'static str,
    /// Whether what is about to be agreed keeps it.
    pub check: fn(&ClientMetadata, &Terms<'_>) -> Result<(), Invalid>,
}

/// How many redirect URIs a client may have.
pub const REDIRECT_URIS_MAX: usize = 50;

/// How many request URIs a client may have.
pub const REQUEST_URIS_MAX: usize = 10;

/// Every rule, in the order they are checked.
pub const ALL: &[Rule] = &[
    Rule {
        doc: "Redirect URIs are there when a granted flow redirects, and are not too many.",
        spec: "RFC 7591 §2",
        check: redirect_uris_are_there,
    },
    Rule { doc: "Patterns and values without a scheme come from WSO2 clients only.", spec: "RFC 9700 §2.1", check: legacy_redirects },
    Rule {
        doc: "A web application is redirected to https only, and not to localhost with the implicit grant.",
        spec: "OIDC Registration §2",
        check: web_redirects,
    },
    Rule {
        doc: "A native application is redirected to https, to loopback, or to a private-use scheme of its own.",
        spec: "RFC 8252 §7",
        check: native_redirects,
    },
    Rule { doc: "A client is a web or a native application.", spec: "OIDC Registration §2", check: known_application_type },
    Rule { doc: "Keys are given by value or by reference, not both.", spec: "RFC 7591 §2", check: one_source_of_keys },
    Rule { doc: "A client that authenticates with keys registers them.", spec: "OIDC Core §9", check: keys_for_authentication },
    Rule {
        doc: "A client that authenticates with a certificate of a public key infrastructure names one subject.",
        spec: "RFC 8705 §2.1.2",
        check: one_certificate_subject,
    },
    Rule {
        doc: "Only a client that authenticates may use the client credentials grant.",
        spec: "RFC 6749 §4.4",
        check: credentials_for_client_credentials,
    },
    Rule { doc: "A JWT that authenticates is signed.", spec: "OIDC Core §9", check: signed_authentication },
    Rule {
        doc: "ID Tokens are unsigned only when they come straight from the token endpoint.",
        spec: "OIDC Core §2",
        check: unsigned_id_tokens,
    },
    Rule { doc: "Request URIs are not too many.", spec: "OIDC Registration §2", check: few_request_uris },
];

fn redirect_uris(agreed: &ClientMetadata) -> &[RedirectUri] {
    agreed.redirect_uris.as_deref().unwrap_or_default()
}

fn grants(agreed: &ClientMetadata) -> &[GrantType] {
    agreed.grant_types.as_deref().unwrap_or_default()
}

fn redirects(agreed: &ClientMetadata) -> bool {
    grants(agreed).iter().any(GrantType::redirects)
}

fn refuse(member: &'static str, reason: impl Into<std::borrow::Cow<'static, str>>) -> Result<(), Invalid> {
    Err(Invalid::new(member, reason))
}

fn redirect_uris_are_there(agreed: &ClientMetadata, _: &Terms<'_>) -> Result<(), Invalid> {
    match redirect_uris(agreed).len() {
        0 if redirects(agreed) => refuse("redirect_uris", "must have at least one element for the authorization code and implicit grants"),
        many if many > REDIRECT_URIS_MAX => refuse("redirect_uris", format!("must have at most {REDIRECT_URIS_MAX} elements")),
        _ => Ok(()),
    }
}

fn legacy_redirects(agreed: &ClientMetadata, terms: &Terms<'_>) -> Result<(), Invalid> {
    let uris = redirect_uris(agreed);
    for uri in uris {
        match uri.form() {
            RedirectForm::Pattern if !terms.legacy.allows(uri) => {
                return refuse("redirect_uris", "has an element that must be an absolute URI, not a pattern");
            }
            RedirectForm::Pattern if uris.len() > 1 => return refuse("redirect_uris", "must have no other element beside a pattern"),
            RedirectForm::Schemeless if !terms.legacy.allows(uri) || redirects(agreed) => {
                return refuse("redirect_uris", "has an element that must be an absolute URI");
            }
            _ => {}
        }
    }
    Ok(())
}

fn web_redirects(agreed: &ClientMetadata, _: &Terms<'_>) -> Result<(), Invalid> {
    if agreed.application_type != Some(ApplicationType::Web) {
        return Ok(());
    }
    for uri in redirect_uris(agreed) {
        match uri.form() {
            RedirectForm::HttpLoopback => return refuse("redirect_uris", "has an http element, which only a native application may have"),
            RedirectForm::PrivateUse => {
                return refuse("redirect_uris", "has an element with a scheme that only a native application may use");
            }
            RedirectForm::HttpsLocalhost if grants(agreed).contains(&GrantType::Implicit) => {
                return refuse(
                    "redirect_uris",
                    "has an element on localhost, which a web application with the implicit grant may not have",
                );
            }
            _ => {}
        }
    }
    Ok(())
}

fn native_redirects(agreed: &ClientMetadata, terms: &Terms<'_>) -> Result<(), Invalid> {
    for uri in redirect_uris(agreed).iter().filter(|uri| uri.form() == RedirectForm::PrivateUse) {
        let scheme = uri.scheme().unwrap_or_default();
        if !scheme.contains('.') && !terms.native_schemes.iter().any(|allowed| allowed.eq_ignore_ascii_case(&scheme)) {
            return refuse("redirect_uris", "has an element with a private-use scheme that is not a domain name of its owner in reverse");
        }
    }
    Ok(())
}

fn known_application_type(agreed: &ClientMetadata, _: &Terms<'_>) -> Result<(), Invalid> {
    match agreed.application_type {
        Some(ApplicationType::Other(_)) => refuse("application_type", "must be web or native"),
        _ => Ok(()),
    }
}

fn one_source_of_keys(agreed: &ClientMetadata, _: &Terms<'_>) -> Result<(), Invalid> {
    if agreed.jwks.is_some() && agreed.jwks_uri.is_some() { refuse("jwks", "must not stand beside jwks_uri") } else { Ok(()) }
}

fn keys_for_authentication(agreed: &ClientMetadata, _: &Terms<'_>) -> Result<(), Invalid> {
    match &agreed.token_endpoint_auth_method {
        Some(method) if method.needs_keys() && agreed.jwks.is_none() && agreed.jwks_uri.is_none() => {
            refuse("token_endpoint_auth_method", "needs jwks or jwks_uri beside it")
        }
        _ => Ok(()),
    }
}

fn one_certificate_subject(agreed: &ClientMetadata, _: &Terms<'_>) -> Result<(), Invalid> {
    let subjects = ClientMetadata::ROWS.iter().filter(|row| row.name.starts_with("tls_client_auth_") && agreed.has(row.name)).count();
    if agreed.token_endpoint_auth_method == Some(AuthMethod::TlsClientAuth) && subjects != 1 {
        return refuse("token_endpoint_auth_method", "needs exactly one tls_client_auth_ member beside it");
    }
    Ok(())
}

fn credentials_for_client_credentials(agreed: &ClientMetadata, _: &Terms<'_>) -> Result<(), Invalid> {
    if agreed.token_endpoint_auth_method == Some(AuthMethod::None) && grants(agreed).contains(&GrantType::ClientCredentials) {
        return refuse("token_endpoint_auth_method", "must not be none with the client credentials grant");
    }
    Ok(())
}

fn signed_authentication(agreed: &ClientMetadata, _: &Terms<'_>) -> Result<(), Invalid> {
    match agreed.token_endpoint_auth_signing_alg {
        Some(SigningAlgorithm::None) => refuse("token_endpoint_auth_signing_alg", "must not be none"),
        _ => Ok(()),
    }
}

fn unsigned_id_tokens(agreed: &ClientMetadata, _: &Terms<'_>) -> Result<(), Invalid> {
    let code_only = agreed.response_types.iter().flatten().all(ResponseType::is_code_only);
    if agreed.id_token_signed_response_alg == Some(SigningAlgorithm::None) && !code_only {
        return refuse("id_token_signed_response_alg", "must not be none with a response type other than code");
    }
    Ok(())
}

fn few_request_uris(agreed: &ClientMetadata, _: &Terms<'_>) -> Result<(), Invalid> {
    if agreed.request_uris.as_ref().is_some_and(|uris| uris.len() > REQUEST_URIS_MAX) {
        return refuse("request_uris", format!("must have at most {REQUEST_URIS_MAX} elements"));
    }
    Ok(())
}
