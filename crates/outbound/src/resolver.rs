//! Resolves a name to the addresses to which a connection may go.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use crate::fetch_error::{FetchError, FetchErrorReason};
use crate::target::FetchTarget;

/// Returns all addresses of a name. It is not called for an IP literal.
pub type ResolveFn = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// Calls the system's resolver.
pub(crate) fn resolve_by_system(name: &str) -> io::Result<Vec<IpAddr>> {
    Ok((name, 0)
        .to_socket_addrs()?
        .map(|address| address.ip())
        .collect())
}

/// Returns every address of the target if all of them are acceptable: a name with a public and a private address may be an
/// attempt to reach the private one.
pub(crate) fn resolve(
    resolve: &Arc<ResolveFn>,
    target: &FetchTarget,
    timeout: Duration,
) -> Result<Vec<SocketAddr>, FetchError> {
    let addresses = match target.literal() {
        Some(address) => vec![address],
        None => {
            resolve_within(resolve, target.host(), timeout).ok_or(FetchErrorReason::Unresolved)?
        }
    };
    if addresses.is_empty() {
        return Err(FetchErrorReason::Unresolved.into());
    }
    if !addresses.iter().all(|address| target.allows(*address)) {
        return Err(FetchErrorReason::Address.into());
    }
    Ok(addresses
        .into_iter()
        .map(|address| SocketAddr::new(address, target.port()))
        .collect())
}

/// Calls the resolver on a new thread, since the system's resolver has no deadline. After the timeout the thread is abandoned; the
/// resolver's own timeout and the number of concurrent fetches bound how many such threads exist.
fn resolve_within(
    resolve: &Arc<ResolveFn>,
    name: String,
    timeout: Duration,
) -> Option<Vec<IpAddr>> {
    let (answer, answered) = mpsc::sync_channel(1);
    let resolve = Arc::clone(resolve);
    let work = move || answer.send(resolve(&name));
    thread::Builder::new()
        .name("outbound-lookup".to_owned())
        .spawn(work)
        .ok()?;
    answered.recv_timeout(timeout).ok()?.ok()
}
