//! Where users may be sent back to.

use super::{grants, refuse};
use crate::ClientMetadata;
use crate::admit::Terms;
use crate::member::Invalid;
use crate::uri::{RedirectForm, RedirectUri};
use crate::values::{ApplicationType, GrantType};

/// How many redirect URIs a client may have.
pub const REDIRECT_URIS_MAX: usize = 50;

fn redirects(agreed: &ClientMetadata) -> bool {
    grants(agreed).iter().any(GrantType::redirects)
}

fn redirect_uris(agreed: &ClientMetadata) -> &[RedirectUri] {
    agreed.redirect_uris.as_deref().unwrap_or_default()
}

/// Both members that lead back to the client, with a code or with a permission ticket (UMA 2.0 Grant §3.3.3).
pub(crate) fn ways_back(agreed: &ClientMetadata) -> impl Iterator<Item = (&'static str, &RedirectUri)> {
    let claims = agreed.claims_redirect_uris.iter().flatten();
    redirect_uris(agreed).iter().map(|uri| ("redirect_uris", uri)).chain(claims.map(|uri| ("claims_redirect_uris", uri)))
}

pub(super) fn are_there(agreed: &ClientMetadata, _: &Terms<'_>) -> Result<(), Invalid> {
    match redirect_uris(agreed).len() {
        0 if redirects(agreed) => refuse("redirect_uris", "must have at least one element for the authorization code and implicit grants"),
        many if many > REDIRECT_URIS_MAX => refuse("redirect_uris", format!("must have at most {REDIRECT_URIS_MAX} elements")),
        _ => Ok(()),
    }
}

pub(super) fn legacy(agreed: &ClientMetadata, terms: &Terms<'_>) -> Result<(), Invalid> {
    let alone = redirect_uris(agreed).len() == 1;
    for (member, uri) in ways_back(agreed) {
        let allowed = member == "redirect_uris" && terms.legacy.allows(uri);
        match uri.form() {
            RedirectForm::Pattern if !allowed => return refuse(member, "has an element that must be an absolute URI, not a pattern"),
            RedirectForm::Pattern if !alone => return refuse(member, "must have no other element beside a pattern"),
            RedirectForm::Schemeless if !allowed || redirects(agreed) => {
                return refuse(member, "has an element that must be an absolute URI");
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn known_application(agreed: &ClientMetadata, _: &Terms<'_>) -> Result<(), Invalid> {
    match agreed.application_type {
        Some(ApplicationType::Other(_)) => refuse("application_type", "must be web or native"),
        _ => Ok(()),
    }
}

pub(super) fn of_web_applications(agreed: &ClientMetadata, _: &Terms<'_>) -> Result<(), Invalid> {
    if agreed.application_type != Some(ApplicationType::Web) {
        return Ok(());
    }
    let implicit = grants(agreed).contains(&GrantType::Implicit);
    for (member, uri) in ways_back(agreed) {
        match uri.form() {
            RedirectForm::HttpLoopback => return refuse(member, "has an http element, which only a native application may have"),
            RedirectForm::PrivateUse => return refuse(member, "has an element with a scheme that only a native application may use"),
            RedirectForm::HttpsLocalhost if implicit => {
                return refuse(member, "has an element on localhost, which a web application with the implicit grant may not have");
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn of_native_applications(agreed: &ClientMetadata, terms: &Terms<'_>) -> Result<(), Invalid> {
    for (member, uri) in ways_back(agreed).filter(|(_, uri)| uri.form() == RedirectForm::PrivateUse) {
        let scheme = uri.scheme().unwrap_or_default();
        if !scheme.contains('.') && !terms.native_schemes.iter().any(|allowed| allowed.eq_ignore_ascii_case(&scheme)) {
            return refuse(member, "has an element with a private-use scheme that is not a domain name of its owner in reverse");
        }
    }
    Ok(())
}
