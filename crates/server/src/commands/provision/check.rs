//! `frontdesk provision check`: tries the credentials and rights at each server.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::bail;
use protocol::escape::visible;
use provisioning::Finding;
use serde_json::json;

use super::targets::provisioned_providers;
use crate::commands::error_text;
use crate::config::Config;
use crate::provision::connector;
use crate::terminal::output::Output;
use crate::{serve, upstream};

/// The time limit of the calls to a server.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Tries every call to the server of each provider, and prints the findings.
///
/// # Errors
/// A call does not work.
pub fn check(config: &Config, provider: Option<&str>, out: &mut Output) -> anyhow::Result<()> {
    let (mut tried, mut wrong) = (0_usize, 0_usize);
    for target in provisioned_providers(config, provider)? {
        let issuer = &target.provider.issuer;
        let connector = upstream::described(config, target.provider).and_then(|offer| {
            connector(
                config,
                target.provider,
                target.provision,
                &offer,
                serve::random(),
            )
        });
        let begun = Instant::now();
        let deadline = begun.checked_add(TIME_LIMIT).unwrap_or(begun);
        let findings = match connector {
            Ok(connector) => connector.check(issuer, deadline),
            Err(error) => vec![Finding {
                is_well: false,
                sentence: error_text(&error),
            }],
        };
        for finding in findings {
            tried = tried.saturating_add(1);
            wrong = wrong.saturating_add(usize::from(!finding.is_well));
            let mark = if finding.is_well { "ok   " } else { "wrong" };
            let object = json!({
                "provider": issuer.as_str(),
                "ok": finding.is_well,
                "finding": finding.sentence,
            });
            out.outcome(
                format!("{mark}  {issuer}: {}", visible(&finding.sentence)),
                &object,
            )?;
        }
    }
    out.flush()?;
    match wrong {
        0 => Ok(()),
        1 => bail!("one call to an authorization server does not work"),
        many => bail!("{many} of {tried} calls to authorization servers do not work"),
    }
}
