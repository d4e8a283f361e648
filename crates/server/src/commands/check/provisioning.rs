//! Tries the connector of a provider, and reads the rows of copies.

use std::time::{Duration, Instant};

use store::{ProvisioningCount, ProvisioningState};

use crate::commands::error_text;
use crate::config::{Config, ProviderConfig};
use crate::open_store;
use crate::provider::ProviderOffer;
use crate::settings::named;

/// The time within which a server must answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Adds notes about a provider's copies, and returns the problems: a file that cannot be used, or a right that the connector
/// lacks.
pub(super) fn check(
    config: &Config,
    provider: &ProviderConfig,
    offer: &ProviderOffer,
    notes: &mut Vec<String>,
) -> Vec<String> {
    let Some(provision) = &provider.provision else {
        return Vec::new();
    };
    let issuer = &provider.issuer;
    if provision.is_plain {
        notes.push(
            "credentials and client secrets pass the network to the authorization server in clear: a network that can read them can register clients there"
                .to_owned(),
        );
    }
    notes.extend(near_limit(config, provider, provision.at_most));
    let random = crate::random();
    let connector = crate::provision::connector(config, provider, provision, offer, random);
    let connector = match connector {
        Ok(connector) => connector,
        Err(error) => return vec![error_text(&error)],
    };
    let begun = Instant::now();
    let deadline = begun.checked_add(TIMEOUT).unwrap_or(begun);
    let findings = connector.check(issuer, deadline).into_iter();
    let faults = findings.filter(|finding| !finding.is_well);
    faults
        .map(|fault| format!("the provider {issuer}: its clients cannot be written into the authorization server: {fault}"))
        .collect()
}

/// Returns a note if the copies of a provider come near their limit.
fn near_limit(config: &Config, provider: &ProviderConfig, at_most: u32) -> Option<String> {
    if at_most == 0 {
        return None;
    }
    let issuer = provider.issuer.as_str();
    let counts = counts(config);
    let counted = counts
        .iter()
        .filter(|row| row.provider == issuer && row.state != ProvisioningState::Deleting);
    let copies: u64 = counted.map(|row| row.count).sum();
    let is_near = copies.saturating_mul(5) >= u64::from(at_most).saturating_mul(4);
    is_near.then(|| {
        format!(
            "{copies} of at most {at_most} copies are there; a registration beyond {} is 503",
            named("provider.provision.at_most")
        )
    })
}

/// Returns a note for each issuer with copies at an authorization server that nothing delivers any more.
pub(super) fn resting(config: &Config) -> Vec<String> {
    let is_delivered = |issuer: &str| {
        let mut providers = config.providers.iter();
        providers.any(|one| one.issuer.as_str() == issuer && one.provision.is_some())
    };
    let mut notes: Vec<(String, u64)> = Vec::new();
    for row in counts(config) {
        match notes.last_mut() {
            _ if is_delivered(&row.provider) => {}
            Some((issuer, copies)) if *issuer == row.provider => *copies += row.count,
            _ => notes.push((row.provider, row.count)),
        }
    }
    let note = |(issuer, copies): (String, u64)| {
        let (of, rest) = match copies {
            1 => ("1 copy of a client", "rests"),
            _ => (&*format!("{copies} copies of clients"), "rest"),
        };
        format!(
            "{of} of {issuer} {rest}: that provider has no [provider.provision], so changes and deletions do not reach the authorization server"
        )
    };
    notes.into_iter().map(note).collect()
}

/// Returns the numbers of copies in the store, by provider; none if it cannot be read, which is reported elsewhere.
fn counts(config: &Config) -> Vec<ProvisioningCount> {
    open_store::open_for_note(config)
        .and_then(|store| store.provisioning_counts().ok())
        .unwrap_or_default()
}
