//! Limits on open connections.
//!
//! A connection is counted when it is accepted, before TLS and before a byte of it is read: its cost begins there.
//! A connection over a limit is closed at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use oauth_http::peer::{self, Proxies};
use protocol::lock;

use crate::settings::Limits;

/// The limit that a refused connection is over, as the metric labels it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionRefusal {
    /// `limits.connections_per_address`.
    Address,
    /// `limits.handshakes_per_address`.
    Handshakes,
    /// `limits.connections`, or the limit of file descriptors.
    Total,
}

/// The refusals with their labels.
const REFUSALS: [(ConnectionRefusal, &str); 3] = [
    (ConnectionRefusal::Address, "address"),
    (ConnectionRefusal::Handshakes, "handshakes"),
    (ConnectionRefusal::Total, "total"),
];

/// The open connections of all public listeners, shared by every worker.
#[derive(Debug)]
pub struct Connections {
    per_address: u32,
    handshakes_per_address: u32,
    total: u64,
    proxies: Proxies,
    open: AtomicU64,
    addresses: Mutex<HashMap<IpAddr, AddressConnections>>,
    refused: [AtomicU64; REFUSALS.len()],
    /// The time of the last log line about an address that is over a limit.
    logged: Mutex<Option<Instant>>,
}

/// The maximum number of connections that are kept for the lookup.
const LOOKUP_CONNECTIONS: u64 = 256;

/// The minimum interval between two log lines about addresses over a limit, so that callers cannot fill the log.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// The open connections of an address.
#[derive(Debug, Default)]
struct AddressConnections {
    open: u32,
    handshakes: u32,
}

/// An open connection, counted until it is dropped.
#[derive(Debug)]
pub struct OpenConnection {
    all: Arc<Connections>,
    /// The address it is counted for; none for a proxy.
    address: Option<IpAddr>,
    handshake: bool,
}

impl Connections {
    /// Counters without a connection, for at most `total` at a time.
    pub fn new(limits: &Limits, total: u64, proxies: Proxies) -> Arc<Self> {
        Arc::new(Self {
            per_address: limits.connections_per_address,
            handshakes_per_address: limits.handshakes_per_address,
            total,
            proxies,
            open: AtomicU64::new(0),
            addresses: Mutex::default(),
            refused: Default::default(),
            logged: Mutex::default(),
        })
    }

    /// Counters of the public connections and of those of the lookup. The lookup has a share of its own and no limit for an
    /// address, since few authorization servers use it.
    pub fn with_lookup(
        limits: &Limits,
        total: u64,
        has_lookup: bool,
        proxies: &Proxies,
    ) -> [Arc<Self>; 2] {
        let kept = if has_lookup {
            LOOKUP_CONNECTIONS.min(total / 4)
        } else {
            0
        };
        let lookup_limits = Limits {
            connections_per_address: 0,
            ..limits.clone()
        };
        [
            Self::new(limits, total - kept, proxies.clone()),
            Self::new(&lookup_limits, kept.max(1), proxies.clone()),
        ]
    }

    /// Counts a connection from `peer`, and its TLS handshake if it has TLS. Fails if it is over a limit.
    pub fn admit(self: &Arc<Self>, peer: IpAddr, handshake: bool) -> Option<OpenConnection> {
        let address = peer.to_canonical();
        let address = (!self.proxies.contains(address)).then(|| peer::rate_limit_address(address));
        match self.count(address, handshake) {
            Ok(()) => Some(OpenConnection {
                all: Arc::clone(self),
                address,
                handshake,
            }),
            Err(refusal) => {
                if let Some((_, refused)) = REFUSALS
                    .iter()
                    .zip(&self.refused)
                    .find(|((listed, _), _)| *listed == refusal)
                {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
                None
            }
        }
    }

    /// The maximum number of open connections of all addresses.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The number of open connections of all addresses.
    pub fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// The number of refused connections by the limit they were over.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        REFUSALS
            .iter()
            .zip(&self.refused)
            .map(|((_, label), refused)| (*label, refused.load(Ordering::Relaxed)))
    }

    fn count(&self, address: Option<IpAddr>, handshake: bool) -> Result<(), ConnectionRefusal> {
        if self.open.fetch_add(1, Ordering::Relaxed) >= self.total {
            self.open.fetch_sub(1, Ordering::Relaxed);
            return Err(ConnectionRefusal::Total);
        }
        let Some(address) = address else {
            return Ok(());
        };
        self.count_for(address, handshake).inspect_err(|_| {
            self.open.fetch_sub(1, Ordering::Relaxed);
        })
    }

    fn count_for(&self, address: IpAddr, handshake: bool) -> Result<(), ConnectionRefusal> {
        let over = |count: u32, limit: u32| limit > 0 && count >= limit;
        let mut addresses = self.lock();
        let own = addresses.entry(address).or_default();
        let refusal = if over(own.open, self.per_address) {
            ConnectionRefusal::Address
        } else if handshake && over(own.handshakes, self.handshakes_per_address) {
            ConnectionRefusal::Handshakes
        } else {
            own.open += 1;
            own.handshakes += u32::from(handshake);
            return Ok(());
        };
        drop(addresses);
        self.log(address, refusal);
        Err(refusal)
    }

    fn log(&self, address: IpAddr, limit: ConnectionRefusal) {
        let mut logged = lock(&self.logged);
        if logged.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) {
            *logged = Some(Instant::now());
            tracing::warn!(%address, ?limit, "connection limit reached; further connections from this address are closed");
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, AddressConnections>> {
        lock(&self.addresses)
    }
}

impl OpenConnection {
    /// Ends the handshake: it is no longer counted as in progress.
    pub fn handshake_done(&mut self) {
        if std::mem::take(&mut self.handshake)
            && let Some(address) = self.address
            && let Some(own) = self.all.lock().get_mut(&address)
        {
            own.handshakes = own.handshakes.saturating_sub(1);
        }
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.all.open.fetch_sub(1, Ordering::Relaxed);
        let Some(address) = self.address else { return };
        let mut addresses = self.all.lock();
        if let Some(own) = addresses.get_mut(&address) {
            own.open = own.open.saturating_sub(1);
            own.handshakes = own.handshakes.saturating_sub(u32::from(self.handshake));
            if own.open == 0 {
                addresses.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use oauth_http::peer::ProxyHeader;

    use super::*;

    fn connections(per_address: u32, handshakes_per_address: u32, total: u64) -> Arc<Connections> {
        let limits = Limits {
            connections_per_address: per_address,
            handshakes_per_address,
            ..Limits::default()
        };
        let networks = vec!["10.0.0.0/8".parse().unwrap()];
        Connections::new(
            &limits,
            total,
            Proxies {
                networks,
                header: ProxyHeader::XForwardedFor,
            },
        )
    }

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, last).into()
    }

    fn refused(connections: &Connections) -> Vec<u64> {
        connections.refused().map(|(_, refused)| refused).collect()
    }

    #[test]
    fn handshakes_of_one_address_are_bounded() {
        let all = connections(8, 2, 100);
        let mut first = all.admit(address(1), true).unwrap();
        let second = all.admit(address(1), true).unwrap();
        assert!(all.admit(address(1), true).is_none());
        assert!(
            all.admit(address(2), true).is_some(),
            "another address has its own"
        );
        first.handshake_done();
        first.handshake_done();
        let third = all.admit(address(1), true).unwrap();
        assert!(all.admit(address(1), true).is_none());
        drop(second);
        assert!(all.admit(address(1), true).is_some());
        assert_eq!(refused(&all), [0, 2, 0]);
        drop((first, third));
        assert_eq!((all.open(), all.lock().len()), (0, 0));
    }

    #[test]
    fn all_connections_together_are_bounded() {
        let all = connections(2, 0, 3);
        let one = [
            all.admit(address(1), false).unwrap(),
            all.admit(address(1), false).unwrap(),
        ];
        assert!(all.admit(address(1), false).is_none());
        let proxy = all.admit(Ipv4Addr::new(10, 0, 0, 1).into(), false).unwrap();
        assert!(
            all.admit(address(2), false).is_none(),
            "a proxy's connections count in the total"
        );
        assert_eq!((all.open(), refused(&all)), (3, vec![1, 0, 1]));
        drop((one, proxy));
        assert!(all.admit(address(2), false).is_some());
    }
}
