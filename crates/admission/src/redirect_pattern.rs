//! `regexp=` redirect URIs in a request. Only accounts may register new ones, at the WSO2 endpoints, and each origin that a pattern
//! stands for follows the rules of a redirect URI. The grammar of patterns is in `protocol`.

use protocol::redirect_pattern::{RedirectPattern, origins_of_any};
use protocol::uri::RedirectForm;
use protocol::values::{ApplicationType, GrantType};
use protocol::{ClientMetadata, InvalidMember, LegacyRedirects, RedirectUri};

use crate::Policy;

/// Checks the patterns among the redirect URIs, and sets the application type of a client that has one: the rules for a redirect
/// URI (OIDC Registration §2) apply to every origin of a pattern.
///
/// # Errors
/// When a pattern must not be registered.
pub(crate) fn check(
    asked: &mut ClientMetadata,
    policy: &Policy,
    legacy: LegacyRedirects<'_>,
    may_introduce: bool,
) -> Result<(), InvalidMember> {
    if !asked.has_patterns() {
        return Ok(());
    }
    let refuse = |reason| InvalidMember::new("redirect_uris", reason);
    let mut standing_for = Vec::new();
    for uri in asked.redirect_uris.iter().flatten() {
        if uri.form() != RedirectForm::Pattern {
            standing_for.push(uri.clone());
            continue;
        }
        let permitted = match legacy {
            LegacyRedirects::Refused => false,
            LegacyRedirects::Accepted => may_introduce,
            LegacyRedirects::Kept(_) => legacy.allows(uri),
        };
        if !permitted {
            return Err(refuse(
                "has a pattern; only accounts may register patterns, at a WSO2 endpoint",
            ));
        }
        standing_for.extend(origins(uri, legacy).map_err(refuse)?);
    }
    let spelled_out = ClientMetadata {
        redirect_uris: Some(standing_for),
        ..asked.clone()
    };
    let agreed = policy
        .provider
        .admit(spelled_out, &policy.terms(of_origins(legacy)))?;
    asked
        .application_type
        .clone_from(&agreed.members().application_type);
    Ok(())
}

/// Returns the treatment of the origins of patterns. A registered client with the implicit grant keeps it for the origins of its
/// patterns, none of which is one of its redirect URIs.
fn of_origins(legacy: LegacyRedirects<'_>) -> LegacyRedirects<'_> {
    match legacy {
        LegacyRedirects::Kept(registered)
            if registered.application_type == Some(ApplicationType::Web)
                && registered
                    .grant_types
                    .as_ref()
                    .is_some_and(|grants| grants.contains(&GrantType::Implicit)) =>
        {
            LegacyRedirects::Accepted
        }
        other => other,
    }
}

/// Returns the origins of a pattern. A pattern that was registered before the grammar was introduced may stay, since an update must
/// repeat it; it has no judged form.
fn origins(
    uri: &RedirectUri,
    legacy: LegacyRedirects<'_>,
) -> Result<Vec<RedirectUri>, &'static str> {
    match RedirectPattern::parse(uri) {
        Ok(pattern) => Ok(pattern.origins().to_vec()),
        Err(_) if matches!(legacy, LegacyRedirects::Kept(_)) => origins_of_any(uri),
        Err(reason) => Err(reason),
    }
}
