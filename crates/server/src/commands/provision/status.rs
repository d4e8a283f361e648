//! `frontdesk provision status`: the states of copies.

use std::io::Write;

use anyhow::anyhow;
use protocol::escape::{plain, quoted, visible};
use protocol::{ClientId, Issuer, Timestamp};
use serde_json::{Value, json};
use store::{
    ProvisioningCount, ProvisioningFilter, ProvisioningRow, ProvisioningState, Store, StoreError,
};

use crate::commands::{by_hand, configured, date, date_or, health, providers, seconds};
use crate::config::Config;
use crate::open_store;
use crate::setting::DefaultText;
use crate::terminal::output::Output;
use crate::terminal::table::TextTable;

/// The number of rows per query.
const PAGE: i64 = 500;

/// The maximum length of the metrics of the running service, in bytes.
const METRICS_MAX: u64 = 4 * 1024 * 1024;

/// The metric that tells whether calls to a server are paused.
const BREAKER: &str = "frontdesk_provision_breaker_open";

/// The states that the list leaves out unless `--all` is set.
const UNSYNCED: [ProvisioningState; 4] = [
    ProvisioningState::Creating,
    ProvisioningState::Pending,
    ProvisioningState::Rejected,
    ProvisioningState::Deleting,
];

/// The copies to show.
#[derive(Debug, clap::Args)]
pub struct ProvisionStatusArguments {
    /// The identifier of the only client to show.
    #[arg(value_name = "CLIENT", conflicts_with = "all")]
    pub client: Option<String>,
    /// The issuer of the only provider to show; every provider by default.
    #[arg(long, value_name = "ISSUER")]
    pub provider: Option<String>,
    /// List the copies that the server confirmed too.
    #[arg(long)]
    pub all: bool,
}

/// Prints the state of each provider's copies, and lists those that the server has not confirmed; or the copy of a client.
///
/// # Errors
/// The client has no copy, or the store fails.
pub fn status(
    config: &Config,
    arguments: &ProvisionStatusArguments,
    out: &mut Output,
) -> anyhow::Result<()> {
    let provider = arguments
        .provider
        .as_deref()
        .map(|issuer| configured(config, issuer))
        .transpose()?;
    let store = open_store::open_existing(config)?.acting_as(by_hand(None));
    let filter = ProvisioningFilter {
        provider: provider.clone(),
        client_id: arguments.client.clone().map(ClientId::new),
        states: match arguments.all || arguments.client.is_some() {
            true => Vec::new(),
            false => UNSYNCED.to_vec(),
        },
    };
    if arguments.client.is_none() && !out.is_json() {
        summaries(config, &store, provider.as_ref(), out)?;
    }
    let listed = list(&store, &filter, out)?;
    match &filter.client_id {
        Some(id) if listed == 0 => Err(without_copy(&store, id)?),
        _ => Ok(()),
    }
}

/// Returns the error about a client that has no copy.
fn without_copy(store: &Store, id: &ClientId) -> Result<anyhow::Error, StoreError> {
    let id_text = plain(id.as_str());
    Ok(match store.client(id)? {
        Some(_) => anyhow!("the client {id_text} has no copy at an authorization server"),
        None => anyhow!("there is no client {id_text}"),
    })
}

/// Lists the rows that match, and returns their number.
fn list(store: &Store, filter: &ProvisioningFilter, out: &mut Output) -> anyhow::Result<usize> {
    let mut table = TextTable::new(&[
        "CLIENT", "STATE", "SINCE", "TRIES", "DUE", "NOT KEPT", "ERROR", "PROVIDER",
    ]);
    let (mut after, mut listed) = (None, 0_usize);
    loop {
        let page = store.provisioning_rows(filter, after.as_deref(), PAGE)?;
        let Some(last) = page.last() else {
            return Ok(listed);
        };
        after = Some(last.id.clone());
        let rows: Vec<ProvisioningRow> = page
            .into_iter()
            .map(|one| one.row)
            .collect::<Result<_, _>>()?;
        listed = listed.saturating_add(rows.len());
        out.rows(&mut table, &rows, row, to_json)?;
    }
}

fn row(row: &ProvisioningRow) -> Vec<String> {
    let client = row.client_id.as_ref();
    let dropped = row.dropped_members.join(", ");
    vec![
        client.map_or_else(|| "-".to_owned(), |id| plain(id.as_str()).into_owned()),
        row.state.as_str().to_owned(),
        date(row.since),
        row.attempts.to_string(),
        date_or(row.due_at, "-"),
        if dropped.is_empty() {
            "-".to_owned()
        } else {
            dropped
        },
        row.error.as_deref().map_or_else(|| "-".to_owned(), quoted),
        plain(row.provider.as_str()).into_owned(),
    ]
}

fn to_json(row: &ProvisioningRow) -> Value {
    json!({
        "client_id": row.client_id.as_ref().map(ClientId::as_str),
        "provider": row.provider.as_str(),
        "state": row.state.as_str(),
        "attempts": row.attempts,
        "due_at": seconds(row.due_at),
        "since": row.since.seconds(),
        "error": row.error,
        "dropped_members": row.dropped_members,
    })
}

/// Prints the state of each provider: those that are configured, and those that have copies from before.
fn summaries(
    config: &Config,
    store: &Store,
    only: Option<&Issuer>,
    out: &mut Output,
) -> anyhow::Result<()> {
    let counts = store.provisioning_counts()?;
    let metrics = running_metrics(config);
    let is_meant = |issuer: &str| only.is_none_or(|only| only.as_str() == issuer);
    for provider in providers(config)? {
        let issuer = &provider.issuer;
        let Some(provision) = provider
            .provision
            .as_ref()
            .filter(|_| is_meant(issuer.as_str()))
        else {
            continue;
        };
        let (states, waiting) = states(&counts, issuer.as_str());
        writeln!(
            out,
            "{issuer} ({}): {states}",
            provision.target.kind().text()
        )?;
        if let Some(waiting) = waiting {
            writeln!(out, "  the oldest waits since {}", date(waiting))?;
        }
        let reconcile = store.reconcile_state(issuer)?;
        let (at, result) = (reconcile.last_at, reconcile.last_result.unwrap_or_default());
        match at {
            Some(at) => writeln!(out, "  last compared {}: {}", date(at), visible(&result))?,
            None => writeln!(out, "  never compared")?,
        }
        writeln!(out, "  {}", breaker(metrics.as_deref(), issuer))?;
    }
    let is_configured = |issuer: &str| {
        let mut all = config.providers.iter();
        all.any(|one| one.issuer.as_str() == issuer && one.provision.is_some())
    };
    let mut left: Vec<&str> = counts.iter().map(|count| count.provider.as_str()).collect();
    left.dedup();
    for issuer in left {
        if is_meant(issuer) && !is_configured(issuer) {
            let (states, _) = states(&counts, issuer);
            writeln!(
                out,
                "{} (without [provider.provision], so nothing is written): {states}",
                plain(issuer)
            )?;
        }
    }
    Ok(())
}

/// Returns the numbers of copies by state, and the time since which the oldest waits.
fn states(counts: &[ProvisioningCount], issuer: &str) -> (String, Option<Timestamp>) {
    let of_provider = || counts.iter().filter(|count| count.provider == issuer);
    let number = |state: ProvisioningState| {
        let found = of_provider().find(|count| count.state == state);
        format!(
            "{} {}",
            found.map_or(0, |count| count.count),
            state.as_str()
        )
    };
    let shown = [
        ProvisioningState::Synced,
        ProvisioningState::Pending,
        ProvisioningState::Creating,
        ProvisioningState::Rejected,
        ProvisioningState::Deleting,
    ];
    let waiting = of_provider()
        .filter(|count| count.state != ProvisioningState::Synced)
        .map(|count| count.oldest)
        .min();
    (shown.map(number).join(", "), waiting)
}

/// Returns the metrics of the running service, if it answers.
fn running_metrics(config: &Config) -> Option<String> {
    let address = health::running(config)?;
    let asked = health::ask_within(&format!("http://{address}/metrics"), METRICS_MAX);
    asked
        .ok()
        .filter(|(status, _)| *status == 200)
        .map(|(_, body)| body)
}

/// Returns a sentence about the calls of the running service to the server.
fn breaker(metrics: Option<&str>, issuer: &Issuer) -> &'static str {
    let Some(metrics) = metrics else {
        return "the service does not run here, so it is unknown whether calls are paused";
    };
    let series = format!("{BREAKER}{{provider=\"{issuer}\"}} ");
    match metrics.lines().find_map(|line| line.strip_prefix(&series)) {
        Some("0") => "the service calls the server",
        Some(_) => {
            "the service pauses its calls, since the server does not answer (the breaker is open)"
        }
        None => "the running service has another configuration",
    }
}
