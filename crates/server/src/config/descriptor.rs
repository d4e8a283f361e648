//! `[[provider.webfinger]]`: additional links and aliases in WebFinger responses.

use std::fmt;
use std::str::FromStr;

use anyhow::{anyhow, bail};
use webfinger::{DirectoryError, ExtraLinks, Link, LinkTarget};

use crate::settings::{LinkSection, WebFingerSection, named};

const DOMAIN: &str = "provider.webfinger.domain";
const ALIASES: &str = "provider.webfinger.aliases";
const LINK: &str = "provider.webfinger.link";

/// Reads a section.
///
/// # Errors
/// Names the setting and the value.
pub(super) fn extra(section: WebFingerSection) -> anyhow::Result<ExtraLinks> {
    Ok(ExtraLinks {
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

fn link(section: LinkSection) -> anyhow::Result<Link> {
    let target = match (section.href, section.template) {
        (Some(href), None) => LinkTarget::Href(parsed(LINK, &href)?),
        (None, Some(template)) => LinkTarget::Pattern(template),
        _ => {
            bail!(
                "{LINK}: The link `{}` must have either an href or a template.",
                section.rel
            );
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

fn parsed<T: FromStr<Err: fmt::Display>>(key: &str, text: &str) -> anyhow::Result<T> {
    text.parse().map_err(|error| anyhow!("{key}: {error}"))
}

/// Adds the setting to the reason why the providers' hosts conflict.
pub(super) fn refused(error: &DirectoryError) -> anyhow::Error {
    let setting = match error {
        DirectoryError::Contested { .. }
        | DirectoryError::SameIssuer(_)
        | DirectoryError::NoHost(_) => named("provider.domains"),
        DirectoryError::NotHosted { .. } => DOMAIN.to_owned(),
        DirectoryError::Link { .. } => LINK.to_owned(),
    };
    anyhow!("{setting}: {error}")
}
