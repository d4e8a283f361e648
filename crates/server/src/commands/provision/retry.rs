//! `frontdesk provision retry`: makes deliveries due now.

use anyhow::anyhow;
use protocol::escape::plain;
use protocol::{ClientId, Clock};
use serde_json::json;
use store::{DueSelection, ProvisioningFilter, ProvisioningState};

use super::targets::provisioned_providers;
use crate::commands::by_hand;
use crate::config::Config;
use crate::open_store;
use crate::terminal::output::Output;

/// The states of copies that a delivery can change.
const WAITING: [ProvisioningState; 3] = [
    ProvisioningState::Pending,
    ProvisioningState::Rejected,
    ProvisioningState::Deleting,
];

/// The maximum number of copies of a client: at most one for each provider.
const COPIES: i64 = 100;

/// The copies to try again.
#[derive(Debug, clap::Args)]
pub struct RetryArguments {
    /// The identifiers of clients.
    #[arg(
        value_name = "CLIENT",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub clients: Vec<String>,
    /// Every copy that waits or was refused.
    #[arg(long)]
    pub all: bool,
    /// The issuer of the only provider whose copies are meant; every provider by default.
    #[arg(long, value_name = "ISSUER")]
    pub provider: Option<String>,
}

/// Makes the copies due that wait or were refused. The running service writes them.
///
/// # Errors
/// A client has no copy, or the store fails.
pub fn retry(config: &Config, arguments: &RetryArguments, out: &mut Output) -> anyhow::Result<()> {
    let targets = provisioned_providers(config, arguments.provider.as_deref())?;
    let store = open_store::open_existing(config)?.acting_as(by_hand(None));
    let now = Clock::system().now();
    let mut selections = Vec::new();
    if arguments.all {
        let issuers = targets.iter().map(|target| target.provider.issuer.clone());
        selections.extend(issuers.map(DueSelection::Waiting));
    } else {
        let mut ids = Vec::new();
        for client in &arguments.clients {
            let id = ClientId::new(client.clone());
            let filter = ProvisioningFilter {
                client_id: Some(id.clone()),
                ..ProvisioningFilter::default()
            };
            let mut is_known = false;
            for listed in store.provisioning_rows(&filter, None, COPIES)? {
                let row = listed.row?;
                let is_meant = targets
                    .iter()
                    .any(|target| target.provider.issuer == row.provider);
                is_known |= is_meant;
                if is_meant && WAITING.contains(&row.state) {
                    ids.push(row.id);
                }
            }
            if !is_known {
                return Err(anyhow!(
                    "the client {} has no copy at an authorization server",
                    plain(id.as_str())
                ));
            }
        }
        selections.push(DueSelection::Ids(ids));
    }
    let mut due = 0_usize;
    for selection in selections {
        due = due.saturating_add(store.mark_due(&selection, now)?);
    }
    let text = match due {
        0 => "no copy waits or was refused".to_owned(),
        1 => "one copy is due now; the running service writes it".to_owned(),
        many => format!("{many} copies are due now; the running service writes them"),
    };
    out.outcome(text, &json!({ "due": due }))
}
