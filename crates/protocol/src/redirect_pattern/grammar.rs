//! The grammar of patterns: the subset of regular expressions that every engine reads alike.
//!
//! | accepted | refused |
//! |---|---|
//! | printable ASCII characters that are not operators; a backslash before an operator or `/` | every other backslash |
//! | `.`, `(…)`, `(?:…)`, `\|`; one `^` as the first character, one `$` as the last | other anchors; any other `(?` |
//! | `* + ?` and the repetitions of [`repetition`] after an atom | a second quantifier; an unescaped `{`, `}` or `]` |
//! | the classes of [`class`] | any other class |

use super::{class, repetition};

/// The maximum depth of nested groups.
pub const NEST_MAX: u32 = 32;

/// The characters that may follow a backslash: the operators, and `/`.
const ESCAPABLE: &[u8] = br".?+*()[]{}|^$\/";

const ESCAPE: &str = "has a pattern with a backslash before a character that is not an operator";
const ANCHOR: &str =
    "has a pattern with an anchor that is neither its first nor its last character";
const GROUP: &str = "has a pattern with a group that begins with (? but not with (?:";
const PARENTHESIS: &str = "has a pattern with an unmatched parenthesis";
const NESTED: &str = "has a pattern with groups that are nested too deeply";
const QUANTIFIER: &str =
    "has a pattern with a quantifier that does not follow a character, a class or a group";
const BARE: &str = "has a pattern with an unescaped brace or closing bracket";
const CHARACTER: &str = "has a pattern with a character that is not printable ASCII";

/// Checks a pattern, and returns it without the anchors at its ends, because it is matched as a whole.
///
/// # Errors
/// The pattern is outside the grammar. The reason continues `redirect_uris`.
pub fn without_anchors(pattern: &str) -> Result<&str, &'static str> {
    let begun = pattern.strip_prefix('^').unwrap_or(pattern);
    let mut reader = PatternReader {
        rest: begun.as_bytes(),
    };
    reader.alternatives(0)?;
    match reader.rest {
        [] => Ok(begun),
        b"$" => Ok(begun.strip_suffix('$').unwrap_or(begun)),
        [b'$', ..] => Err(ANCHOR),
        _ => Err(PARENTHESIS),
    }
}

/// Reads a pattern from its beginning to its end.
struct PatternReader<'a> {
    rest: &'a [u8],
}

impl PatternReader<'_> {
    /// Reads up to the end of a group or of the pattern, and returns the largest product of nested [`repetition`]s.
    fn alternatives(&mut self, depth: u32) -> Result<u32, &'static str> {
        if depth > NEST_MAX {
            return Err(NESTED);
        }
        let mut times = 1;
        loop {
            let (read, rest) = match self.rest {
                [] | [b')' | b'$', ..] => return Ok(times),
                [b'|', rest @ ..] => {
                    self.rest = rest;
                    continue;
                }
                [b'(', rest @ ..] => {
                    self.rest = rest;
                    (self.group(depth)?, self.rest)
                }
                [b'[', rest @ ..] => (1, class::rest_after(rest)?),
                [b'\\', escaped, rest @ ..] if ESCAPABLE.contains(escaped) => (1, rest),
                [b'\\', ..] => return Err(ESCAPE),
                [b'^', ..] => return Err(ANCHOR),
                [b'*' | b'+' | b'?', ..] => return Err(QUANTIFIER),
                [b'{' | b'}' | b']', ..] => return Err(BARE),
                [plain, rest @ ..] if plain.is_ascii_graphic() => (1, rest),
                _ => return Err(CHARACTER),
            };
            let (repeated, rest) = repetition::read(rest)?;
            self.rest = rest;
            times = times.max(repetition::multiply(read, repeated)?);
        }
    }

    /// Reads a group from after its opening parenthesis to after its closing parenthesis.
    fn group(&mut self, depth: u32) -> Result<u32, &'static str> {
        match self.rest {
            [b'?', b':', rest @ ..] => self.rest = rest,
            [b'?', ..] => return Err(GROUP),
            _ => {}
        }
        let times = self.alternatives(depth + 1)?;
        match self.rest {
            [b')', rest @ ..] => self.rest = rest,
            [b'$', ..] => return Err(ANCHOR),
            _ => return Err(PARENTHESIS),
        }
        Ok(times)
    }
}
