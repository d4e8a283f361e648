//! `frontdesk provision retry`: makes deliveries due now, and makes them.

use actix_web::rt::System;
use anyhow::anyhow;
use protocol::escape::plain;
use protocol::{ClientId, Clock};
use provisioning::ProvisionerServices;
use serde_json::json;
use store::{DueSelection, ProvisioningFilter, ProvisioningState};

use super::targets::{ProvisionedProvider, provisioned_providers};
use crate::commands::by_hand;
use crate::config::Config;
use crate::provision::provisioner;
use crate::terminal::output::Output;
use crate::{open_store, serve, upstream};

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

/// Makes the copies due that wait or were refused, and writes what is due. A running service may write some of it.
///
/// # Errors
/// A client has no copy, the store fails, or a provider's server cannot be asked.
pub fn retry(config: &Config, arguments: &RetryArguments, out: &mut Output) -> anyhow::Result<()> {
    let targets = provisioned_providers(config, arguments.provider.as_deref())?;
    let services = ProvisionerServices {
        store: open_store::open_existing(config)?.acting_as(by_hand(None)),
        clock: Clock::system(),
        random: serve::random(),
    };
    let (store, now) = (&services.store, services.clock.now());
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
    deliver(config, &targets, &services)?;
    let text = match due {
        0 => "no copy waits for a later time or was refused".to_owned(),
        1 => "one copy was tried again; frontdesk provision status tells the result".to_owned(),
        many => {
            format!("{many} copies were tried again; frontdesk provision status tells the results")
        }
    };
    out.outcome(text, &json!({ "due": due }))
}

/// Writes the copies that are due.
fn deliver(
    config: &Config,
    targets: &[ProvisionedProvider<'_>],
    services: &ProvisionerServices,
) -> anyhow::Result<()> {
    keys::install();
    let system = System::new();
    for target in targets {
        let offer = upstream::described(config, target.provider)?;
        let made = provisioner(config, target.provider, &offer, services.clone())?;
        if let Some(provisioner) = made {
            system.block_on(provisioner.deliver_all_due());
        }
    }
    Ok(())
}
