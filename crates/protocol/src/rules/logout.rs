//! Rules about logout URIs.

use super::refuse;
use crate::ClientMetadata;
use crate::admit::AdmissionRules;
use crate::member::InvalidMember;
use crate::uri::{RedirectForm, RedirectUri, find_parameter, origin};
use crate::values::{ApplicationType, AuthMethod};

fn is_public(agreed: &ClientMetadata) -> bool {
    agreed.token_endpoint_auth_method == Some(AuthMethod::None)
}

fn is_http(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("http"))
}

pub(super) fn frontchannel_beside_a_redirect_uri(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    let Some(uri) = &agreed.frontchannel_logout_uri else {
        return Ok(());
    };
    let web = agreed
        .redirect_uris
        .iter()
        .flatten()
        .filter(|uri| uri.host().is_some());
    let mut origins = web.map(|uri| origin(uri.as_str())).peekable();
    let own = origin(uri.as_str());
    if origins.peek().is_some() && origins.all(|other| other != own) {
        return refuse(
            "frontchannel_logout_uri",
            "must have the scheme, host and port of a redirect URI",
        );
    }
    Ok(())
}

pub(super) fn confidential_backchannel(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    match &agreed.backchannel_logout_uri {
        Some(uri) if is_public(agreed) && is_http(uri.as_str()) => refuse(
            "backchannel_logout_uri",
            "must use https for a public client",
        ),
        _ => Ok(()),
    }
}

pub(super) fn confidential_way_out(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    // A web application that is being developed has its addresses on loopback, as a native application has.
    let loopback = agreed.application_type == Some(ApplicationType::Native)
        || agreed
            .redirect_uris
            .iter()
            .flatten()
            .any(|uri| uri.form() == RedirectForm::HttpLoopback);
    let on_loopback = |text: &str| {
        RedirectUri::parse_form(text.to_owned())
            .is_ok_and(|uri| uri.form() == RedirectForm::HttpLoopback)
    };
    let mut plain = agreed
        .post_logout_redirect_uris
        .iter()
        .flatten()
        .filter(|uri| is_http(uri.as_str()));
    if is_public(agreed) && plain.any(|uri| !(loopback && on_loopback(uri.as_str()))) {
        return refuse(
            "post_logout_redirect_uris",
            "must use https for a public client",
        );
    }
    Ok(())
}

pub(super) fn way_out_without_state(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    let mut uris = agreed.post_logout_redirect_uris.iter().flatten();
    match uris.any(|uri| find_parameter(uri.as_str(), &["state"]).is_some()) {
        true => refuse(
            "post_logout_redirect_uris",
            "has an element with the query parameter state, which is reserved for the provider",
        ),
        false => Ok(()),
    }
}
