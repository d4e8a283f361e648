//! `frontdesk provision reconcile`: compares all copies with the clients, and writes those that differ.

use actix_web::rt::System;
use anyhow::{anyhow, bail};
use protocol::Clock;
use provisioning::{ProvisionerServices, ReconcileOptions, ReconcileReport};
use serde_json::json;

use super::targets::{ProvisionedProvider, provisioned_providers};
use crate::commands::{by_hand, error_text};
use crate::config::Config;
use crate::provision::provisioner;
use crate::terminal::output::Output;
use crate::{open_store, serve, upstream};

/// The properties of a comparison.
#[derive(Debug, clap::Args)]
pub struct ReconcileArguments {
    /// The issuer of the only provider to compare; every provider by default.
    #[arg(long, value_name = "ISSUER")]
    pub provider: Option<String>,
    /// Only print the differences.
    #[arg(long)]
    pub dry_run: bool,
    /// Delete also more than half of the copies.
    #[arg(long)]
    pub yes: bool,
}

/// Reconciles each provider and prints a report.
///
/// # Errors
/// A comparison failed or was guarded, or the server refused a client.
pub fn reconcile(
    config: &Config,
    arguments: &ReconcileArguments,
    out: &mut Output,
) -> anyhow::Result<()> {
    let targets = provisioned_providers(config, arguments.provider.as_deref())?;
    let store = open_store::open_existing(config)?.acting_as(by_hand(None));
    let services = ProvisionerServices {
        store,
        clock: Clock::system(),
        random: serve::random(),
    };
    let options = ReconcileOptions {
        is_dry_run: arguments.dry_run,
        may_delete_most: arguments.yes,
    };
    keys::install();
    let system = System::new();
    let mut problems = Vec::new();
    for target in &targets {
        let issuer = &target.provider.issuer;
        match system.block_on(compare(config, target, services.clone(), options)) {
            Ok(report) => {
                print(&report, arguments.dry_run, out)?;
                problems.extend(problem(&report));
            }
            Err(error) => problems.push(format!("{issuer}: {}", error_text(&error))),
        }
    }
    match problems.as_slice() {
        [] => Ok(()),
        problems => bail!("{}", problems.join("; ")),
    }
}

async fn compare(
    config: &Config,
    target: &ProvisionedProvider<'_>,
    services: ProvisionerServices,
    options: ReconcileOptions,
) -> anyhow::Result<ReconcileReport> {
    let offer = upstream::described(config, target.provider)?;
    let provisioner = provisioner(config, target.provider, &offer, services)?
        .ok_or_else(|| anyhow!("its clients are written into no server"))?;
    let report = provisioner
        .reconcile(options)
        .await?
        .ok_or_else(|| anyhow!("another process compares its copies now; try again later"))?;
    if !options.is_dry_run {
        provisioner.deliver_all_due().await;
    }
    Ok(report)
}

/// Returns the reason for which a comparison fails, if there is any.
fn problem(report: &ReconcileReport) -> Option<String> {
    let provider = &report.provider;
    let refused = match report.rejected {
        0 => None,
        1 => Some(
            "the authorization server refuses one client; `frontdesk provision status` names it"
                .to_owned(),
        ),
        many => Some(format!(
            "the authorization server refuses {many} clients; `frontdesk provision status` names them"
        )),
    };
    let waiting = match report.waiting {
        0 => None,
        1 => Some("one copy could not be written or deleted now, and is tried again".to_owned()),
        many => Some(format!(
            "{many} copies could not be written or deleted now, and are tried again"
        )),
    };
    let problem = report.guarded.clone().or(refused).or(waiting)?;
    Some(format!("{provider}: {problem}"))
}

fn print(report: &ReconcileReport, is_dry_run: bool, out: &mut Output) -> anyhow::Result<()> {
    let ReconcileReport {
        provider,
        created,
        updated,
        deleted,
        unchanged,
        rejected,
        ..
    } = report;
    let would = if is_dry_run { "would be " } else { "" };
    out.outcome(
        format!("{provider}: {created} {would}created, {updated} {would}updated, {deleted} {would}deleted, {unchanged} unchanged, {rejected} rejected"),
        &json!({
            "provider": provider.as_str(),
            "created": created,
            "updated": updated,
            "deleted": deleted,
            "unchanged": unchanged,
            "rejected": rejected,
        }),
    )
}
