//! `regexp=` redirect URIs among what a client asks for: who may bring them, and what they stand for.

use protocol::redirect_pattern::{RedirectPattern, origins_of_any};
use protocol::uri::RedirectForm;
use protocol::{ClientMetadata, Invalid, LegacyRedirects, RedirectUri};

use crate::Policy;

/// Judges the patterns among the redirect URIs, and settles the application type of a client that has one: what holds for
/// a redirect URI (OIDC Registration §2) holds for every origin of a pattern. `may_introduce` says whether the caller may
/// bring new ones: only accounts may.
///
/// # Errors
/// When there is one that must not be registered.
pub fn check(
    asked: &mut ClientMetadata,
    policy: &Policy,
    legacy: LegacyRedirects<'_>,
    may_introduce: bool,
) -> Result<(), Invalid> {
    if !asked.has_patterns() {
        return Ok(());
    }
    let refuse = |reason| Invalid::new("redirect_uris", reason);
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
                "has a pattern, which only an account may register at a WSO2 door",
            ));
        }
        standing_for.extend(origins(uri, legacy).map_err(refuse)?);
    }
    let spelled_out = ClientMetadata {
        redirect_uris: Some(standing_for),
        ..asked.clone()
    };
    let agreed = policy.provider.admit(spelled_out, &policy.terms(legacy))?;
    asked
        .application_type
        .clone_from(&agreed.members().application_type);
    Ok(())
}

/// The origins of a pattern. One that was registered before there was a grammar may stay, since an update that must repeat it
/// could do nothing else; it is in no judged form.
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
