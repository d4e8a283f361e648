//! What can only be judged by a look outside, after everything else was. OIDC Registration §5.

use actix_web::web::Data;
use oauth_http::{Failure, blocking};
use outbound::Refused;
use protocol::uri::{HttpsUri, WebUri};
use protocol::values::SubjectType;
use protocol::{ClientMetadata, Invalid, RedirectUri, RegisteredMetadata};
use url::Url;

use crate::{Door, Refusal, Registration, redirect_pattern};

/// Checks the addresses an agreed client points at.
///
/// # Errors
/// When one cannot be fetched or does not say what it must.
pub async fn check(registration: &Data<Registration>, metadata: &RegisteredMetadata, door: Door) -> Result<(), Failure> {
    let agreed = metadata.members();
    let refuse = |member: &'static str, reason: &'static str| Failure::from(Refusal::Invalid(Invalid::new(member, reason), door));
    for (member, uri) in called_later(agreed) {
        if !may_be_called(registration, uri) {
            return Err(refuse(member, Refused::TEXT));
        }
    }
    let Some(sector) = &agreed.sector_identifier_uri else {
        let pairwise = agreed.subject_type == Some(SubjectType::Pairwise);
        return match pairwise && !one_host(agreed) {
            true => Err(refuse("subject_type", "needs sector_identifier_uri when redirect URIs are on several hosts")),
            false => Ok(()),
        };
    };
    let (fetcher, address, now) = (registration.fetcher.clone(), sector.as_str().to_owned(), registration.clock.now());
    let listed = blocking(move || fetcher.json::<Vec<String>>(&address, now)).await?.map_err(|refused| {
        tracing::info!(reason = refused.reason(), "a sector document is not acceptable");
        refuse("sector_identifier_uri", Refused::TEXT)
    })?;
    // One text for every failure: what an address answers is nothing for strangers to learn.
    let all_listed = agreed.redirect_uris.iter().flatten().all(|uri| listed.iter().any(|one| one == uri.as_str()));
    if all_listed { Ok(()) } else { Err(refuse("sector_identifier_uri", Refused::TEXT)) }
}

/// The addresses that are kept now and that a provider calls later: the same ones are out of bounds for it.
fn called_later(agreed: &ClientMetadata) -> impl Iterator<Item = (&'static str, &str)> {
    let members = [
        ("jwks_uri", agreed.jwks_uri.as_ref().map(HttpsUri::as_str)),
        ("backchannel_logout_uri", agreed.backchannel_logout_uri.as_ref().map(WebUri::as_str)),
        ("backchannel_client_notification_endpoint", agreed.backchannel_client_notification_endpoint.as_ref().map(HttpsUri::as_str)),
    ];
    members.into_iter().filter_map(|(member, uri)| Some((member, uri?)))
}

/// Whether a provider may call an address. One with http, which OIDC Back-Channel Logout §2.2 allows, is judged like the
/// same one with https: on the port of https, or on that of http where the operator lists it.
fn may_be_called(registration: &Registration, uri: &str) -> bool {
    let judge = |uri: &str| registration.fetcher.check_address(uri).is_ok();
    if uri.starts_with("https:") {
        return judge(uri);
    }
    match Url::parse(uri) {
        Ok(url) if url.scheme() == "http" => {
            let rest = url.as_str().strip_prefix("http://").unwrap_or_default();
            let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            judge(&format!("https://{rest}")) || (url.port().is_none() && judge(&format!("https://{authority}:80{path}")))
        }
        _ => judge(uri),
    }
}

/// Whether the host of the redirect URIs can be the sector (OIDC Core §8.1). A URI without a host leads to whoever has its
/// scheme.
fn one_host(agreed: &ClientMetadata) -> bool {
    let sectors = |uri: &RedirectUri| {
        let scheme = uri.scheme();
        redirect_pattern::hosts(uri).into_iter().map(move |host| (host.is_none().then(|| scheme.clone()), host))
    };
    let mut sectors = agreed.redirect_uris.iter().flatten().flat_map(sectors);
    let first = sectors.next();
    sectors.all(|sector| Some(sector) == first)
}
