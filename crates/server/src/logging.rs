//! Log lines: text for people, JSON for programs.

use std::io::IsTerminal;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::settings::named;

/// What a level or a filter lets through.
///
/// # Errors
/// When it is neither.
pub fn filter(level: &str) -> Result<EnvFilter, String> {
    let wrong = || {
        format!("{} must be error, warn, info, debug, trace, off or a filter such as info,store=debug, not {level:?}", named("log.level"))
    };
    // A lone word that is no level would be read as the name of a module, and everything else would fall silent.
    let lone = level.split(',').map(str::trim).filter(|part| !part.contains('='));
    if level.trim().is_empty() || lone.into_iter().any(|part| LevelFilter::from_str(part).is_err()) {
        return Err(wrong());
    }
    EnvFilter::builder().parse(level).map_err(|_| wrong())
}

/// Starts logging to standard error, at a level or with a filter.
///
/// # Errors
/// When the filter is none.
pub fn start(level: &str, json: bool) -> Result<(), String> {
    let filter = filter(level)?;
    // A line that cannot be written is lost; telling so on the same standard error would end the program.
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    let started =
        if json { lines.json().try_init() } else { lines.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init() };
    started.map_err(|error| format!("logging cannot be started: {error}"))
}
