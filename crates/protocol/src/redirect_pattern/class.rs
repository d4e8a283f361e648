//! The character classes of a pattern. Engines disagree about most characters in them that are not letters or digits.

/// The characters a class may contain besides letters and digits. A `-` may be its last character.
const OTHERS: &[u8] = b"_./:=%@+,?#";

const EMPTY: &str = "has a pattern with an empty character class";
const OPEN: &str = "has a pattern with an unclosed character class";
const NAMED: &str = "has a pattern with a named character class";
const RANGE: &str = "has a pattern with a range that is not of lower-case letters, of upper-case letters or of digits, in ascending order";
const OTHER: &str = "has a pattern with a character class of other characters than letters, digits, ranges of them, _ . / : = % @ + , ? #, and - at its end";

/// Reads a class from after its opening bracket, and returns the text after its closing bracket.
///
/// # Errors
/// The class is outside the grammar. The reason continues `redirect_uris`.
pub fn rest_after(text: &[u8]) -> Result<&[u8], &'static str> {
    let begun = text.strip_prefix(b"^").unwrap_or(text);
    let mut rest = begun;
    loop {
        rest = match rest {
            [] => return Err(OPEN),
            [b']', behind @ ..] => {
                let inner = begun.strip_suffix(rest).unwrap_or(begun);
                return check(inner).map(|()| behind);
            }
            [b'-', b']', ..] => rest.strip_prefix(b"-").unwrap_or(rest),
            [from, b'-', to, rest @ ..] if *to != b']' => {
                if !is_range(*from, *to) {
                    return Err(RANGE);
                }
                rest
            }
            [one, rest @ ..] if one.is_ascii_alphanumeric() || OTHERS.contains(one) => rest,
            _ => return Err(OTHER),
        };
    }
}

/// Checks the text between the brackets.
fn check(inner: &[u8]) -> Result<(), &'static str> {
    match inner {
        [] => Err(EMPTY),
        // Perl reads this as a misspelt named class.
        [b':', .., b':'] => Err(NAMED),
        _ => Ok(()),
    }
}

fn is_range(from: u8, to: u8) -> bool {
    let of_one_kind = [
        u8::is_ascii_lowercase,
        u8::is_ascii_uppercase,
        u8::is_ascii_digit,
    ]
    .iter()
    .any(|is| is(&from) && is(&to));
    of_one_kind && from <= to
}
