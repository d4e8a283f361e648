//! `regexp=` redirect URIs, as WSO2 clients register them: only patterns that every regular expression engine reads alike,
//! and whose every match begins with an origin that is written out.
//!
//! A pattern goes through [`grammar`], which engines agree about; through [`hosts`], since an unescaped dot in a host would
//! match somebody else's; and through [`origins`], which finds what every match begins with. What comes out is the judged
//! form, which is stored beside the metadata for programs that match redirect URIs.

pub mod class;
pub mod grammar;
pub mod hosts;
pub mod origins;
pub mod repetition;

use regex::{Regex, RegexBuilder};
use serde::Serialize;

use crate::uri::{PATTERN_MARKER, RedirectForm};
use crate::{ClientMetadata, RedirectUri};

/// The maximum size of a compiled pattern, in bytes.
const COMPILED_MAX: usize = 64 * 1024;

/// The maximum depth of groups inside one another.
pub const NEST_MAX: u32 = 32;

const NO_PATTERN: &str = "has an element that is not a pattern";

const TOO_LARGE: &str = "has a pattern that is too large when it is compiled";

/// A `regexp=` redirect URI that every engine reads alike, with the origins its matches begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectPattern {
    expression: String,
    origins: Vec<RedirectUri>,
}

/// An element of the column `client.redirect_patterns`.
#[derive(Serialize)]
struct JudgedForm {
    pattern: String,
    origins: Vec<String>,
}

impl RedirectPattern {
    /// Judges a pattern among redirect URIs.
    ///
    /// # Errors
    /// The rest of a sentence that begins with `redirect_uris`.
    pub fn parse(uri: &RedirectUri) -> Result<Self, &'static str> {
        let judged =
            hosts::escape_dots(grammar::without_anchors(sent(uri)?)?).ok_or(origins::UNBOUND)?;
        // A host that is written out in a character class gains a backslash there, which engines do not agree about.
        grammar::without_anchors(&judged)?;
        let pattern = Self {
            origins: origins::origins(&judged)?,
            expression: format!("^(?:{judged})$"),
        };
        pattern.regex().map(|_| pattern)
    }

    /// The judged form: an expression with anchors of its own, where a dot in a host matches a dot only.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The origins every match begins with, each as the redirect URI `https://host[:port]/`, or with http on loopback.
    pub fn origins(&self) -> &[RedirectUri] {
        &self.origins
    }

    /// The expression, compiled. It matches in linear time.
    ///
    /// # Errors
    /// When it is too large.
    pub fn regex(&self) -> Result<Regex, &'static str> {
        RegexBuilder::new(&self.expression)
            .size_limit(COMPILED_MAX)
            .nest_limit(NEST_MAX)
            .build()
            .map_err(|_| TOO_LARGE)
    }

    fn judged_form(self) -> JudgedForm {
        let mut origins: Vec<String> = Vec::new();
        for origin in &self.origins {
            let origin = origin.as_str().trim_end_matches('/').to_owned();
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        JudgedForm {
            pattern: self.expression,
            origins,
        }
    }
}

impl ClientMetadata {
    /// The column `redirect_patterns`: a JSON array with the judged form of every pattern among the redirect URIs, in their
    /// order. Absent when there is no pattern, and when one is outside the grammar: a program that reads the column must not
    /// take the patterns it does find for all of them.
    pub fn judged_patterns(&self) -> Option<String> {
        let patterns = self
            .redirect_uris
            .iter()
            .flatten()
            .filter(|uri| uri.form() == RedirectForm::Pattern);
        let judged: Option<Vec<JudgedForm>> = patterns
            .map(|uri| {
                RedirectPattern::parse(uri)
                    .ok()
                    .map(RedirectPattern::judged_form)
            })
            .collect();
        judged
            .filter(|judged| !judged.is_empty())
            .and_then(|judged| serde_json::to_string(&judged).ok())
    }

    /// True if a redirect URI is a pattern.
    pub fn has_patterns(&self) -> bool {
        self.redirect_uris
            .iter()
            .flatten()
            .any(|uri| uri.form() == RedirectForm::Pattern)
    }
}

/// The origins of a pattern that was registered before there was a grammar: as [`RedirectPattern::origins`], by the reading
/// of the `regex` crate alone.
///
/// # Errors
/// The rest of a sentence that begins with `redirect_uris`.
pub fn origins_of_any(uri: &RedirectUri) -> Result<Vec<RedirectUri>, &'static str> {
    origins::origins(&hosts::escape_dots(sent(uri)?).ok_or(origins::UNBOUND)?)
}

/// The hosts a redirect URI can lead to; those of a pattern are its origins'. OIDC Registration §5.
pub fn hosts_of(uri: &RedirectUri) -> Vec<Option<String>> {
    match origins_of_any(uri) {
        Ok(origins) => origins.iter().map(RedirectUri::host).collect(),
        Err(_) => vec![uri.host()],
    }
}

fn sent(uri: &RedirectUri) -> Result<&str, &'static str> {
    uri.as_str().strip_prefix(PATTERN_MARKER).ok_or(NO_PATTERN)
}
