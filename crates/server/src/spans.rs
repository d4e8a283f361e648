//! Spans of time, as an operator writes them.

use std::ops::RangeInclusive;
use std::time::Duration;

use humantime::format_duration;

/// How long anything that ends may last: instants beyond that would not be worth a setting.
pub const LIFETIME: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_hours(36_525 * 24);

/// Reads a span such as `7d`, `12h` or `90s`.
///
/// # Errors
/// The rest of a sentence, when it is none or out of bounds.
pub fn parse(text: &str, bounds: RangeInclusive<Duration>) -> Result<Duration, String> {
    let span = humantime::parse_duration(text)
        .map_err(|error| format!("must be a duration such as 7d or 12h: {error}"))?;
    if span < *bounds.start() {
        return Err(format!(
            "must be at least {}, not {text}",
            format_duration(*bounds.start())
        ));
    }
    if span > *bounds.end() {
        return Err(format!(
            "must be at most {}, not {text}",
            format_duration(*bounds.end())
        ));
    }
    Ok(span)
}
