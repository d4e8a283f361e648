//! `frontdesk try`: runs the four steps at any provider, from an account's name to a registered client that is deleted
//! again, and prints each of them.
//!
//! | module | content |
//! |---|---|
//! | `resource_input` | the user's input, as a URI and the host to ask |
//! | `discovery` | WebFinger, the provider's document, its keys |
//! | `registration` | register, read, update, delete; and the deletion when one of them fails |
//! | `step_runner` | one step: send, check, show |
//! | `quoted` | text of another party inside our sentences |
//! | `report` | steps as lines for people or for programs, with secrets masked |
//! | `step_error` | the step that failed, and the reason |

use std::io::Write;
use std::path::PathBuf;

pub use crate::client::TryCredentials;
use crate::client::{Authorization, ProbeClient};

mod discovery;
mod quoted;
mod registration;
pub(crate) mod report;
mod resource_input;
mod step_error;
mod step_runner;

use report::TryReport;
use resource_input::ResourceInput;
pub use step_error::StepError;
use step_runner::StepRunner;

/// The options of `frontdesk try`.
#[derive(Debug, Clone)]
pub struct TryOptions {
    /// An account, a URL, or a host, as a user would type it. OIDC Discovery §2.1.
    pub resource: String,
    /// True if a client is to be registered, read, updated and deleted.
    pub register: bool,
    /// The credentials for the registration endpoint.
    pub credentials: Option<TryCredentials>,
    /// A PEM file of certificate authorities to trust besides the system's.
    pub ca: Option<PathBuf>,
    /// True if each step is printed as a JSON object on a single line.
    pub json: bool,
}

/// Runs the four steps and prints each to `out`, whose last line gives the outcome.
///
/// # Errors
/// The first step that failed, as a sentence.
pub fn try_provider(options: &TryOptions, out: &mut dyn Write) -> Result<(), StepError> {
    let mut report = TryReport::new(out, options.json);
    let outcome = run_steps(options, &mut report);
    report.print_summary(&outcome)?;
    outcome.map(drop)
}

/// Runs every step. Returns the reason for which no user can log in at the provider, if there is one: what was asked for works
/// all the same.
fn run_steps(
    options: &TryOptions,
    report: &mut TryReport<'_>,
) -> Result<Option<String>, StepError> {
    let resource = ResourceInput::parse(&options.resource)
        .map_err(|reason| StepError::new("reading the resource", format!("{reason:#}")))?;
    let client = ProbeClient::new(options.ca.as_deref())
        .map_err(|reason| StepError::new("preparing TLS", format!("{reason:#}")))?;
    let mut runner = StepRunner::new(client, report);
    let authorization = options.credentials.as_ref().map(Authorization::from);
    if let Some(authorization) = &authorization {
        runner.mask(authorization);
    }
    let issuer = discovery::find_issuer(&mut runner, &resource)?;
    let provider = discovery::fetch_configuration(&mut runner, &issuer)?;
    discovery::fetch_keys(&mut runner, &provider)?;
    let login_fault = discovery::find_login_fault(&mut runner, &provider)?;
    if options.register {
        registration::run_life_cycle(&mut runner, &provider, authorization)?;
    }
    Ok(login_fault)
}
