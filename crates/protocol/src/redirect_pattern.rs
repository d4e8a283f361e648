//! `regexp=` redirect URIs, as WSO2 clients register them.
//!
//! A pattern is accepted only if every regular expression engine reads it alike and if every match begins with an origin that
//! is written out. [`grammar`] restricts it to the syntax that engines agree about. [`hosts`] escapes the dots in hosts, because
//! an unescaped dot also matches hosts of other owners. [`origins`] finds the origins with which every match begins. The result is
//! the judged form, which is stored with the metadata for programs that match redirect URIs.

pub mod class;
pub mod grammar;
pub mod hosts;
pub mod origins;
pub mod repetition;

use regex::{Regex, RegexBuilder};
use serde::Serialize;

use grammar::NEST_MAX;

use crate::uri::{PATTERN_MARKER, RedirectForm};
use crate::{ClientMetadata, RedirectUri};

/// The maximum size of a compiled pattern, in bytes.
const COMPILED_MAX: usize = 64 * 1024;

const NO_PATTERN: &str = "has an element that is not a pattern";

const TOO_LARGE: &str = "has a pattern that is too large when it is compiled";

/// A `regexp=` redirect URI that every engine reads alike, with the origins of its matches.
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
    /// Checks a pattern among redirect URIs.
    ///
    /// # Errors
    /// The pattern is outside the grammar, has a match without a written origin, or is too large. The reason continues
    /// `redirect_uris`.
    pub fn parse(uri: &RedirectUri) -> Result<Self, &'static str> {
        let judged = hosts::escape_dots(grammar::without_anchors(pattern_text(uri)?)?)
            .ok_or(origins::UNBOUND)?;
        // A host that is written in a character class gains a backslash there, which engines do not agree about.
        grammar::without_anchors(&judged)?;
        let pattern = Self {
            origins: origins::origins(&judged)?,
            expression: format!("^(?:{judged})$"),
        };
        pattern.regex().map(|_| pattern)
    }

    /// Returns the judged form: an anchored expression in which the dots of hosts match only dots.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// Returns the origins of the matches, each as the redirect URI `https://host[:port]/`, or with http on loopback.
    pub fn origins(&self) -> &[RedirectUri] {
        &self.origins
    }

    /// Compiles the expression, which matches in linear time.
    ///
    /// # Errors
    /// The compiled expression is larger than 64 KiB.
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

    /// Returns true if a redirect URI is a pattern.
    pub fn has_patterns(&self) -> bool {
        self.redirect_uris
            .iter()
            .flatten()
            .any(|uri| uri.form() == RedirectForm::Pattern)
    }
}

/// Returns the origins of a pattern that may be older than the grammar, as [`RedirectPattern::origins`] does, but as the `regex`
/// crate alone reads the pattern.
///
/// # Errors
/// The URI is not a pattern, or has a match without a written origin. The reason continues `redirect_uris`.
pub fn origins_of_any(uri: &RedirectUri) -> Result<Vec<RedirectUri>, &'static str> {
    origins::origins(&hosts::escape_dots(pattern_text(uri)?).ok_or(origins::UNBOUND)?)
}

/// Returns the hosts of a redirect URI; for a pattern, the hosts of its origins. OIDC Registration §5.
pub fn hosts_of(uri: &RedirectUri) -> Vec<Option<String>> {
    match origins_of_any(uri) {
        Ok(origins) => origins.iter().map(RedirectUri::host).collect(),
        Err(_) => vec![uri.host()],
    }
}

fn pattern_text(uri: &RedirectUri) -> Result<&str, &'static str> {
    uri.as_str().strip_prefix(PATTERN_MARKER).ok_or(NO_PATTERN)
}
