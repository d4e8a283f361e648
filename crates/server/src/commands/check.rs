//! `frontdesk check`.

use std::io::Write;

use protocol::Clock;
use store::StoreError;

use crate::config::{Config, Sealing, Tls};
use crate::descriptors::Descriptors;
use crate::{logging, open, provider, serve, tls};

/// Prints the configuration in force and everything that is wrong with it.
///
/// # Errors
/// How many things are wrong.
pub fn run(config: &Config, out: &mut impl Write) -> Result<(), String> {
    let mut wrong: Vec<String> = Vec::new();
    let mut say = |text: String| writeln!(out, "{text}").map_err(|error| error.to_string());
    say("# What was set; everything else has its default.".to_owned())?;
    say(config.effective().trim_end().to_owned())?;
    say(format!("\n# In force\ndevelopment mode: {}\ndatabase: {}\nlisten: {}", config.development, config.database, config.listen))?;
    for provider in &config.providers {
        say(format!("provider: {} ({:?})", provider.issuer, provider.access))?;
        if let Err(error) = provider.check() {
            wrong.push(error.to_string());
        }
        if let Ok(offer) = provider::offer(provider) {
            for (member, _) in &offer.placeholders {
                say(format!("  {member} is a placeholder until it is configured"))?;
            }
            for concern in offer.concerns() {
                say(format!("  note: {concern}"))?;
            }
        }
    }
    for variable in &config.unknown_variables {
        say(format!("note: {variable} looks like a setting and is none; it is ignored"))?;
    }
    let listens = serve::resolve("listen", &config.listen, config.development);
    let manages = serve::resolve("management_listen", &config.management_listen, false);
    let logs = logging::filter(&config.log_level);
    wrong.extend([listens.err(), manages.err(), logs.err()].into_iter().flatten());
    if let Tls::Files { certificate, key } = &config.tls {
        match tls::acceptor(certificate, key).map(drop).and_then(|()| tls::concern(certificate, Clock::system().now())) {
            Ok(None) => {}
            Ok(Some(concern)) => wrong.push(concern),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    if let Err(error) = config.outbound_authority() {
        wrong.push(error.to_string());
    }
    say(format!("connections: {}", Descriptors::expected(&config.limits, config.database.max_connections())))?;
    match store(config) {
        Ok(told) => say(format!("store: {told}"))?,
        Err(error) => wrong.push(error),
    }
    for sentence in &wrong {
        say(format!("wrong: {sentence}"))?;
    }
    match wrong.len() {
        0 => say("all is well".to_owned()),
        1 => Err("one thing is wrong".to_owned()),
        many => Err(format!("{many} things are wrong")),
    }
}

/// How the store is. What a start would do by itself is not wrong, and looking makes nothing.
fn store(config: &Config) -> Result<&'static str, String> {
    if config.database.sqlite_path().is_some_and(|path| !path.exists()) {
        if !matches!(config.sealing, Sealing::Made(_)) {
            config.sealing_key().map_err(|error| error.to_string())?;
        }
        return Ok("there is none yet; the first start makes it");
    }
    match open::unmigrated(config)?.check() {
        Ok(()) => Ok("open, at this version, and the sealing key is its own"),
        Err(StoreError::Behind) => Ok("open; the next start, or `frontdesk migrate`, brings it to this version"),
        Err(error) => Err(open::sentence(config, &error)),
    }
}
