//! The kinds of refusals. Callers choose their networks, the names they try and their mistakes, so each level holds a bounded number
//! of kinds; a refusal that does not fit into one level is counted under a coarser kind on the next.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Instant;

use store::audit::{AuditEvent, RefusalRecord};

/// The maximum number of kinds with full detail.
pub(super) const ALIKE: usize = 1024;

/// The maximum number of kinds with a /48 network in place of an IPv6 address.
pub(super) const NETWORKS: usize = 256;

/// The maximum number of kinds with only an event and a provider.
pub(super) const EVENTS: usize = 64;

/// The end of a detail with the address of a /48 network.
const OF_NETWORK: &str = ", from networks of this /48";

/// The detail of refusals without an address.
const OF_EVENT: &str = "from more networks than are told apart";

struct Level {
    /// Turns a kind of the level before into one of this level.
    coarser: fn(RefusalRecord) -> RefusalRecord,
    /// The maximum number of kinds.
    most: usize,
}

const LEVELS: [Level; 4] = [
    Level {
        coarser: |kind| kind,
        most: ALIKE,
    },
    Level {
        coarser: by_network,
        most: NETWORKS,
    },
    Level {
        coarser: by_event,
        most: EVENTS,
    },
    Level {
        coarser: |_| more(),
        most: usize::MAX,
    },
];

/// Refusals of a kind.
pub(super) struct PendingRefusals {
    pub(super) times: i64,
    pub(super) request_id: Option<String>,
    pub(super) due: Instant,
}

/// The kinds of every level.
#[derive(Default)]
pub(super) struct Kinds([HashMap<RefusalRecord, PendingRefusals>; LEVELS.len()]);

impl Kinds {
    /// Counts refusals on the first level that has their kind, or space for it. Returns true if they share that kind with different
    /// refusals.
    pub(super) fn add(&mut self, refused: RefusalRecord, due: Instant) -> bool {
        let RefusalRecord {
            request_id, times, ..
        } = refused;
        let mut kind = RefusalRecord {
            request_id: None,
            times: 0,
            ..refused
        };
        let mut merged = false;
        for (kinds, Level { coarser, most }) in self.0.iter_mut().zip(LEVELS) {
            let coarse = coarser(kind.clone());
            merged |= coarse != kind;
            kind = coarse;
            if kinds.len() < most || kinds.contains_key(&kind) {
                let gathered = kinds.entry(kind).or_insert(PendingRefusals {
                    times: 0,
                    request_id: None,
                    due,
                });
                gathered.times = gathered.times.saturating_add(times);
                gathered.request_id = gathered.request_id.take().or(request_id);
                break;
            }
        }
        merged
    }

    /// Returns the kinds that have refusals, or had some within the pause.
    pub(super) fn iter(&self) -> impl Iterator<Item = &PendingRefusals> {
        self.0.iter().flat_map(HashMap::values)
    }

    /// Returns the kinds mutably, with what they have in common.
    pub(super) fn iter_mut(
        &mut self,
    ) -> impl Iterator<Item = (&RefusalRecord, &mut PendingRefusals)> {
        self.0.iter_mut().flatten()
    }

    /// Removes the kinds for which `kept` is false.
    pub(super) fn retain(&mut self, kept: impl Fn(&PendingRefusals) -> bool) {
        self.0
            .iter_mut()
            .for_each(|kinds| kinds.retain(|_, gathered| kept(gathered)));
    }
}

/// Replaces an IPv6 address by its /48 network, which is the usual network of a site. IPv4 addresses stay: they are scarcer.
fn by_network(kind: RefusalRecord) -> RefusalRecord {
    let Some(IpAddr::V6(address)) = kind.address else {
        return kind;
    };
    let network = Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 80));
    let reason = kind.detail.unwrap_or_default();
    // A row that could not be written comes back with this suffix.
    let detail = if reason.ends_with(OF_NETWORK) {
        reason
    } else {
        reason + OF_NETWORK
    };
    RefusalRecord {
        address: Some(network.into()),
        detail: Some(detail),
        ..kind
    }
}

/// Keeps the event and the provider, which callers do not choose.
fn by_event(kind: RefusalRecord) -> RefusalRecord {
    RefusalRecord {
        event: kind.event,
        provider: kind.provider,
        detail: Some(OF_EVENT.to_owned()),
        ..more()
    }
}

/// Returns the kind of all other refusals.
pub(super) fn more() -> RefusalRecord {
    RefusalRecord {
        event: AuditEvent::MoreRefused,
        provider: None,
        client_id: None,
        account: None,
        token: None,
        address: None,
        request_id: None,
        detail: None,
        times: 0,
    }
}
