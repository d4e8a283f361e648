//! Compares the stored clients with the document of their provider.

use protocol::{Clock, ProviderMetadata, RegisteredMetadata};
use store::{ClientFilter, Store};

use crate::config::{Config, ProviderConfig};
use crate::open_store;
use crate::provider::ProviderOffer;

/// The number of clients that are read at once.
const PAGE: i64 = 1000;

/// The maximum number of clients that are compared, so that a check of a large store ends soon.
const COMPARED: i64 = 100_000;

/// Returns a note on the active clients with a value that the provider does not offer any more, if there are any. Only the document of
/// a server behind changes by itself.
pub(super) fn beyond_offer(
    config: &Config,
    provider: &ProviderConfig,
    offer: &ProviderOffer,
) -> Option<String> {
    if !offer.is_upstream {
        return None;
    }
    let store = open_store::open_for_note(config)?;
    let (count, member, is_whole) = count(&store, provider, &offer.policy())?;
    let among = match is_whole {
        true => String::new(),
        false => format!(" among the first {COMPARED}"),
    };
    let (clients, have) = match count {
        1 => ("client", "has"),
        _ => ("clients", "have"),
    };
    Some(format!(
        "{count} active {clients}{among} {have} a value that is no longer offered, first in {member}; their next update is judged by the document of now"
    ))
}

/// Returns the number of those clients, a member of the first, and true if all clients were compared; nothing if there are none.
fn count(
    store: &Store,
    provider: &ProviderConfig,
    policy: &ProviderMetadata,
) -> Option<(usize, &'static str, bool)> {
    let filter = ClientFilter {
        provider: Some(provider.issuer.as_str().to_owned()),
        ..ClientFilter::default()
    };
    let now = Clock::system().now();
    let (mut found, mut first, mut after) = (0, None, None);
    for _ in 0..COMPARED / PAGE {
        let page = store.clients(&filter, after.as_ref(), PAGE).ok()?;
        let Some(last) = page.last() else {
            return first.map(|first| (found, first, true));
        };
        after = Some(last.id.clone());
        let active = page.iter().filter_map(|listed| listed.client.as_ref().ok());
        for client in active.filter(|client| client.data.expires_at.is_none_or(|end| end > now)) {
            if let Some(member) = unoffered(&client.data.metadata, policy) {
                found += 1;
                first = first.or(Some(member));
            }
        }
    }
    first.map(|first| (found, first, false))
}

/// Returns the first member with a value that its governing list does not have.
fn unoffered(metadata: &RegisteredMetadata, policy: &ProviderMetadata) -> Option<&'static str> {
    let beyond = |list: &str, value: &str| policy.offers(list, value) == Some(false);
    metadata.members().present().find_map(|(row, held)| {
        let list = row.offered?;
        let values = held.values();
        let is_beyond = values.iter().any(|value| beyond(list, value));
        is_beyond.then_some(row.name)
    })
}
