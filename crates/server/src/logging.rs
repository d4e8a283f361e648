//! Log lines: text for people, JSON for programs.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::settings::named;

/// Starts logging to standard error, at a level or with a filter.
///
/// # Errors
/// When the filter is none.
pub fn start(level: &str, json: bool) -> Result<(), String> {
    let filter = EnvFilter::builder()
        .parse(level)
        .map_err(|_| format!("{} must be error, warn, info, debug, trace or a filter, not {level:?}", named("log.level")))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started =
        if json { lines.json().try_init() } else { lines.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init() };
    started.map_err(|error| format!("logging cannot be started: {error}"))
}
