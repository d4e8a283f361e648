//! The kinds of refusals that are told apart. Strangers choose their networks, the names they try and their mistakes, so each
//! level holds a bounded number of kinds, and what finds no place on one level is gathered into a coarser kind on the next.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Instant;

use store::audit::{Event, Refused};

/// The maximum number of kinds that are told apart in full.
pub(super) const ALIKE: usize = 1024;

/// The maximum number of kinds of which IPv6 addresses are gathered by /48.
pub(super) const NETWORKS: usize = 256;

/// The maximum number of kinds that are an event at a provider.
pub(super) const EVENTS: usize = 64;

/// The end of a detail whose address is that of a /48 network.
const OF_NETWORK: &str = ", from networks of this /48";

/// The detail of refusals without an address.
const OF_EVENT: &str = "from more networks than are told apart";

/// A level at which kinds are told apart.
struct Level {
    /// The kind here of a kind of the level before.
    coarser: fn(Refused) -> Refused,
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

/// Refusals of one kind.
pub(super) struct Gathered {
    pub(super) times: i64,
    pub(super) request_id: Option<String>,
    pub(super) due: Instant,
}

/// The kinds of every level.
#[derive(Default)]
pub(super) struct Kinds([HashMap<Refused, Gathered>; LEVELS.len()]);

impl Kinds {
    /// Counts refusals on the first level that has their kind, or a place for it. Returns true if they share that kind with
    /// refusals that are not alike.
    pub(super) fn add(&mut self, refused: Refused, due: Instant) -> bool {
        let Refused {
            request_id, times, ..
        } = refused;
        let mut kind = Refused {
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
                let gathered = kinds.entry(kind).or_insert(Gathered {
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

    /// The kinds that have refusals, or had some within the pause.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Gathered> {
        self.0.iter().flat_map(HashMap::values)
    }

    /// The same, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&Refused, &mut Gathered)> {
        self.0.iter_mut().flatten()
    }

    /// Forgets the kinds for which `kept` is false.
    pub(super) fn retain(&mut self, kept: impl Fn(&Gathered) -> bool) {
        self.0
            .iter_mut()
            .for_each(|kinds| kinds.retain(|_, gathered| kept(gathered)));
    }
}

/// The kind with its IPv6 address gathered by /48, which is the usual share of a site. IPv4 addresses stay: they are scarcer.
fn by_network(kind: Refused) -> Refused {
    let Some(IpAddr::V6(address)) = kind.address else {
        return kind;
    };
    let network = Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 80));
    let reason = kind.detail.unwrap_or_default();
    // One that could not be written comes back as it is.
    let detail = if reason.ends_with(OF_NETWORK) {
        reason
    } else {
        reason + OF_NETWORK
    };
    Refused {
        address: Some(network.into()),
        detail: Some(detail),
        ..kind
    }
}

/// The event at its provider, without what a stranger chooses.
fn by_event(kind: Refused) -> Refused {
    Refused {
        event: kind.event,
        provider: kind.provider,
        detail: Some(OF_EVENT.to_owned()),
        ..more()
    }
}

/// The one kind of all other refusals.
pub(super) fn more() -> Refused {
    Refused {
        event: Event::MoreRefused,
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
