//! Rules about redirection URIs and the application type.

use super::{grants, refuse};
use crate::ClientMetadata;
use crate::admit::{ANY_SCHEME, AdmissionRules};
use crate::member::InvalidMember;
use crate::uri::{RedirectForm, RedirectUri};
use crate::values::{ApplicationType, GrantType};

/// The maximum number of elements of `redirect_uris`, `claims_redirect_uris` and `post_logout_redirect_uris` each.
pub const REDIRECT_URIS_MAX: usize = 50;

fn redirects(agreed: &ClientMetadata) -> bool {
    grants(agreed).iter().any(GrantType::redirects)
}

fn redirect_uris(agreed: &ClientMetadata) -> &[RedirectUri] {
    agreed.redirect_uris.as_deref().unwrap_or_default()
}

/// Returns the elements of `redirect_uris` and of `claims_redirect_uris` (UMA 2.0 Grant §3.3.3), each with its member.
pub(crate) fn redirection_uris(
    agreed: &ClientMetadata,
) -> impl Iterator<Item = (&'static str, &RedirectUri)> {
    let claims = agreed.claims_redirect_uris.iter().flatten();
    redirect_uris(agreed)
        .iter()
        .map(|uri| ("redirect_uris", uri))
        .chain(claims.map(|uri| ("claims_redirect_uris", uri)))
}

pub(super) fn require_redirect_uris(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    if redirect_uris(agreed).is_empty() && redirects(agreed) {
        return refuse(
            "redirect_uris",
            "must have at least one element for the authorization code and implicit grants",
        );
    }
    Ok(())
}

pub(super) fn limit_redirect_uris(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    let counts = [
        ("redirect_uris", agreed.redirect_uris.as_ref().map(Vec::len)),
        (
            "claims_redirect_uris",
            agreed.claims_redirect_uris.as_ref().map(Vec::len),
        ),
        (
            "post_logout_redirect_uris",
            agreed.post_logout_redirect_uris.as_ref().map(Vec::len),
        ),
    ];
    match counts
        .into_iter()
        .find(|(_, count)| count.is_some_and(|count| count > REDIRECT_URIS_MAX))
    {
        Some((member, _)) => refuse(
            member,
            format!("must have at most {REDIRECT_URIS_MAX} elements"),
        ),
        None => Ok(()),
    }
}

pub(super) fn legacy(
    agreed: &ClientMetadata,
    terms: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    let alone = redirect_uris(agreed).len() == 1;
    for (member, uri) in redirection_uris(agreed) {
        let allowed = member == "redirect_uris" && terms.legacy.allows(uri);
        match uri.form() {
            RedirectForm::Pattern if !allowed => {
                return refuse(
                    member,
                    "has an element that must be an absolute URI, not a pattern",
                );
            }
            RedirectForm::Pattern if !alone => {
                return refuse(member, "must not have other elements when it has a pattern");
            }
            RedirectForm::Schemeless if !allowed || redirects(agreed) => {
                return refuse(member, "has an element that must be an absolute URI");
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn known_application(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    match agreed.application_type {
        Some(ApplicationType::Other(_)) => refuse("application_type", "must be web or native"),
        _ => Ok(()),
    }
}

pub(super) fn of_web_applications(
    agreed: &ClientMetadata,
    terms: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    if agreed.application_type != Some(ApplicationType::Web) {
        return Ok(());
    }
    let implicit = grants(agreed).contains(&GrantType::Implicit);
    for (member, uri) in redirection_uris(agreed) {
        match uri.form() {
            RedirectForm::HttpLoopback if implicit => {
                return refuse(
                    member,
                    "must use https for a web application with the implicit grant",
                );
            }
            RedirectForm::HttpsLocalhost if implicit && !terms.legacy.allows_implicit_on(uri) => {
                return refuse(
                    member,
                    "must not use localhost for a web application with the implicit grant",
                );
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn of_native_applications(
    agreed: &ClientMetadata,
    terms: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    let owned = |scheme: &str| {
        let name_in_reverse = scheme.contains('.') && !scheme.split('.').any(str::is_empty);
        name_in_reverse
            || terms
                .native_schemes
                .iter()
                .any(|allowed| allowed == ANY_SCHEME || allowed.eq_ignore_ascii_case(scheme))
    };
    let back = redirection_uris(agreed)
        .filter(|(_, uri)| uri.form() == RedirectForm::PrivateUse)
        .map(|(member, uri)| (member, uri.scheme()));
    let out = agreed
        .post_logout_redirect_uris
        .iter()
        .flatten()
        .map(|uri| ("post_logout_redirect_uris", uri.private_use_scheme()));
    match back
        .chain(out)
        .find(|(_, scheme)| scheme.as_deref().is_some_and(|scheme| !owned(scheme)))
    {
        Some((member, _)) => refuse(
            member,
            "has a private-use scheme that is not a reversed domain name, such as com.example.app",
        ),
        None => Ok(()),
    }
}
