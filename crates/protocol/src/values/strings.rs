//! String values: words of a registry, names, texts and scopes.
//!
//! Texts reach logs, terminals and consent pages, where an invisible character, a line separator or a change of the reading
//! direction makes a single text look like another. So they are refused in requests. Texts in the store are older than some of these
//! rules and are only held to the length and to control characters. Joiners and directional marks are part of names in many
//! languages, and are accepted.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::InvalidMember;
use crate::field::SentMember;
use crate::form::JsonForm;
use crate::member::{
    Member, MemberValue, Narrowing, Reason, SingleValue, dedup, is_set, narrowing, text,
};
use crate::table::Unoffered;

/// The maximum length of a text, in characters.
pub const TEXT_MAX: usize = 1024;

/// The maximum length of a name, in characters.
pub const NAME_MAX: usize = 256;

/// Reads the value of a registry: a word of printable ASCII characters.
///
/// # Errors
/// `value` is not a string, or [`token_text`] refuses it.
pub fn token(value: Value) -> Result<String, Reason> {
    let text = text(value)?;
    token_text(&text)?;
    Ok(text)
}

/// Checks that `text` is a word of printable ASCII characters, without spaces, quotes or backslashes (RFC 6749 §3.3).
///
/// # Errors
/// It is empty, longer than [`NAME_MAX`] or has another character.
pub fn token_text(text: &str) -> Result<&str, Reason> {
    if text.is_empty()
        || text.len() > NAME_MAX
        || !text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
    {
        return Err("must be a word of printable ASCII characters".into());
    }
    Ok(text)
}

/// Returns the JSON Schema of a word of printable ASCII characters, with known values as examples.
pub fn token_schema(known: &[&str]) -> Value {
    json!({ "type": "string", "pattern": format!("^{WORD}$"), "maxLength": NAME_MAX, "examples": known })
}

/// Returns the JSON Schema of words of printable ASCII characters, separated by single spaces.
pub fn words_schema() -> Value {
    json!({ "type": "string", "pattern": format!("^{WORD}( {WORD})*$") })
}

/// A regular expression for a word of printable ASCII characters.
const WORD: &str = r"[!#-\[\]-~]+";

/// A text of at most [`TEXT_MAX`] characters, without control characters and invisible ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SingleValue for Text {
    const SHAPE: &'static str = "string";

    fn schema() -> Value {
        text_schema(TEXT_MAX)
    }

    fn read(value: Value) -> Result<Self, Reason> {
        let text = text(value)?;
        check_visible(&text, TEXT_MAX).map(|()| Self(text))
    }

    fn read_stored(value: Value) -> Result<Self, Reason> {
        let text = text(value)?;
        check_length(&text, TEXT_MAX).map(|()| Self(text))
    }

    fn write(&self) -> JsonForm<'_> {
        self.0.as_str().into()
    }

    fn value(&self) -> Option<Cow<'_, str>> {
        Some(self.0.as_str().into())
    }
}

/// Returns the JSON Schema of a text of at most `max` characters.
fn text_schema(max: usize) -> Value {
    json!({ "type": "string", "pattern": PLAIN, "maxLength": max })
}

/// A regular expression that excludes the refused characters up to U+FFFF.
const PLAIN: &str =
    r"^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff\ufffe\uffff]*$";

/// A name that users see, as the client sent it, of at most [`NAME_MAX`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HumanText(String);

impl HumanText {
    /// Reads a name.
    ///
    /// # Errors
    /// It is too long, or has control characters or invisible ones.
    pub fn parse(text: String) -> Result<Self, Reason> {
        check_visible(&text, NAME_MAX).map(|()| Self(text))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SingleValue for HumanText {
    const SHAPE: &'static str = "string";

    fn schema() -> Value {
        text_schema(NAME_MAX)
    }

    fn read(value: Value) -> Result<Self, Reason> {
        text(value).and_then(Self::parse)
    }

    fn read_stored(value: Value) -> Result<Self, Reason> {
        let text = text(value)?;
        check_length(&text, NAME_MAX).map(|()| Self(text))
    }

    fn write(&self) -> JsonForm<'_> {
        self.0.as_str().into()
    }
}

/// Returns true for the characters that change the reading direction of the text after them.
fn changes_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns true for line separators, invisible characters and noncharacters.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e007f}')
        || u32::from(character) & 0xfffe == 0xfffe
}

fn check_visible(text: &str, max: usize) -> Result<(), Reason> {
    match text.contains(is_invisible) {
        true => Err("must not have line separators or invisible characters".into()),
        false => check_length(text, max),
    }
}

fn check_length(text: &str, max: usize) -> Result<(), Reason> {
    if text
        .chars()
        .any(|character| character.is_control() || changes_direction(character))
    {
        return Err("must not have control characters".into());
    }
    if text.chars().count() > max {
        return Err(format!("is longer than {max} characters").into());
    }
    Ok(())
}

/// A set of scopes, separated by single spaces. RFC 6749 §3.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(Vec<String>);

impl Scope {
    /// Returns the scopes, as they were sent.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl MemberValue for Scope {
    fn write_members(&self, name: &str, each: &mut dyn FnMut(&str, JsonForm<'_>)) {
        each(name, JsonForm::Text(self.0.join(" ").into()));
    }

    fn values(&self) -> Vec<Cow<'_, str>> {
        self.words().map(Cow::from).collect()
    }

    fn has_value(&self, value: &str) -> bool {
        self.words().any(|word| word == value)
    }

    fn retain(&mut self, keep: &dyn Fn(&str) -> bool) -> Narrowing {
        let before = self.0.len();
        self.0.retain(|word| keep(word));
        narrowing(before, self.0.len())
    }

    fn dedup(&mut self) {
        dedup(&mut self.0);
    }
}

impl Member for Scope {
    /// A server may ignore scopes that it does not know (RFC 7591 §2, §3.2.1).
    const UNOFFERED: Unoffered = Unoffered::Dropped;
    const SHAPE: &'static str = "space-separated string";

    fn schema() -> Value {
        words_schema()
    }

    fn read(
        name: &'static str,
        sent: &mut [SentMember<'_>],
    ) -> Result<Option<Self>, InvalidMember> {
        let Some(value) = sent
            .first_mut()
            .map(|sent| sent.value.take())
            .filter(is_set)
        else {
            return Ok(None);
        };
        let text = text(value).map_err(|reason| InvalidMember::new(name, reason))?;
        let words = text
            .split(' ')
            .map(|word| token_text(word).map(str::to_owned))
            .collect::<Result<_, _>>();
        words.map(|words| Some(Self(words))).map_err(|_| {
            InvalidMember::new(
                name,
                "must be words of printable ASCII characters with one space between them",
            )
        })
    }
}
