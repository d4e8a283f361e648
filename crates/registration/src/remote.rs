//! What can only be judged by a look outside, after everything else was. OIDC Registration §5.

use std::net::IpAddr;

use actix_web::web::Data;
use oauth_http::Failure;
use outbound::{Caller, FetchError, FetchLimit};
use protocol::member::SingleValue;
use protocol::redirect_pattern::hosts_of;
use protocol::table::Fetched;
use protocol::uri::WebUri;
use protocol::values::SubjectType;
use protocol::{ClientMetadata, Invalid, RedirectUri, RegisteredMetadata};
use url::Url;

use crate::refusal::FETCHES;
use crate::throttle::Counted;
use crate::{Door, Refusal, Registration};

/// Judges the addresses that a server follows once the client is registered, whether or not they will be kept: as text, so it asks
/// nobody. Each row of the table says whether it has such addresses; those that are fetched now are judged when they are.
///
/// # Errors
/// Names the first member with an address that such a server must not follow.
pub fn judge(metadata: &ClientMetadata, registration: &Registration) -> Result<(), Invalid> {
    for (row, held) in metadata.present() {
        let may_be_followed: &dyn Fn(&str) -> bool = match row.fetched {
            Some(Fetched::Later) if row.shape == WebUri::SHAPE => {
                &|uri| may_be_called(registration, uri)
            }
            Some(Fetched::Later) => &|uri| may_be_fetched(registration, uri),
            Some(Fetched::Picture) => &|uri| registration.fetcher.check_host(uri).is_ok(),
            Some(Fetched::Now | Fetched::No) | None => continue,
        };
        if !held.addresses().into_iter().all(may_be_followed) {
            return Err(Invalid::new(row.name, FetchError::TEXT));
        }
    }
    Ok(())
}

/// The party on whose behalf documents are fetched.
pub fn caller(counted: Option<&Counted>, address: Option<IpAddr>) -> Caller {
    counted.map_or_else(
        || Caller {
            name: String::new(),
            address,
        },
        |counted| counted.caller(address),
    )
}

/// Checks what an agreed client's sector document says.
///
/// # Errors
/// When it cannot be fetched or does not say what it must; 429 while the caller has too many fetches under way, and 503 while
/// everybody has.
pub async fn check(
    registration: &Data<Registration>,
    metadata: &RegisteredMetadata,
    door: Door,
    caller: impl FnOnce() -> Caller,
) -> Result<(), Failure> {
    let agreed = metadata.members();
    let refuse = |member: &'static str, reason: &'static str| {
        Failure::from(Refusal::Invalid(Invalid::new(member, reason), door))
    };
    let Some(sector) = &agreed.sector_identifier_uri else {
        let pairwise = agreed.subject_type == Some(SubjectType::Pairwise);
        return match pairwise && !one_host(agreed) {
            true => Err(refuse(
                "subject_type",
                "needs sector_identifier_uri when redirect URIs are on several hosts",
            )),
            false => Ok(()),
        };
    };
    let fetcher = &registration.fetcher;
    let outcome = fetcher
        .json::<Vec<String>>(sector.as_str(), caller(), registration.clock.now())
        .await;
    let listed = outcome.map_err(|refused| match refused.limit() {
        Some(FetchLimit::Caller) => Refusal::TooMany(FETCHES, fetcher.timeout()).into(),
        Some(FetchLimit::Queue) => Refusal::Fetches(fetcher.timeout()).into(),
        None => {
            // Strangers cause it: the audit trail gathers refusals, and the metric has the reasons.
            tracing::debug!(
                reason = refused.reason(),
                "a sector document is not acceptable"
            );
            refuse("sector_identifier_uri", FetchError::TEXT)
        }
    })?;
    // One text for every failure: what an address answers is nothing for strangers to learn.
    let all_listed = agreed
        .redirect_uris
        .iter()
        .flatten()
        .all(|uri| listed.iter().any(|one| one == uri.as_str()));
    if all_listed {
        Ok(())
    } else {
        Err(refuse("sector_identifier_uri", FetchError::TEXT))
    }
}

/// Whether an authorization server may fetch from an address. A fragment is not sent (OIDC Core §6.2).
fn may_be_fetched(registration: &Registration, uri: &str) -> bool {
    let address = uri.split_once('#').map_or(uri, |(address, _)| address);
    registration.fetcher.check_address(address).is_ok()
}

/// Whether an authorization server may call an address. One with http, which OIDC Back-Channel Logout §2.2 allows, is judged like
/// the same one with https: on the port of https, or on that of http where the operator lists it.
fn may_be_called(registration: &Registration, uri: &str) -> bool {
    let judge = |uri: &str| registration.fetcher.check_address(uri).is_ok();
    if uri.starts_with("https:") {
        return judge(uri);
    }
    match Url::parse(uri) {
        Ok(url) if url.scheme() == "http" => {
            let rest = url.as_str().strip_prefix("http://").unwrap_or_default();
            let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            judge(&format!("https://{rest}"))
                || (url.port().is_none() && judge(&format!("https://{authority}:80{path}")))
        }
        _ => judge(uri),
    }
}

/// Whether the host of the redirect URIs can be the sector (OIDC Core §8.1). A URI without a host leads to whoever has its
/// scheme.
fn one_host(agreed: &ClientMetadata) -> bool {
    let sectors = |uri: &RedirectUri| {
        let scheme = uri.scheme();
        hosts_of(uri)
            .into_iter()
            .map(move |host| (host.is_none().then(|| scheme.clone()), host))
    };
    let mut sectors = agreed.redirect_uris.iter().flatten().flat_map(sectors);
    let first = sectors.next();
    sectors.all(|sector| Some(sector) == first)
}
