//! `frontdesk try`: a client that goes the whole way, from an account's name to a registered client and back, at any
//! provider, and shows every step.
//!
//! | module | what it holds |
//! |---|---|
//! | `resource` | what the user typed, as a URI and the host to ask |
//! | `discovery` | WebFinger, the provider's document, its keys |
//! | `registration` | register, read, update, delete; and cleaning up when one of them breaks |
//! | `journey` | one step: ask, judge, show |
//! | `report` | steps as lines for people or for programs, with secrets masked |
//! | `http`, `trust`, `lookup` | one request and its answer, over TLS that can say why it failed |
//! | `broken` | the step that broke, and why |

mod broken;
mod discovery;
pub(crate) mod http;
mod journey;
pub(crate) mod lookup;
mod registration;
pub(crate) mod report;
mod resource;
pub(crate) mod trust;

use std::io::Write;
use std::path::PathBuf;

use protocol::Secret;

pub use broken::Broken;

use http::{Authorization, Http};
use journey::Journey;
use report::Report;
use resource::Resource;

/// What to try.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Whose provider: an account, a URL, or a host, as a user would type it. OIDC Discovery §2.1.
    pub resource: String,
    /// Whether to register a client, and read, update and delete it again.
    pub register: bool,
    /// What to show at the registration endpoint.
    pub credentials: Option<Credentials>,
    /// A PEM file of certificate authorities to trust besides the system's.
    pub ca: Option<PathBuf>,
    /// Whether each step is printed as one JSON object on one line.
    pub json: bool,
}

/// What a registration endpoint may want to see.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// An initial access token, sent as `Bearer`. RFC 7591 §3.
    Token(Secret),
    /// An account, sent as `Basic`. RFC 7617.
    Account {
        /// The account's name.
        name: String,
        /// Its password.
        password: Secret,
    },
}

/// Goes the whole way and prints every step to `out`, whose last line says how it ended.
///
/// # Errors
/// The first broken step, as one sentence.
pub fn run(attempt: &Attempt, out: &mut dyn Write) -> Result<(), Broken> {
    let mut report = Report::new(out, attempt.json);
    let outcome = travel(attempt, &mut report);
    report.finish(&outcome)?;
    outcome
}

fn travel(attempt: &Attempt, report: &mut Report<'_>) -> Result<(), Broken> {
    let resource = Resource::parse(&attempt.resource).map_err(|reason| Broken::new("reading the resource", reason))?;
    let http = Http::new(attempt.ca.as_deref()).map_err(|reason| Broken::new("preparing TLS", reason))?;
    let mut journey = Journey::new(http, report);
    let authorization = attempt.credentials.as_ref().map(Authorization::from);
    if let Some(authorization) = &authorization {
        journey.hide(authorization);
    }
    let issuer = discovery::webfinger(&mut journey, &resource)?;
    let provider = discovery::configuration(&mut journey, &issuer)?;
    discovery::keys(&mut journey, &provider)?;
    if attempt.register {
        registration::life_cycle(&mut journey, &provider, authorization)?;
    }
    Ok(())
}
