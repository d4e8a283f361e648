//! How many connections one address may have at a time.

use std::any::Any;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Shutdown, TcpStream as Socket};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_tls::accept::openssl::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use oauth_http::peer::{self, Proxies};

/// The open connections of every address; shared by every worker, and looked at once a connection.
#[derive(Debug)]
pub struct Connections {
    limit: u32,
    proxies: Proxies,
    open: Mutex<HashMap<IpAddr, Share>>,
    counted: AtomicU64,
    refused: AtomicU64,
}

/// One address's part of them.
#[derive(Debug, Default)]
struct Share {
    open: u32,
    /// Whether the operator was told that there are too many.
    told: bool,
}

/// One open connection, counted until it is dropped.
#[derive(Debug)]
pub struct Open {
    all: Arc<Connections>,
    /// Whose share it is in, when shares are limited.
    address: Option<IpAddr>,
}

impl Connections {
    /// None yet; at most `limit` of each address that is not a proxy's, or any number when that is 0.
    pub fn new(limit: u32, proxies: Proxies) -> Arc<Self> {
        Arc::new(Self { limit, proxies, open: Mutex::default(), counted: AtomicU64::new(0), refused: AtomicU64::new(0) })
    }

    /// Counts a connection as long as what it is kept with lives, or closes it when its address has too many.
    pub fn keep(self: &Arc<Self>, connection: &dyn Any, kept: &mut Extensions) {
        let Some(stream) = stream(connection) else { return };
        let Ok(peer) = stream.peer_addr() else { return };
        let address = peer.ip().to_canonical();
        let limited = self.limit > 0 && !self.proxies.contains(address);
        let address = limited.then(|| peer::counted(address));
        if !address.is_none_or(|address| self.admit(address)) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            drop(close(stream));
            return;
        }
        self.counted.fetch_add(1, Ordering::Relaxed);
        kept.insert(Open { all: Arc::clone(self), address });
    }

    /// How many are open, of all addresses together.
    pub fn counted(&self) -> u64 {
        self.counted.load(Ordering::Relaxed)
    }

    /// How many were closed because their address had too many.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    fn admit(&self, address: IpAddr) -> bool {
        let mut open = self.shares();
        let share = open.entry(address).or_default();
        if share.open < self.limit {
            share.open += 1;
            return true;
        }
        if !share.told {
            share.told = true;
            tracing::warn!(%address, limit = self.limit, "an address has too many connections; more of it are closed");
        }
        false
    }

    fn shares(&self) -> MutexGuard<'_, HashMap<IpAddr, Share>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.all.counted.fetch_sub(1, Ordering::Relaxed);
        let Some(address) = self.address else { return };
        let mut open = self.all.shares();
        if let Some(share) = open.get_mut(&address) {
            share.open = share.open.saturating_sub(1);
            if share.open == 0 {
                open.remove(&address);
            }
        }
    }
}

/// The connection below, with or without TLS.
fn stream(connection: &dyn Any) -> Option<&TcpStream> {
    let below = || connection.downcast_ref::<TlsStream<TcpStream>>().map(|tls| tls.get_ref());
    connection.downcast_ref::<TcpStream>().or_else(below)
}

/// Ends both directions; whoever serves the connection then finds its end.
fn close(stream: &TcpStream) -> io::Result<()> {
    Socket::from(stream.as_fd().try_clone_to_owned()?).shutdown(Shutdown::Both)
}
