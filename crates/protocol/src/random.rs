//! The random source, passed to the code that draws identifiers, secrets and keys.

use std::fmt;
use std::sync::Arc;

/// A function that fills a buffer with random bytes.
///
/// # Errors
/// The reason why it cannot.
pub type RandomSource = Arc<dyn Fn(&mut [u8]) -> Result<(), String> + Send + Sync>;

/// The number of random letters and digits with at least 128 bits.
pub const IDENTIFIER_CHARACTERS: usize = 22;

/// The number of random letters and digits with at least 256 bits.
pub const SECRET_CHARACTERS: usize = 43;

const LETTERS_AND_DIGITS: &[u8; 62] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The number of bytes that one read of the source takes. A single read is enough for nearly every client.
const BYTES_PER_READ: usize = 128;

/// The maximum number of reads for a text, far above what a working source needs.
const MAX_READS: usize = 16;

/// The error when no text can be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RandomError(String);

impl fmt::Display for RandomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the random source failed: {}", self.0)
    }
}

impl std::error::Error for RandomError {}

/// Draws a text of letters and digits, each with the same probability: six bits of each byte choose a character, and the two values
/// without one are skipped.
///
/// # Errors
/// The source fails, or what it returns is not random.
pub fn letters_and_digits(random: &RandomSource, characters: usize) -> Result<String, RandomError> {
    let mut text = String::with_capacity(characters);
    for _ in 0..MAX_READS {
        let mut bytes = [0_u8; BYTES_PER_READ];
        random(&mut bytes).map_err(RandomError)?;
        let drawn = bytes
            .iter()
            .filter_map(|byte| LETTERS_AND_DIGITS.get(usize::from(byte & 63)));
        text.extend(
            drawn
                .map(|character| char::from(*character))
                .take(characters - text.len()),
        );
        if text.len() == characters {
            return Ok(text);
        }
    }
    Err(RandomError("its bytes are not random".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use proptest::prelude::*;

    use super::*;

    fn source(bytes: Vec<u8>) -> RandomSource {
        let rest = Mutex::new(bytes.into_iter().cycle());
        Arc::new(move |buffer| {
            let mut rest = rest.lock().unwrap();
            buffer.fill_with(|| rest.next().unwrap());
            Ok(())
        })
    }

    /// Every byte value is equally likely, so every character has to come from equally many of them.
    #[test]
    fn characters_are_equally_likely() {
        let all: Vec<u8> = (0..=255).collect();
        let text = letters_and_digits(&source(all), 248).unwrap();
        let mut counts = BTreeMap::new();
        for character in text.chars() {
            *counts.entry(character).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 62);
        assert!(counts.values().all(|count| *count == 4), "{counts:?}");
    }

    /// 62 letters and digits have log2(62) = 5.95 bits each.
    #[test]
    fn identifiers_and_secrets_are_long_enough() {
        let bits =
            |characters: usize| f64::from(u32::try_from(characters).unwrap()) * 62_f64.log2();
        assert!(bits(IDENTIFIER_CHARACTERS) >= 128.0);
        assert!(bits(SECRET_CHARACTERS) >= 256.0);
    }

    /// A source that fails, or never gives a usable byte, is an error and not a short text.
    #[test]
    fn failing_source_is_an_error() {
        let broken: RandomSource = Arc::new(|_| Err("closed".to_owned()));
        assert_eq!(
            letters_and_digits(&broken, 1).unwrap_err().to_string(),
            "the random source failed: closed"
        );
        assert!(letters_and_digits(&source(vec![0xff]), 1).is_err());
    }

    proptest! {
        /// Any bytes become exactly as many letters and digits, a character for each usable byte.
        #[test]
        fn text_has_letters_and_digits_only(bytes in prop::collection::vec(any::<u8>(), 256), characters in 1_usize..150) {
            prop_assume!(bytes.iter().filter(|byte| **byte & 63 < 62).count() >= 150);
            let text = letters_and_digits(&source(bytes.clone()), characters).unwrap();
            prop_assert_eq!(text.len(), characters);
            prop_assert!(text.chars().all(|character| character.is_ascii_alphanumeric()));
            let first = bytes.iter().find(|byte| **byte & 63 < 62).unwrap();
            prop_assert_eq!(text.as_bytes()[0], LETTERS_AND_DIGITS[usize::from(first & 63)]);
        }
    }
}
