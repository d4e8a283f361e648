//! From a name to the addresses a connection may go to.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use crate::refused::{Reason, Refused};
use crate::target::Target;

/// Asks for all addresses of a name; never asked about an IP literal.
pub type Lookup = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// The system's own resolver.
pub(crate) fn system(name: &str) -> io::Result<Vec<IpAddr>> {
    Ok((name, 0)
        .to_socket_addrs()?
        .map(|address| address.ip())
        .collect())
}

/// Every address of the target, once all of them are found acceptable: a name with one public and one private address
/// is somebody trying which of the two we would take.
pub(crate) fn resolve(
    lookup: &Arc<Lookup>,
    target: &Target,
    patience: Duration,
) -> Result<Vec<SocketAddr>, Refused> {
    let addresses = match target.literal() {
        Some(address) => vec![address],
        None => ask(lookup, target.host(), patience).ok_or(Reason::Unresolved)?,
    };
    if addresses.is_empty() {
        return Err(Reason::Unresolved.into());
    }
    if !addresses.iter().all(|address| target.admits(*address)) {
        return Err(Reason::Address.into());
    }
    Ok(addresses
        .into_iter()
        .map(|address| SocketAddr::new(address, target.port()))
        .collect())
}

/// The system's resolver knows no deadline, so it works on a thread of its own, which is left behind when it takes too
/// long. Their number is bounded by the resolver giving up and by the number of fetches at once.
fn ask(lookup: &Arc<Lookup>, name: String, patience: Duration) -> Option<Vec<IpAddr>> {
    let (answer, answered) = mpsc::sync_channel(1);
    let lookup = Arc::clone(lookup);
    let work = move || answer.send(lookup(&name));
    thread::Builder::new()
        .name("outbound-lookup".to_owned())
        .spawn(work)
        .ok()?;
    answered.recv_timeout(patience).ok()?.ok()
}
