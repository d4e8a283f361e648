//! `frontdesk health`: what the management listener of the running service says, as an exit code. An image without a shell has
//! nothing else to ask with.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ureq::Agent;

use crate::config::Config;
use crate::serve;
use crate::settings::named;

/// How long an answer may take. A pool that waits for its database takes 3 seconds to say so.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long an answer may be, in bytes.
const BODY_MAX: u64 = 4096;

/// Asks `/readyz`, or `/healthz` when only `live` is asked for, and prints what it says.
///
/// # Errors
/// One sentence: nobody answers, or the service says why it takes no requests.
pub fn run(config: &Config, live: bool, out: &mut impl Write) -> Result<(), String> {
    const KEY: &str = "management_listen";
    let path = if live { "/healthz" } else { "/readyz" };
    let addresses = serve::resolve(KEY, &config.management_listen, false)?;
    if addresses.iter().any(|address| address.port() == 0) {
        return Err(format!(
            "{} is {}, so its port is not known here; name the port that is served",
            named(KEY),
            config.management_listen
        ));
    }
    let mut silent = String::new();
    for address in addresses.into_iter().map(reachable) {
        match ask(&format!("http://{address}{path}")) {
            Ok((200, told)) => return writeln!(out, "{told}").map_err(|error| error.to_string()),
            Ok((503, told)) => {
                return Err(format!("the service at {address} is not ready: {told}"));
            }
            Ok((status, _)) => {
                return Err(format!(
                    "{address} answered {path} with {status} and is not Frontdesk"
                ));
            }
            Err(error) => {
                silent = format!(
                    "the service does not answer at {address} ({}): {error}",
                    named(KEY)
                )
            }
        }
    }
    Err(silent)
}

/// Where a listener on all addresses is reached from this machine.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

fn ask(url: &str) -> Result<(u16, String), ureq::Error> {
    let agent: Agent = Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let mut answer = agent.get(url).call()?;
    let told = answer
        .body_mut()
        .with_config()
        .limit(BODY_MAX)
        .read_to_string()?;
    Ok((answer.status().as_u16(), told.trim_end().to_owned()))
}
