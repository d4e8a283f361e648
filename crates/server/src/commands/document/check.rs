//! `frontdesk document check`: the verdict about a document, explained to its author.

use std::io::Write;
use std::path::Path;

use admission::{DocumentRejection, DocumentStep, JudgedDocument, LeftOut};
use anyhow::bail;
use protocol::escape::{plain, visible, visible_json_lines};
use protocol::{ClientId, ClientIdUrl};
use serde_json::{Value, json};
use store::{DocumentState, Store};

use super::read::{DocumentReader, ReadDocument, UnreadDocument};
use crate::commands::date;
use crate::config::{Config, ProviderConfig};
use crate::open_store;
use crate::settings::DocumentAccess;
use crate::terminal::output::Output;

/// The verdict about a document.
enum DocumentVerdict {
    /// The document could not be read.
    Unread(UnreadDocument),
    /// The document was read and refused.
    Refused(DocumentRejection),
    /// The document was agreed to.
    Agreed(Box<JudgedDocument>),
}

/// Fetches a document or reads it from a file, decides about it, and prints each step.
///
/// # Errors
/// The document is refused, the provider's own document cannot be had, or the output cannot be written.
pub fn run(
    config: &Config,
    provider: &ProviderConfig,
    url: &ClientIdUrl,
    file: Option<&Path>,
    out: &mut Output,
) -> anyhow::Result<()> {
    let reader = DocumentReader::new(config, provider)?;
    let read = match file {
        Some(file) => reader.open(file)?,
        None => reader.fetch(url)?,
    };
    let (source, verdict) = match read {
        Err(unread) => (None, DocumentVerdict::Unread(unread)),
        Ok(document) => {
            let verdict = match reader.judge(url, &document) {
                Ok(judged) => DocumentVerdict::Agreed(Box::new(judged)),
                Err(rejected) => DocumentVerdict::Refused(rejected),
            };
            (Some(describe_source(&document, file)), verdict)
        }
    };
    let mut warnings = warnings_of_provider(config, provider, url);
    if let DocumentVerdict::Agreed(judged) = &verdict {
        warnings.extend(judged.warnings.iter().cloned());
    }
    if out.is_json() {
        out.outcome("", &to_json(url, &verdict, &warnings))?;
    } else {
        print(out, provider, url, source.as_deref(), &verdict, &warnings)?;
    }
    match verdict.message() {
        Some(message) => bail!("the document is refused: {message}"),
        None => Ok(()),
    }
}

impl DocumentVerdict {
    /// Returns the sentence of a refusal.
    fn message(&self) -> Option<String> {
        match self {
            Self::Unread(unread) => Some(unread.sentence.clone()),
            Self::Refused(rejected) => Some(rejected.message()),
            Self::Agreed(_) => None,
        }
    }

    /// Returns the word of a refusal: that of a failed fetch, or the identifier of the rule that the document breaks.
    fn reason(&self) -> Option<String> {
        match self {
            Self::Unread(unread) => Some(unread.word.to_owned()),
            Self::Refused(rejected) => Some(match rejected.member() {
                Some(_) => rejected.invalid.rule_id(),
                None => "json".to_owned(),
            }),
            Self::Agreed(_) => None,
        }
    }
}

fn describe_source(document: &ReadDocument, file: Option<&Path>) -> String {
    let bytes = document.body.len();
    match file {
        Some(_) => format!("{bytes} bytes of the file"),
        None => format!("{bytes} bytes, used until {}", date(document.fresh_until)),
    }
}

/// Returns sentences about the settings of the provider that concern the client.
fn warnings_of_provider(
    config: &Config,
    provider: &ProviderConfig,
    url: &ClientIdUrl,
) -> Vec<String> {
    let documents = &provider.documents;
    let is_listed = documents
        .hosts
        .iter()
        .any(|listed| listed.matches(url.host()));
    let mut warnings = Vec::new();
    match documents.access {
        DocumentAccess::Closed => warnings.push(
            "provider.documents is closed: this provider uses no document".to_owned(),
        ),
        DocumentAccess::Listed if !is_listed => warnings.push(format!(
            "{} is not in provider.document_hosts: the client is refused until the host is listed or the document is added",
            url.host()
        )),
        DocumentAccess::Listed | DocumentAccess::Open => {}
    }
    if documents.pass.contains(url) {
        warnings.push(
            "provider.document_pass has this identifier: it is passed on without a look at the document".to_owned(),
        );
    }
    if let Ok(store) = open_store::open_unmigrated(config) {
        warnings.extend(warnings_of_store(&store, provider, url));
    }
    warnings
}

/// Returns sentences about the client in the store. The decision needs no store, so nothing is said if it cannot be read.
fn warnings_of_store(store: &Store, provider: &ProviderConfig, url: &ClientIdUrl) -> Vec<String> {
    let id = ClientId::new(url.as_str());
    let mut warnings = Vec::new();
    if matches!(store.client(&id), Ok(Some(client)) if client.data.provider == provider.issuer) {
        warnings.push(
            "a registered client has this identifier, and its registration decides".to_owned(),
        );
    }
    match store.find_document(&provider.issuer, &id) {
        Ok(Some(kept)) if kept.state == DocumentState::Disabled => warnings.push(
            "the client is disabled here; frontdesk document enable accepts it again".to_owned(),
        ),
        Ok(Some(kept)) if kept.state == DocumentState::Pinned => warnings.push(
            "the document is pinned here: the version of frontdesk document show is used"
                .to_owned(),
        ),
        _ => {}
    }
    warnings
}

fn print(
    out: &mut Output,
    provider: &ProviderConfig,
    url: &ClientIdUrl,
    source: Option<&str>,
    verdict: &DocumentVerdict,
    warnings: &[String],
) -> anyhow::Result<()> {
    writeln!(out, "{url} at {}", provider.issuer)?;
    match (source, verdict.message()) {
        (None, message) => step(out, "document", &message.unwrap_or_default())?,
        (Some(source), message) => {
            step(out, "document", source)?;
            let failed = match verdict {
                DocumentVerdict::Refused(rejected) => Some(rejected.step),
                _ => None,
            };
            let passed = DocumentStep::ALL
                .into_iter()
                .take_while(|step| Some(*step) != failed);
            for passed in passed {
                step(out, passed.title(), "ok")?;
            }
            if let (Some(failed), Some(message)) = (failed, message) {
                step(out, failed.title(), &message)?;
            }
        }
    }
    if let DocumentVerdict::Agreed(judged) = verdict {
        let agreed: Value = serde_json::from_str(judged.metadata.json())?;
        let agreed = serde_json::to_string_pretty(&agreed)?;
        writeln!(out, "agreed: {}", visible_json_lines(&agreed))?;
        for left in &judged.left_out {
            writeln!(out, "left out: {}", describe_left_out(left))?;
        }
    }
    for warning in warnings {
        writeln!(out, "warning: {warning}")?;
    }
    Ok(())
}

fn step(out: &mut Output, title: &str, result: &str) -> anyhow::Result<()> {
    Ok(writeln!(out, "  {title:<26}{result}")?)
}

fn describe_left_out(left: &LeftOut) -> String {
    let member = plain(&left.member);
    if left.values.is_empty() {
        return format!("{member} {}", left.reason);
    }
    let values: Vec<_> = left.values.iter().map(|value| visible(value)).collect();
    format!("{member} {}: {}", left.reason, values.join(", "))
}

fn to_json(url: &ClientIdUrl, verdict: &DocumentVerdict, warnings: &[String]) -> Value {
    let (agreed, left_out) = match verdict {
        DocumentVerdict::Agreed(judged) => (
            serde_json::from_str(judged.metadata.json()).unwrap_or_default(),
            judged.left_out.iter().map(left_out_to_json).collect(),
        ),
        _ => (Value::Null, Vec::new()),
    };
    let member = match verdict {
        DocumentVerdict::Refused(rejected) => rejected.member(),
        _ => None,
    };
    json!({
        "url": url.as_str(),
        "accepted": verdict.message().is_none(),
        "reason": verdict.reason(),
        "member": member,
        "message": verdict.message(),
        "agreed": agreed,
        "left_out": left_out,
        "warnings": warnings,
    })
}

fn left_out_to_json(left: &LeftOut) -> Value {
    json!({ "member": left.member, "values": left.values, "reason": left.reason })
}
