//! From the metadata that a client asks for to the metadata that its provider agrees to.

use outbound::Fetcher;
use protocol::{Agreement, ClientMetadata, LegacyRedirects, Object, Timestamp, TokenTerms};

use crate::{Policy, Rejection, client_keys, redirect_pattern, sector, software_statement};

/// A request for registration or update, after its caller was authenticated.
pub struct ClientRequest<'a> {
    /// The members that the client sent.
    pub members: Object,
    /// The redirect URIs of legacy forms that are permitted.
    pub redirects: LegacyRedirects<'a>,
    /// True if the caller may register new patterns, where `redirects` accepts them: only accounts may.
    pub may_introduce_patterns: bool,
    /// The terms with which the client registers, or was registered: those of its initial access token or of open registration.
    pub terms: Option<&'a TokenTerms>,
    /// The time at which a software statement must be valid.
    pub now: Timestamp,
}

/// Decides about a request: software statement, member types, redirect patterns, addresses as text, the provider's offer within
/// the terms of the token, and client keys, in this order. Nothing is fetched: `fetcher` knows the destinations that are allowed.
/// Addresses are judged before the offer drops members, so that a member with a forbidden address is rejected in any case. The
/// agreement says why it differs from the request; members that the table does not know are dropped without a word.
///
/// # Errors
/// The first reason for which the request cannot be accepted.
pub fn agree(
    policy: &Policy,
    fetcher: &Fetcher,
    request: ClientRequest<'_>,
) -> Result<Agreement, Rejection> {
    let members = software_statement::apply(
        request.members,
        &policy.trusted,
        &policy.issuer,
        request.now,
    )?;
    let mut asked = ClientMetadata::parse(members)?;
    redirect_pattern::check(
        &mut asked,
        policy,
        request.redirects,
        request.may_introduce_patterns,
    )
    .map_err(|invalid| invalid.by("pattern"))?;
    sector::check_addresses(fetcher, &asked)?;
    let (provider, rules) = (&policy.provider, policy.terms(request.redirects));
    let agreed = match request.terms {
        Some(terms) => {
            let agreed = terms.decide(provider, asked, &rules)?;
            // The terms may have set members with addresses of their own.
            sector::check_addresses(fetcher, agreed.metadata.members())?;
            agreed
        }
        None => provider.decide(asked, &rules)?,
    };
    client_keys::check(agreed.metadata.members(), provider)
        .map_err(|invalid| invalid.by("unsuitable_key"))?;
    Ok(agreed)
}
