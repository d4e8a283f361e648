//! Durations and times, as an operator writes them.

use std::ops::RangeInclusive;
use std::time::Duration;

use humantime::format_duration;
use protocol::{Clock, Timestamp};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

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

/// A time, or a duration before now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeArg {
    At(Timestamp),
    Ago(Duration),
}

impl TimeArg {
    /// Returns the time.
    pub fn instant(self) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(duration) => Clock::system().now().minus(duration),
        }
    }
}

/// Reads a time, a date, which means its beginning in UTC, or a duration before now.
///
/// # Errors
/// The rest of a sentence, if the text has another form.
pub fn time_arg(text: &str) -> Result<TimeArg, String> {
    let at = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    if let Some(at) = at(text).or_else(|| at(&format!("{text}T00:00:00Z"))) {
        return Ok(TimeArg::At(Timestamp::from_seconds(at.unix_timestamp())));
    }
    parse_lifetime(text).map(TimeArg::Ago).map_err(|_| {
        "must be a date such as 2026-01-31, a time such as 2026-01-31T12:00:00Z, or a duration such as 7d or 12h"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A date without a time means 00:00 UTC.
    #[test]
    fn date_means_its_beginning_in_utc() {
        let seconds = |text: &str| match time_arg(text) {
            Ok(TimeArg::At(at)) => Some(at.seconds()),
            _ => None,
        };
        assert_eq!(seconds("2026-01-01"), Some(1_767_225_600));
        assert_eq!(seconds("2026-01-01T00:00:00Z"), Some(1_767_225_600));
        assert_eq!(seconds("2026-01-01T02:00:00+02:00"), Some(1_767_225_600));
        assert_eq!(time_arg("7d"), Ok(TimeArg::Ago(Duration::from_hours(168))));
        for wrong in [
            "2026-13-01",
            "2026-1-1",
            "2026-01-01T",
            "01.01.2026",
            "yesterday",
            "",
        ] {
            assert!(time_arg(wrong).is_err(), "{wrong}");
        }
    }
}
