//! Texts: words of a registry, names, sentences and scopes.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::Invalid;
use crate::field::SentMember;
use crate::form::JsonForm;
use crate::member::{
    Member, MemberValue, Narrowing, Reason, SingleValue, is_said, kept, once, text,
};

/// How long a text may be, in characters.
pub const TEXT_MAX: usize = 1024;

/// How long a name shown to people may be, in characters.
pub const NAME_MAX: usize = 256;

/// The text of a registered value: a word of printable ASCII.
///
/// # Errors
/// When it is not a string, or not such a word.
pub fn token(value: Value) -> Result<String, Reason> {
    let text = text(value)?;
    token_text(&text)?;
    Ok(text)
}

/// A word of printable ASCII, without spaces, quotes or backslashes (RFC 6749 §3.3).
///
/// # Errors
/// When `text` is not such a word.
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

/// What a schema can say of such a word, with some a registry has.
pub fn token_schema(known: &[&str]) -> Value {
    json!({ "type": "string", "pattern": format!("^{WORD}$"), "maxLength": NAME_MAX, "examples": known })
}

/// What a schema can say of such words with one space between them.
pub fn words_schema() -> Value {
    json!({ "type": "string", "pattern": format!("^{WORD}( {WORD})*$") })
}

/// Such a word, as a regular expression.
const WORD: &str = r"[!#-\[\]-~]+";

/// A text without control characters or others that deceive, of at most [`TEXT_MAX`] of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// The text.
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
        legible(&text, TEXT_MAX).map(|()| Self(text))
    }

    fn read_stored(value: Value) -> Result<Self, Reason> {
        let text = text(value)?;
        bounded(&text, TEXT_MAX).map(|()| Self(text))
    }

    fn write(&self) -> JsonForm<'_> {
        self.0.as_str().into()
    }

    fn value(&self) -> Option<Cow<'_, str>> {
        Some(self.0.as_str().into())
    }
}

/// What a schema can say of a text of at most that many characters.
fn text_schema(most: usize) -> Value {
    json!({ "type": "string", "pattern": PLAIN, "maxLength": most })
}

/// No control characters, none that turn the reading direction, and of those that [`deceives`] has the ones of four digits.
const PLAIN: &str =
    r"^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff\ufffe\uffff]*$";

/// A name shown to people, as the client sent it; of at most [`NAME_MAX`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HumanText(String);

impl HumanText {
    /// Reads a name.
    ///
    /// # Errors
    /// When it is too long, or has control characters or others that deceive in it.
    pub fn parse(text: String) -> Result<Self, Reason> {
        legible(&text, NAME_MAX).map(|()| Self(text))
    }

    /// The text.
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
        bounded(&text, NAME_MAX).map(|()| Self(text))
    }

    fn write(&self) -> JsonForm<'_> {
        self.0.as_str().into()
    }
}

/// Characters that turn the reading direction of what follows, so that a name can look like another one.
fn turns_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that end a line, are not seen, or are no characters. A joiner or a mark of direction is part of many names, and stays.
fn deceives(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e007f}')
        || u32::from(character) & 0xfffe == 0xfffe
}

fn legible(text: &str, most: usize) -> Result<(), Reason> {
    match text.contains(deceives) {
        true => Err("must not have line separators or invisible characters".into()),
        false => bounded(text, most),
    }
}

fn bounded(text: &str, most: usize) -> Result<(), Reason> {
    if text
        .chars()
        .any(|character| character.is_control() || turns_direction(character))
    {
        return Err("must not have control characters".into());
    }
    if text.chars().count() > most {
        return Err(format!("is longer than {most} characters").into());
    }
    Ok(())
}

/// A set of scopes, separated by single spaces. RFC 6749 §3.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(Vec<String>);

impl Scope {
    /// The scopes, as sent.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl MemberValue for Scope {
    fn forms(&self, name: &str, each: &mut dyn FnMut(&str, JsonForm<'_>)) {
        each(name, JsonForm::Text(self.0.join(" ").into()));
    }

    fn values(&self) -> Vec<Cow<'_, str>> {
        self.words().map(Cow::from).collect()
    }

    fn names(&self, value: &str) -> bool {
        self.words().any(|word| word == value)
    }

    fn retain(&mut self, keep: &dyn Fn(&str) -> bool) -> Narrowing {
        let asked = self.0.len();
        self.0.retain(|word| keep(word));
        kept(asked, self.0.len())
    }

    fn keep_once(&mut self) {
        once(&mut self.0);
    }
}

impl Member for Scope {
    const SHAPE: &'static str = "space-separated string";

    fn schema() -> Value {
        words_schema()
    }

    fn read(name: &'static str, sent: &mut [SentMember<'_>]) -> Result<Option<Self>, Invalid> {
        let Some(value) = sent
            .first_mut()
            .map(|sent| sent.value.take())
            .filter(is_said)
        else {
            return Ok(None);
        };
        let text = text(value).map_err(|reason| Invalid::new(name, reason))?;
        let words = text
            .split(' ')
            .map(|word| token_text(word).map(str::to_owned))
            .collect::<Result<_, _>>();
        words.map(|words| Some(Self(words))).map_err(|_| {
            Invalid::new(
                name,
                "must be words of printable ASCII characters with one space between them",
            )
        })
    }
}
