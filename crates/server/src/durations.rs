//! Durations, as an operator writes them.

use std::ops::RangeInclusive;
use std::time::Duration;

use humantime::format_duration;

/// The bounds of a lifetime. A later end than that is as good as none.
pub const LIFETIME: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_hours(36_525 * 24);

/// Reads a lifetime.
///
/// # Errors
/// The rest of a sentence, if the text is not a duration or is out of bounds.
pub fn parse_lifetime(text: &str) -> Result<Duration, String> {
    parse(text, LIFETIME)
}

/// Reads a duration such as `7d`, `12h` or `90s`.
///
/// # Errors
/// The rest of a sentence, if the text is not a duration or is out of bounds.
pub fn parse(text: &str, bounds: RangeInclusive<Duration>) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("must be a duration such as 7d or 12h: {error}"))?;
    if duration < *bounds.start() {
        return Err(format!(
            "must be at least {}, not {text}",
            format_duration(*bounds.start())
        ));
    }
    if duration > *bounds.end() {
        return Err(format!(
            "must be at most {}, not {text}",
            format_duration(*bounds.end())
        ));
    }
    Ok(duration)
}
