//! The sockets of the listeners.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use anyhow::{Context, anyhow, bail};
use socket2::{Domain, Socket, Type};

use crate::settings::named;

/// Returns the addresses of a setting: every address of a host name.
///
/// # Errors
/// When the name has no address, or has one that is not loopback although only loopback is permitted.
pub fn resolve(key: &str, text: &str, loopback_only: bool) -> anyhow::Result<Vec<SocketAddr>> {
    let addresses: Vec<SocketAddr> = text
        .to_socket_addrs()
        .with_context(|| {
            format!(
                "{} must be an address and a port such as 0.0.0.0:9443, not {text:?}",
                named(key)
            )
        })?
        .collect();
    if loopback_only && addresses.iter().any(|address| !address.ip().is_loopback()) {
        bail!(
            "development mode listens on loopback only, and {} is {text}; set {} to serve others",
            named(key),
            named("provider.issuer")
        );
    }
    Ok(addresses)
}

/// Listens on the addresses of a setting that this machine has.
pub(crate) fn listen(
    key: &str,
    text: &str,
    loopback_only: bool,
) -> anyhow::Result<Vec<TcpListener>> {
    let addresses = resolve(key, text, loopback_only)?;
    let mut taken: Vec<TcpListener> = Vec::new();
    let mut refused = None;
    for mut address in addresses {
        if let Some(first) = taken
            .first()
            .and_then(|listener| listener.local_addr().ok())
            .filter(|_| address.port() == 0)
        {
            address.set_port(first.port());
        }
        match listen_at(address) {
            Ok(listener) => taken.push(listener),
            Err(error)
                if error.kind() == io::ErrorKind::AddrNotAvailable
                    || error.kind() == io::ErrorKind::Unsupported =>
            {
                refused = Some(error);
            }
            Err(error) => {
                return Err(anyhow!(error).context(format!(
                    "{} is {text}, and {address} cannot be listened on",
                    named(key)
                )));
            }
        }
    }
    match (taken.is_empty(), refused) {
        (true, Some(error)) => Err(anyhow!(error).context(format!(
            "{} is {text}, which cannot be listened on",
            named(key)
        ))),
        _ => Ok(taken),
    }
}

/// The maximum number of connections that wait in the kernel to be accepted. With the 128 of the standard library a burst from one
/// address makes the kernel drop connections from others.
const BACKLOG: i32 = 1024;

fn listen_at(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

pub(crate) fn addresses(listeners: &[TcpListener]) -> Vec<SocketAddr> {
    listeners
        .iter()
        .filter_map(|listener| listener.local_addr().ok())
        .collect()
}
