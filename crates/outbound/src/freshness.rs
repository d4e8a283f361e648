//! The time for which a response may be cached.

use std::time::Duration;

/// Returns the remaining lifetime of a response in a shared cache: zero if it is missing, forbidden or malformed.
/// RFC 9111 §4.2.1, §5.2.2, §5.1.
///
/// `cache_control` and `age` are every field line of that name; `varies` is true if the response has `Vary: *`.
pub(crate) fn lifetime<'a>(
    cache_control: impl Iterator<Item = &'a str>,
    age: Option<&str>,
    varies: bool,
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
    let (Some(max_age), false) = (shared.or(general), forbidden) else {
        return Duration::ZERO;
    };
    let age = age.map_or(0, |text| seconds(text).unwrap_or(u64::MAX));
    Duration::from_secs(max_age.saturating_sub(age))
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
}
