//! `frontdesk check`.

pub mod outside;

use std::borrow::Cow;
use std::io::Write;

use anyhow::anyhow;
use protocol::Clock;
use store::{ClientsWithNul, StoreError};

use super::error_text;
use crate::config::{Config, SealingKeySource, TlsMode};
use crate::http::descriptors::Descriptors;
use crate::observability::log_filter;
use crate::{open_store, provider, serve, tls};
use protocol::escape::{plain, visible_lines};

/// Prints the configuration in force and its problems.
///
/// # Errors
/// The number of problems.
pub fn run(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let mut wrong: Vec<String> = Vec::new();
    let mut say = |text: String| writeln!(out, "{}", visible_lines(&text));
    say("# What was set; everything else has its default.".to_owned())?;
    say(config.effective().trim_end().to_owned())?;
    say(format!(
        "\n# In force\ndevelopment mode: {}\ndatabase: {}\nlisten: {}",
        config.development, config.database, config.listen
    ))?;
    for provider in &config.providers {
        say(format!(
            "provider: {} ({:?})",
            provider.issuer, provider.access
        ))?;
        if let Err(error) = provider.check() {
            wrong.push(error_text(&error));
        }
        if let Ok(offer) = provider::offer(provider) {
            for (member, _) in &offer.placeholders {
                say(format!(
                    "  {member} is a placeholder until it is configured"
                ))?;
            }
            for concern in offer.concerns() {
                say(format!("  note: {concern}"))?;
            }
        }
    }
    for variable in &config.unknown_variables {
        say(format!("note: unknown setting {variable} is ignored"))?;
    }
    for concern in config.open_secret_files() {
        say(format!("note: {concern}"))?;
    }
    let listens = serve::resolve("listen", &config.listen, config.development);
    let manages = serve::resolve("management_listen", &config.management_listen, false);
    let logs = log_filter(&config.log_level);
    let wrong_settings = [listens.err(), manages.err(), logs.err()];
    wrong.extend(wrong_settings.iter().flatten().map(error_text));
    if let TlsMode::Files { certificate, key } = &config.tls {
        match tls::acceptor(certificate, key)
            .map(drop)
            .and_then(|()| tls::concern(certificate, Clock::system().now()))
        {
            Ok(None) => {}
            Ok(Some(concern)) => wrong.push(concern),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    let unread = [
        config.outbound_authority().map(drop).err(),
        config.admin_password().map(drop).err(),
    ];
    wrong.extend(unread.into_iter().flatten().map(|error| error_text(&error)));
    say(format!(
        "connections: {}",
        Descriptors::expected(&config.limits, config.database.max_connections())
    ))?;
    match store(config) {
        Ok((told, note)) => {
            say(format!("store: {told}"))?;
            if let Some(note) = note {
                say(format!("note: {note}"))?;
            }
        }
        Err(error) => wrong.push(error_text(&error)),
    }
    for sentence in &wrong {
        say(format!("wrong: {sentence}"))?;
    }
    match wrong.len() {
        0 => Ok(say("no problems found".to_owned())?),
        1 => Err(anyhow!("1 problem found")),
        many => Err(anyhow!("{many} problems found")),
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
