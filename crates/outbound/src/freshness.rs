//! The time for which a response may be cached.

use std::time::{Duration, UNIX_EPOCH};

use protocol::Timestamp;

/// Returns the remaining lifetime of a response in a shared cache: zero if it is missing, forbidden or malformed.
/// RFC 9111 §4.2.1, §5.2.2, §5.1.
///
/// `cache_control` and `age` are every field line of that name; `varies` is true if the response has `Vary: *`.
pub(crate) fn lifetime<'a>(
    cache_control: impl Iterator<Item = &'a str>,
    age: Option<&str>,
    varies: bool,
) -> Duration {
    lifetime_with_expires(cache_control, age, varies, None)
}

/// Returns [`lifetime`], or where `Cache-Control` names none, that of the `Expires` field. RFC 9111 §5.3.
pub(crate) fn lifetime_with_expires<'a>(
    cache_control: impl Iterator<Item = &'a str>,
    age: Option<&str>,
    varies: bool,
    expires: Option<&Expiry<'_>>,
) -> Duration {
    let (mut shared, mut general, mut forbidden) = (None, None, varies);
    for directive in cache_control.flat_map(|line| line.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" | "private" => forbidden = true,
            "s-maxage" => set_once(&mut shared, seconds(value), &mut forbidden),
            "max-age" => set_once(&mut general, seconds(value), &mut forbidden),
            _ => {}
        }
    }
    let declared = shared
        .or(general)
        .or_else(|| expires.and_then(Expiry::seconds));
    let (Some(declared), false) = (declared, forbidden) else {
        return Duration::ZERO;
    };
    let age = age.map_or(0, |text| seconds(text).unwrap_or(u64::MAX));
    Duration::from_secs(declared.saturating_sub(age))
}

/// The `Expires` field with the time to which it relates.
pub(crate) struct Expiry<'a> {
    pub(crate) expires: &'a str,
    /// The `Date` field.
    pub(crate) date: Option<&'a str>,
    /// The time of the fetch, for a response without `Date`.
    pub(crate) now: Timestamp,
}

impl Expiry<'_> {
    /// Returns the seconds from `Date` to `Expires`, if both can be read.
    fn seconds(&self) -> Option<u64> {
        let begun = match self.date {
            Some(date) => epoch_seconds(date)?,
            None => u64::try_from(self.now.seconds()).ok()?,
        };
        Some(epoch_seconds(self.expires)?.saturating_sub(begun))
    }
}

/// Reads a date in one of the three forms of RFC 9110 §5.6.7.
fn epoch_seconds(text: &str) -> Option<u64> {
    let date = httpdate::parse_http_date(text.trim()).ok()?;
    Some(date.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

/// Sets a directive's value. A repeated or malformed directive makes the response stale (RFC 9111 §4.2.1).
fn set_once(slot: &mut Option<u64>, value: Option<u64>, forbidden: &mut bool) {
    *forbidden |= value.is_none() || slot.is_some();
    *slot = value;
}

fn seconds(text: &str) -> Option<u64> {
    let text = text.trim().trim_matches('"');
    // A number that overflows counts as the largest one (RFC 9111 §1.2.2).
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lifetime is used only if the headers give it without ambiguity.
    #[test]
    fn ambiguous_lifetime_is_ignored() {
        for (lines, age, seconds) in [
            (&["max-age=60"][..], None, 60),
            (&["public, Max-Age=\"60\""], None, 60),
            (&["max-age=60"], Some("20"), 40),
            (&["max-age=60"], Some("99"), 0),
            (&["max-age=60"], Some("soon"), 0),
            (&["max-age=60, s-maxage=5"], None, 5),
            (&["s-maxage=5", "max-age=60"], None, 5),
            (&["max-age=60, no-store"], None, 0),
            (&["no-cache", "max-age=60"], None, 0),
            (&["max-age=60, private"], None, 0),
            (&["max-age=60, max-age=60"], None, 0),
            (&["max-age=-1"], None, 0),
            (&["max-age="], None, 0),
            (&["max-age"], None, 0),
            (&["max-age=99999999999999999999999"], None, u64::MAX),
            (&["public"], None, 0),
            (&[], None, 0),
        ] {
            assert_eq!(
                lifetime(lines.iter().copied(), age, false),
                Duration::from_secs(seconds),
                "{lines:?} {age:?}"
            );
        }
        assert_eq!(
            lifetime(["max-age=60"].into_iter(), None, true),
            Duration::ZERO
        );
    }
    /// `Expires` counts where `Cache-Control` names no lifetime, from the time of the response.
    #[test]
    fn expires_counts_without_max_age() {
        let now = Timestamp::from_seconds(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
        let (date, hour_later) = (
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 09:49:37 GMT",
        );
        for (lines, age, expires, date, seconds) in [
            (&[][..], None, hour_later, Some(date), 3600),
            (&[], Some("600"), hour_later, Some(date), 3000),
            (&[], None, hour_later, None, 3600),
            (
                &["public"],
                None,
                "Sunday, 06-Nov-94 09:49:37 GMT",
                Some(date),
                3600,
            ),
            (&[], None, "Sun Nov  6 09:49:37 1994", Some(date), 3600),
            (&["max-age=60"], None, hour_later, Some(date), 60),
            (&["no-store"], None, hour_later, Some(date), 0),
            (&["max-age=soon"], None, hour_later, Some(date), 0),
            (&[], None, date, Some(hour_later), 0),
            (&[], None, hour_later, Some("yesterday"), 0),
            (&[], None, "0", Some(date), 0),
            (&[], None, "tomorrow", None, 0),
        ] {
            let expires = Expiry { expires, date, now };
            assert_eq!(
                lifetime_with_expires(lines.iter().copied(), age, false, Some(&expires)),
                Duration::from_secs(seconds),
                "{lines:?} {age:?} {:?} {:?}",
                expires.expires,
                expires.date
            );
        }
    }
}
