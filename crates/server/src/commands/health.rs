//! `frontdesk health`: the state of the running service as an exit code, from its management listener. An image without a
//! shell has no other client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{anyhow, bail};
use outbound::agent::{AgentOptions, agent};
use serde_json::json;
use ureq::unversioned::resolver::DefaultResolver;

use crate::config::Config;
use crate::serve;
use crate::settings::named;
use crate::terminal::output::Output;

/// The time after which a request fails. A pool that waits for its database needs 3 seconds to report it.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum length of a body, in bytes.
const BODY_MAX: u64 = 4096;

/// Requests `/readyz`, or `/healthz` if `live` is set, and prints the body.
///
/// # Errors
/// If the service does not answer or is not ready.
pub fn run(config: &Config, live: bool, out: &mut Output) -> anyhow::Result<()> {
    const KEY: &str = "management_listen";
    let path = if live { "/healthz" } else { "/readyz" };
    let addresses =
        serve::resolve(KEY, &config.management_listen, false).map_err(anyhow::Error::msg)?;
    if addresses.iter().any(|address| address.port() == 0) {
        bail!(
            "{} is {}, so its port is not known here; name the port that is served",
            named(KEY),
            config.management_listen
        );
    }
    let mut unreachable = anyhow!("{} has no address", named(KEY));
    for address in addresses.into_iter().map(reachable) {
        match ask(&format!("http://{address}{path}")) {
            Ok((200, body)) => {
                return out.outcome(&body, &json!({ "healthy": true, "answer": body }));
            }
            Ok((503, body)) => {
                bail!("the service at {address} is not ready: {body}");
            }
            Ok((status, _)) => {
                bail!("{address} answered {path} with {status} and is not Frontdesk");
            }
            Err(error) => {
                unreachable = anyhow!(
                    "the service does not answer at {address} ({}): {error}",
                    named(KEY)
                );
            }
        }
    }
    Err(unreachable)
}

/// Returns the address at which the service with this configuration answers, if it runs. A port that the system chose is not
/// known here.
pub(super) fn running(config: &Config) -> Option<SocketAddr> {
    let addresses = serve::resolve("management_listen", &config.management_listen, false).ok()?;
    let known = addresses.into_iter().filter(|address| address.port() != 0);
    known.map(reachable).find(|address| {
        ask(&format!("http://{address}/healthz")).is_ok_and(|(status, _)| status == 200)
    })
}

/// Replaces the address of a listener on all addresses by loopback.
pub(super) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Requests a URL of a management listener, and returns the status and the body.
pub(super) fn ask(url: &str) -> Result<(u16, String), ureq::Error> {
    ask_within(url, BODY_MAX)
}

/// Requests a URL whose body has at most `limit` bytes.
pub(super) fn ask_within(url: &str, limit: u64) -> Result<(u16, String), ureq::Error> {
    let options = AgentOptions {
        timeout: TIMEOUT,
        ..AgentOptions::default()
    };
    let agent = agent(&options, None, DefaultResolver::default());
    let mut answer = agent.get(url).call()?;
    let body = answer
        .body_mut()
        .with_config()
        .limit(limit)
        .read_to_string()?;
    Ok((answer.status().as_u16(), body.trim_end().to_owned()))
}
