//! How one member enters and leaves a JSON object.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde_json::{Value, json};

/// A JSON object.
pub type Object = serde_json::Map<String, Value>;

/// Why a value was refused: the rest of a sentence that begins with the member's name. Never the value itself.
pub type Reason = Cow<'static, str>;

/// A member that cannot be accepted, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The member's name as sent, language tag included.
    pub member: Cow<'static, str>,
    /// The rest of the sentence, such as "must not contain a fragment".
    pub reason: Reason,
}

impl Invalid {
    /// Refuses `member` for `reason`.
    pub fn new(member: impl Into<Cow<'static, str>>, reason: impl Into<Reason>) -> Self {
        Self { member: member.into(), reason: reason.into() }
    }

    /// Whether the refusal is about the redirect URIs, which have an error code of their own (RFC 7591 §3.2.2).
    pub fn is_about_redirect_uris(&self) -> bool {
        self.member == "redirect_uris"
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.member, self.reason)
    }
}

impl std::error::Error for Invalid {}

/// What is left of a member after the values nobody offers were taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Every value.
    All,
    /// Some of several values.
    Some,
    /// Not one.
    None,
}

/// One member of a metadata table.
pub trait Member: Sized {
    /// Whether `name#tag` variants belong to it (OIDC Registration §2.1).
    const LOCALIZED: bool = false;
    /// Whether its JSON form is an array.
    const LIST: bool = false;
    /// The shape of its JSON form, in words, for the reference pages.
    const SHAPE: &'static str;

    /// What a schema can say of its JSON form. JSON Schema 2020-12.
    fn schema() -> Value;

    /// Takes the member out of `object`. `null` and `""` count as absent (RFC 7592 §2.2: "null or empty values").
    ///
    /// # Errors
    /// When it is there in a form that is not the member's.
    fn take(object: &mut Object, name: &str) -> Result<Option<Self>, Invalid>;

    /// Puts the member into `object`.
    fn put(&self, object: &mut Object, name: &str);

    /// The registered values it names, in one spelling each.
    fn values(&self) -> Vec<Cow<'_, str>>;

    /// Keeps the values `keep` agrees to.
    fn retain(&mut self, keep: &dyn Fn(&str) -> bool) -> Kept;

    /// Keeps each element of a list once, where it stands first.
    fn keep_once(&mut self) {}
}

/// One value with one JSON form.
pub trait Single: Sized {
    /// The shape in words.
    const SHAPE: &'static str;

    /// What a schema can say of its JSON form. JSON Schema 2020-12.
    fn schema() -> Value;

    /// Reads the value.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the member's name.
    fn read(value: Value) -> Result<Self, Reason>;

    /// Its JSON form.
    fn write(&self) -> Value;

    /// Its registered value, when it is one of a registry's.
    fn value(&self) -> Option<Cow<'_, str>> {
        None
    }
}

impl<T: Single> Member for T {
    const SHAPE: &'static str = <T as Single>::SHAPE;

    fn schema() -> Value {
        <T as Single>::schema()
    }

    fn take(object: &mut Object, name: &str) -> Result<Option<Self>, Invalid> {
        match object.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(value) => T::read(value).map(Some).map_err(|reason| Invalid::new(name.to_owned(), reason)),
        }
    }

    fn put(&self, object: &mut Object, name: &str) {
        object.insert(name.to_owned(), self.write());
    }

    fn values(&self) -> Vec<Cow<'_, str>> {
        self.value().into_iter().collect()
    }

    fn retain(&mut self, keep: &dyn Fn(&str) -> bool) -> Kept {
        match self.value() {
            Some(value) if !keep(&value) => Kept::None,
            _ => Kept::All,
        }
    }
}

/// How many elements any list may have.
pub const LIST_MAX: usize = 200;

impl<T: Single> Member for Vec<T> {
    const LIST: bool = true;
    const SHAPE: &'static str = T::SHAPE;

    fn schema() -> Value {
        json!({ "type": "array", "maxItems": LIST_MAX, "items": <T as Single>::schema() })
    }

    fn take(object: &mut Object, name: &str) -> Result<Option<Self>, Invalid> {
        let invalid = |reason: Reason| Invalid::new(name.to_owned(), reason);
        let elements = match object.shift_remove(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(elements)) => elements,
            Some(_) => return Err(invalid("must be an array".into())),
        };
        if elements.len() > LIST_MAX {
            return Err(invalid(format!("must have at most {LIST_MAX} elements").into()));
        }
        elements
            .into_iter()
            .map(T::read)
            .collect::<Result<_, _>>()
            .map(Some)
            .map_err(|reason| invalid(format!("has an element that {reason}").into()))
    }

    fn put(&self, object: &mut Object, name: &str) {
        object.insert(name.to_owned(), self.iter().map(Single::write).collect());
    }

    fn values(&self) -> Vec<Cow<'_, str>> {
        self.iter().filter_map(Single::value).collect()
    }

    fn retain(&mut self, keep: &dyn Fn(&str) -> bool) -> Kept {
        let asked = self.len();
        Vec::retain(self, |element| element.value().is_none_or(|value| keep(&value)));
        match self.len() {
            left if left == asked => Kept::All,
            0 => Kept::None,
            _ => Kept::Some,
        }
    }

    fn keep_once(&mut self) {
        if self.len() < 2 {
            return;
        }
        let mut seen = HashSet::new();
        Vec::retain(self, |element| seen.insert(element.write()));
    }
}

impl Single for bool {
    const SHAPE: &'static str = "boolean";

    fn schema() -> Value {
        json!({ "type": "boolean" })
    }

    fn read(value: Value) -> Result<Self, Reason> {
        value.as_bool().ok_or_else(|| "must be true or false".into())
    }

    fn write(&self) -> Value {
        Value::Bool(*self)
    }
}

/// The text of a JSON string.
///
/// # Errors
/// When `value` is not a string.
pub fn text(value: Value) -> Result<String, Reason> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err("must be a string".into()),
    }
}
