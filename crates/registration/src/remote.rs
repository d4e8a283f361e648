//! What can only be judged by a look outside, after everything else was. OIDC Registration §5.

use actix_web::web::Data;
use oauth_http::{Failure, blocking};
use outbound::Refused;
use protocol::values::SubjectType;
use protocol::{ClientMetadata, Invalid, RegisteredMetadata};

use crate::{Door, Refusal, Registration, redirect_pattern};

/// Checks the addresses an agreed client points at.
///
/// # Errors
/// When one cannot be fetched or does not say what it must.
pub async fn check(registration: &Data<Registration>, metadata: &RegisteredMetadata, door: Door) -> Result<(), Failure> {
    let agreed = metadata.members();
    let refuse = |member: &'static str, reason: &'static str| Failure::from(Refusal::Invalid(Invalid::new(member, reason), door));
    if let Some(uri) = &agreed.jwks_uri {
        registration.fetcher.check_address(uri.as_str()).map_err(|_| refuse("jwks_uri", Refused::TEXT))?;
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

fn one_host(agreed: &ClientMetadata) -> bool {
    let mut hosts = agreed.redirect_uris.iter().flatten().flat_map(redirect_pattern::hosts);
    let first = hosts.next();
    hosts.all(|host| Some(host) == first)
}
