//! `[[provider.webfinger]]`: what a provider says of accounts and pages besides who their issuer is.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use webfinger::{DirectoryError, Extra, Link, Target};

use super::ConfigError;
use crate::settings;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    domain: Option<String>,
    aliases: Vec<String>,
    link: Vec<LinkSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkSection {
    rel: String,
    href: Option<String>,
    template: Option<String>,
    #[serde(rename = "type")]
    media_type: Option<String>,
    #[serde(default)]
    titles: BTreeMap<String, String>,
    #[serde(default)]
    properties: BTreeMap<String, String>,
}

const DOMAIN: &str = "provider.webfinger.domain";
const ALIASES: &str = "provider.webfinger.aliases";
const LINK: &str = "provider.webfinger.link";

/// Reads one section.
///
/// # Errors
/// One sentence that names the setting and the value.
pub(super) fn extra(section: Section) -> Result<Extra, ConfigError> {
    Ok(Extra {
        domain: section
            .domain
            .map(|domain| parsed(DOMAIN, &domain))
            .transpose()?,
        aliases: section
            .aliases
            .iter()
            .map(|alias| parsed(ALIASES, alias))
            .collect::<Result<_, _>>()?,
        links: section
            .link
            .into_iter()
            .map(link)
            .collect::<Result<_, _>>()?,
    })
}

fn link(section: LinkSection) -> Result<Link, ConfigError> {
    let target = match (section.href, section.template) {
        (Some(href), None) => Target::Href(parsed(LINK, &href)?),
        (None, Some(template)) => Target::Pattern(template),
        _ => {
            return Err(ConfigError::new(format!(
                "{LINK}: The link `{}` must have either an href or a template.",
                section.rel
            )));
        }
    };
    let LinkSection {
        rel,
        media_type,
        titles,
        properties,
        ..
    } = section;
    Ok(Link {
        rel,
        target,
        media_type,
        titles,
        properties,
    })
}

fn parsed<T: FromStr<Err: fmt::Display>>(key: &str, text: &str) -> Result<T, ConfigError> {
    text.parse()
        .map_err(|error| ConfigError::new(format!("{key}: {error}")))
}

/// Why the providers cannot answer beside one another, with the setting that says so.
pub(super) fn refused(error: &DirectoryError) -> ConfigError {
    let setting = match error {
        DirectoryError::Contested { .. }
        | DirectoryError::SameIssuer(_)
        | DirectoryError::NoHost(_) => settings::named("provider.domains"),
        DirectoryError::NotHosted { .. } => DOMAIN.to_owned(),
        DirectoryError::Link { .. } => LINK.to_owned(),
    };
    ConfigError::new(format!("{setting}: {error}"))
}
