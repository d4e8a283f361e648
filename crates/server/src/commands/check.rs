//! `frontdesk check`.

use std::io::Write;

use protocol::Clock;

use crate::config::{Config, Tls};
use crate::{open, provider, tls};

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
        match provider::offer(provider) {
            Ok(offer) => {
                for (member, _) in offer.placeholders {
                    say(format!("  {member} is a placeholder until it is configured"))?;
                }
            }
            Err(invalid) => wrong.push(format!("the provider {}: {invalid}; set it in [provider.metadata]", provider.issuer)),
        }
    }
    for variable in &config.unknown_variables {
        say(format!("note: {variable} looks like a setting and is none; it is ignored"))?;
    }
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
    match open::unmigrated(config).and_then(|store| store.check().map_err(|error| error.to_string())) {
        Ok(()) => say("store: open, at this version, and the sealing key is its own".to_owned())?,
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
