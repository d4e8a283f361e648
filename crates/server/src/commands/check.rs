//! `frontdesk check`.

mod clients;
mod listening;
pub mod outside;
mod provisioning;
mod report;
mod upstream;

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use protocol::Clock;
use store::{ClientsWithNul, StoreError};

use super::error_text;
use crate::config::{Config, ProviderConfig, SealingKeySource, TlsMode};
use crate::http::descriptors::Descriptors;
use crate::observability::log_filter;
use crate::provider::{ProviderOffer, hop};
use crate::setting::DefaultText;
use crate::{open_store, provider, tls};
use protocol::escape::plain;
use report::{CheckedProvider, ConfigurationReport};

/// Prints the configuration in force and its problems, as text or as a JSON object.
///
/// # Errors
/// The number of problems.
pub fn run(config: &Config, json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let mut report = ConfigurationReport {
        descriptors: Descriptors::expected(&config.limits, config.database.max_connections()),
        providers: Vec::new(),
        notes: Vec::new(),
        store: None,
        store_note: None,
        problems: Vec::new(),
    };
    for provider in &config.providers {
        check_provider(config, provider, &mut report);
    }
    for variable in &config.unknown_variables {
        let note = format!("unknown setting {variable} is ignored");
        report.notes.push(note);
    }
    report.notes.extend(config.open_secret_files());
    listening::check(config, &mut report);
    if let TlsMode::Files { certificate, key } = &config.tls {
        check_certificate(config, certificate, key, &mut report);
    }
    let unusable = [
        log_filter(&config.log_level).map(drop).err(),
        config.outbound_authority().map(drop).err(),
        config.admin_password().map(drop).err(),
    ];
    let unusable = unusable.iter().flatten().map(error_text);
    report.problems.extend(unusable);
    match store(config) {
        Ok((state, note)) => {
            report.store = Some(state);
            report.store_note = note;
            report.notes.extend(provisioning::resting(config));
        }
        Err(error) => report.problems.push(error_text(&error)),
    }
    report.print(config, json, out)
}

fn check_provider(config: &Config, provider: &ProviderConfig, report: &mut ConfigurationReport) {
    let issuer = &provider.issuer;
    let mut checked = CheckedProvider {
        issuer: issuer.to_string(),
        registration: provider.access.text(),
        placeholders: Vec::new(),
        notes: Vec::new(),
    };
    if let Err(error) = provider.check() {
        report.problems.push(error_text(&error));
    }
    if issuer.as_str().ends_with('/') {
        let bare = issuer.as_str().trim_end_matches('/');
        checked.notes.push(format!(
            "the issuer ends with a slash, which belongs to its name: clients that are configured with {bare} refuse the documents"
        ));
    }
    if let Some(offer) = offer(config, provider, &mut checked.notes, report) {
        let members = offer.placeholders.iter();
        checked
            .placeholders
            .extend(members.map(|(member, _)| *member));
        checked.notes.extend(offer.concerns());
        let has_lookup = config.lookup_listen.is_some();
        checked.notes.extend(hop::concerns(
            &provider.documents,
            &offer.metadata,
            has_lookup,
            provider.provision.is_some(),
        ));
        let rows = clients::beyond_offer(config, provider, &offer);
        checked.notes.extend(rows);
        let notes = &mut checked.notes;
        let problems = provisioning::check(config, provider, &offer, notes);
        report.problems.extend(problems);
    }
    report.providers.push(checked);
}

/// Returns the provider's document, if it can be rendered.
fn offer(
    config: &Config,
    provider: &ProviderConfig,
    notes: &mut Vec<String>,
    report: &mut ConfigurationReport,
) -> Option<ProviderOffer> {
    match &provider.upstream {
        None => provider::offer(provider).ok(),
        Some(upstream) => upstream::check(config, provider, upstream, notes)
            .map_err(|problem| report.problems.push(error_text(&problem)))
            .ok()
            .flatten(),
    }
}

/// Checks that the service can use the certificate, and clients will accept it at every issuer's host. Behind a proxy another
/// name may be meant, since the proxy has a certificate of its own.
fn check_certificate(
    config: &Config,
    certificate: &Path,
    key: &Path,
    report: &mut ConfigurationReport,
) {
    let hosts = config.providers.iter().map(|one| one.issuer.host());
    let checked = tls::acceptor(certificate, key).and_then(|_| {
        let concern = tls::concern(certificate, Clock::system().now())?;
        Ok((concern, tls::unnamed_hosts(certificate, hosts)?))
    });
    let (concern, mut unnamed) = match checked {
        Ok(found) => found,
        Err(error) => return report.problems.push(error.to_string()),
    };
    report.problems.extend(concern);
    unnamed.dedup();
    let place = certificate.display();
    for host in unnamed {
        if config.proxies.networks.is_empty() {
            report.problems.push(format!(
                "The certificate in {place} is not for {host}, the host of an issuer; clients refuse it there."
            ));
        } else {
            report.notes.push(format!(
                "the certificate in {place} is not for {host}, the host of an issuer, so only the proxies can use it"
            ));
        }
    }
}

/// Returns the state of the store, and a note on its rows. What a start does by itself is not a problem, and nothing is created.
fn store(config: &Config) -> anyhow::Result<(&'static str, Option<String>)> {
    if config
        .database
        .sqlite_path()
        .is_some_and(|path| !path.exists())
    {
        if !matches!(config.sealing, SealingKeySource::Generated(_)) {
            config.sealing_key()?;
        }
        if let Some(folder) = open_store::missing_folder(config) {
            let url = config.database.to_string();
            let reason = format!("the folder {} does not exist", folder.display());
            return Err(StoreError::Open { url, reason }.into());
        }
        return Ok(("does not exist yet; the first start creates it", None));
    }
    let store = open_store::open_unmigrated(config)?;
    match store.check() {
        Ok(()) => {
            let found = store
                .clients_with_nul(NAMED)
                .map_err(|error| open_store::describe_error(config, &error))?;
            Ok((
                "open, schema up to date, sealing key matches",
                with_nul(&found),
            ))
        }
        Err(StoreError::SchemaOutdated) => Ok((
            "open, schema outdated; the next start, or `frontdesk migrate`, updates it",
            None,
        )),
        Err(error) => Err(open_store::describe_error(config, &error)),
    }
}

/// The maximum number of clients that a note names.
const NAMED: usize = 10;

/// Returns a note on clients from before U+0000 was refused.
fn with_nul(found: &ClientsWithNul) -> Option<String> {
    let ids: Vec<Cow<'_, str>> = found.first.iter().map(|id| plain(id.as_str())).collect();
    let (clients, named) = match found.count {
        0 => return None,
        1 => ("1 client has".to_owned(), ids.join(", ")),
        count if ids.len() == NAMED => (
            format!("{count} clients have"),
            format!("the first are {}", ids.join(", ")),
        ),
        count => (format!("{count} clients have"), ids.join(", ")),
    };
    Some(format!(
        "{clients} the character U+0000 in metadata or terms, at which every query with metadata::jsonb fails on PostgreSQL: {named}; \
        an update without it, or `frontdesk client delete CLIENT_ID`, ends that"
    ))
}
