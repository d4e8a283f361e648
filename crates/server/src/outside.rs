//! `frontdesk check --outside`: a stranger who asks at the deployment's own public addresses, and says what stands between
//! them and the service.
//!
//! Nothing is changed: what is sent to the registration endpoint can register nobody.
//!
//! | module | what it holds |
//! |---|---|
//! | `checks` | the table: what is looked at, and how it is mended |
//! | `visit` | one question, and what an answer with the wrong status says of whoever sent it |
//! | `connection` | addresses, TLS, plain HTTP, a wrong `Host`, what only the management listener has |
//! | `documents` | the provider's document in every form, its keys, what is said of the registration endpoint |
//! | `caching` | what proxies do to `ETag`, `Cache-Control` and CORS |
//! | `webfinger` | WebFinger on every domain |
//! | `doors` | registration and management |
//! | `report` | questions and findings as lines for people or for programs |

use std::io::Write;
use std::path::PathBuf;

use ::webfinger::Directory;
use protocol::Clock;

use crate::attempt::http::Http;
pub use crate::attempt::lookup::Resolve;
use crate::commands::providers;
use crate::config::{Config, ProviderConfig};

mod caching;
pub mod checks;
mod connection;
mod documents;
mod doors;
mod report;
mod visit;
mod webfinger;

use report::Report;
use visit::Visits;

/// How to look.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// A PEM file of certificate authorities to trust besides the system's.
    pub ca: Option<PathBuf>,
    /// Whether every line is one JSON object.
    pub json: bool,
    /// Where some hosts are found whatever DNS says.
    pub resolve: Vec<Resolve>,
}

/// Asks at every public address of every provider, and prints each question and each finding to `out`.
///
/// # Errors
/// How many things are wrong; or why nothing could be asked.
pub fn run(config: &Config, options: &Options, out: &mut dyn Write) -> Result<(), String> {
    let all = providers(config)?;
    let directory = Directory::new(all.iter().map(ProviderConfig::hosted).collect()).map_err(|error| error.to_string())?;
    let http = Http::new(options.ca.as_deref())?.resolving(options.resolve.clone());
    let mut report = Report::new(out, options.json);
    let mut visits = Visits::new(http, &mut report);
    let mut refused: Vec<String> = Vec::new();
    for origin in connection::origins(all) {
        if !connection::stands(&mut visits, &origin, options, Clock::system().now())? {
            refused.push(origin);
        }
    }
    let reached = |origin: &str| !refused.iter().any(|refused| refused == origin);
    for provider in all.iter().filter(|provider| reached(provider.issuer.origin())) {
        let mut place = documents::Place::new(all, provider)?;
        doors::passed_on(&mut visits, &mut place)?;
        documents::look(&mut visits, &place, config.max_age)?;
        doors::look(&mut visits, &place, config.limits.body().bytes)?;
        connection::strangers(&mut visits, provider)?;
    }
    for provider in all {
        webfinger::look(&mut visits, &directory, provider, reached)?;
    }
    report.finish()
}
