//! The time until a failed delivery is repeated.

use std::time::Duration;

use protocol::RandomSource;

/// The time until the first repeat.
const FIRST_DELAY: Duration = Duration::from_secs(1);

/// The longest time until a repeat, also when the server asks for more.
const LONGEST_DELAY: Duration = Duration::from_mins(5);

/// The most by which a delay is longer or shorter, in percent. Rows that failed together are not repeated together.
const JITTER_PERCENT: u32 = 20;

/// Returns the time until the next delivery after `attempts` failed ones: doubled for each, but not shorter than the server asked for.
pub(crate) fn delay(attempts: i64, asked: Option<Duration>, random: &RandomSource) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1).max(0)).unwrap_or(u32::MAX);
    let factor = 2_u32.checked_pow(doublings).unwrap_or(u32::MAX);
    let delay = FIRST_DELAY.saturating_mul(factor).min(LONGEST_DELAY);
    jitter(delay, JITTER_PERCENT, random)
        .max(asked.unwrap_or_default().min(LONGEST_DELAY))
        .max(FIRST_DELAY)
}

/// Returns a duration that is at most `percent` longer or shorter.
pub(crate) fn jitter(delay: Duration, percent: u32, random: &RandomSource) -> Duration {
    let mut byte = [0_u8; 1];
    // Without randomness the delay is the shortest.
    let drawn = random(&mut byte).map_or(0, |()| u32::from(byte[0]));
    let factor = 100_u32.saturating_sub(percent) + 2 * percent * drawn / u32::from(u8::MAX);
    delay.saturating_mul(factor) / 100
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn random(byte: u8) -> RandomSource {
        Arc::new(move |buffer| {
            buffer.fill(byte);
            Ok(())
        })
    }

    /// Delays double from a second to five minutes, a fifth more or less.
    #[test]
    fn delays_double_to_five_minutes() {
        let seconds = |attempts, byte| delay(attempts, None, &random(byte)).as_secs_f64();
        for (attempts, least, most) in [
            (1, 1.0, 1.2),
            (2, 1.6, 2.4),
            (5, 12.8, 19.2),
            (9, 204.8, 307.2),
            (10, 240.0, 360.0),
            (i64::MAX, 240.0, 360.0),
        ] {
            assert_eq!(
                (seconds(attempts, 0), seconds(attempts, 255)),
                (least, most)
            );
        }
    }

    /// The server's own wait counts up to five minutes.
    #[test]
    fn wait_of_the_server_counts() {
        let asked = |seconds| delay(1, Some(Duration::from_secs(seconds)), &random(0)).as_secs();
        assert_eq!((asked(60), asked(3600)), (60, 300));
    }
}
