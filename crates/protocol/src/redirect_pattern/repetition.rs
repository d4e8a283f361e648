//! The quantifiers of a pattern.

/// The maximum product of nested repetitions: the limit of Go, which is the lowest of the engines.
const TIMES_MAX: u32 = 1000;

const BOUNDS: &str = "has a pattern with braces that are not {n}, {n,} or {n,m}, with n at most m and no leading zero";
const TWICE: &str = "has a pattern with two quantifiers in a row";
const NEVER: &str = "has a pattern with a repetition of zero times";
const TOO_OFTEN: &str = "has a pattern with more than 1000 repetitions";

/// Reads an optional quantifier after an atom. Returns the largest number in its braces, or 1, and the text after it.
///
/// # Errors
/// The quantifier is outside the grammar. The reason continues `redirect_uris`.
pub fn read(text: &[u8]) -> Result<(u32, &[u8]), &'static str> {
    let (times, rest) = match text {
        [b'*' | b'+' | b'?', rest @ ..] => (1, rest),
        [b'{', rest @ ..] => braces(rest)?,
        _ => return Ok((1, text)),
    };
    match rest {
        // A second quantifier makes the first lazy or possessive in some engines, and is an error or a repetition in others.
        [b'*' | b'+' | b'?' | b'{', ..] => Err(TWICE),
        _ => Ok((times, rest)),
    }
}

/// Returns the product of an inner and an outer repetition.
///
/// # Errors
/// The product is larger than an engine accepts.
pub fn multiply(read: u32, repeated: u32) -> Result<u32, &'static str> {
    read.checked_mul(repeated.max(1))
        .filter(|times| *times <= TIMES_MAX)
        .ok_or(TOO_OFTEN)
}

fn braces(text: &[u8]) -> Result<(u32, &[u8]), &'static str> {
    let (least, rest) = number(text)?;
    match rest {
        // Perl 5.36 does not treat a repetition of zero times consistently.
        [b'}', ..] if least == 0 => Err(NEVER),
        [b'}', rest @ ..] | [b',', b'}', rest @ ..] => Ok((least, rest)),
        [b',', rest @ ..] => match number(rest)? {
            (0, [b'}', ..]) if least == 0 => Err(NEVER),
            (most, [b'}', rest @ ..]) if least <= most => Ok((most, rest)),
            _ => Err(BOUNDS),
        },
        _ => Err(BOUNDS),
    }
}

/// Reads digits. Go reads braces with a leading zero as literal characters, and Perl refuses them.
fn number(text: &[u8]) -> Result<(u32, &[u8]), &'static str> {
    let end = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(end).ok_or(BOUNDS)?;
    let number = match digits {
        [] | [b'0', _, ..] => return Err(BOUNDS),
        digits => std::str::from_utf8(digits).map_err(|_| BOUNDS)?,
    };
    Ok((number.parse().map_err(|_| TOO_OFTEN)?, rest))
}
