//! How one member enters and leaves a JSON object.

use std::borrow::Cow;
use std::fmt;
use std::mem;

use serde_json::{Value, json};

use crate::field::SentMember;
use crate::form::JsonForm;
use crate::json::Origin;

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
        Self {
            member: member.into(),
            reason: reason.into(),
        }
    }

    /// Whether the refusal is about redirect URIs, which have an error code of their own (RFC 7591 §3.2.2).
    pub fn is_about_redirect_uris(&self) -> bool {
        matches!(&*self.member, "redirect_uris" | "claims_redirect_uris")
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
pub enum Narrowing {
    /// Every value remains.
    Unchanged,
    /// Some of several values remain.
    Narrowed,
    /// No value remains.
    Emptied,
}

/// What is held of a member, whatever its type.
pub trait MemberValue {
    /// Its JSON form, and that of each of its variants in other languages, each with its name. `name` is the member's.
    fn forms(&self, name: &str, each: &mut dyn FnMut(&str, JsonForm<'_>));

    /// The registered values it names, in one spelling each.
    fn values(&self) -> Vec<Cow<'_, str>>;

    /// Returns the addresses it holds, as they were sent.
    fn addresses(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Whether it names a registered value, in that spelling.
    fn names(&self, value: &str) -> bool {
        self.values().iter().any(|one| one == value)
    }

    /// Keeps the values `keep` agrees to.
    fn retain(&mut self, keep: &dyn Fn(&str) -> bool) -> Narrowing;

    /// Keeps each element of a list once, where it stands first.
    fn keep_once(&mut self) {}
}

/// One member of a metadata table.
pub trait Member: MemberValue + Sized {
    /// Whether `name#tag` variants belong to it (OIDC Registration §2.1).
    const LOCALIZED: bool = false;
    /// Whether its JSON form is an array.
    const LIST: bool = false;
    /// True if its values hold addresses.
    const ADDRESSES: bool = false;
    /// The shape of its JSON form, in words, for the reference pages.
    const SHAPE: &'static str;

    /// What a schema can say of its JSON form. JSON Schema 2020-12.
    fn schema() -> Value;

    /// Reads what was `sent` of the member `name`: one value, or one for each language. `null` and `""` count as absent (RFC 7592
    /// §2.2: "null or empty values").
    ///
    /// # Errors
    /// When it is there in a form that is not the member's.
    fn read(name: &'static str, sent: &mut [SentMember<'_>]) -> Result<Option<Self>, Invalid>;
}

/// One value with one JSON form.
pub trait SingleValue: Sized + PartialEq {
    /// True if its values hold addresses: URIs, or something with a URI in it.
    const ADDRESSES: bool = false;
    /// The shape in words.
    const SHAPE: &'static str;

    /// What a schema can say of its JSON form. JSON Schema 2020-12.
    fn schema() -> Value;

    /// Reads the value.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the member's name.
    fn read(value: Value) -> Result<Self, Reason>;

    /// Reads a value of the store, which may be older than a rule of [`SingleValue::read`].
    ///
    /// # Errors
    /// The rest of a sentence that begins with the member's name.
    fn read_stored(value: Value) -> Result<Self, Reason> {
        Self::read(value)
    }

    /// Its JSON form.
    fn write(&self) -> JsonForm<'_>;

    /// Its registered value, when it is one of a registry's.
    fn value(&self) -> Option<Cow<'_, str>> {
        None
    }

    /// Returns the addresses in it, as they were sent.
    fn uris(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// Reads a value by the rules for where it comes from.
pub(crate) fn read_from<T: SingleValue>(origin: Origin, value: Value) -> Result<T, Reason> {
    match origin {
        Origin::Request => T::read(value),
        Origin::Store => T::read_stored(value),
    }
}

impl<T: SingleValue> MemberValue for T {
    fn forms(&self, name: &str, each: &mut dyn FnMut(&str, JsonForm<'_>)) {
        each(name, self.write());
    }

    fn values(&self) -> Vec<Cow<'_, str>> {
        self.value().into_iter().collect()
    }

    fn addresses(&self) -> Vec<&str> {
        self.uris()
    }

    fn retain(&mut self, keep: &dyn Fn(&str) -> bool) -> Narrowing {
        match self.value() {
            Some(value) if !keep(&value) => Narrowing::Emptied,
            _ => Narrowing::Unchanged,
        }
    }
}

impl<T: SingleValue> Member for T {
    const ADDRESSES: bool = T::ADDRESSES;
    const SHAPE: &'static str = <T as SingleValue>::SHAPE;

    fn schema() -> Value {
        <T as SingleValue>::schema()
    }

    fn read(name: &'static str, sent: &mut [SentMember<'_>]) -> Result<Option<Self>, Invalid> {
        let sent = sent
            .first_mut()
            .map(|sent| (sent.origin, sent.value.take()))
            .filter(|(_, value)| is_said(value));
        sent.map(|(origin, value)| read_from(origin, value))
            .transpose()
            .map_err(|reason| Invalid::new(name, reason))
    }
}

/// Whether a value is neither `null` nor `""`.
pub(crate) fn is_said(value: &Value) -> bool {
    !value.is_null() && value.as_str() != Some("")
}

/// How many elements any list may have.
pub const LIST_MAX: usize = 200;

impl<T: SingleValue> MemberValue for Vec<T> {
    fn forms(&self, name: &str, each: &mut dyn FnMut(&str, JsonForm<'_>)) {
        each(name, JsonForm::List(self));
    }

    fn values(&self) -> Vec<Cow<'_, str>> {
        self.iter().filter_map(SingleValue::value).collect()
    }

    fn addresses(&self) -> Vec<&str> {
        self.iter().flat_map(SingleValue::uris).collect()
    }

    fn names(&self, value: &str) -> bool {
        self.iter()
            .any(|element| element.value().as_deref() == Some(value))
    }

    fn retain(&mut self, keep: &dyn Fn(&str) -> bool) -> Narrowing {
        let asked = self.len();
        Vec::retain(self, |element| {
            element.value().is_none_or(|value| keep(&value))
        });
        kept(asked, self.len())
    }

    fn keep_once(&mut self) {
        once(self);
    }
}

impl<T: SingleValue> Member for Vec<T> {
    const LIST: bool = true;
    const ADDRESSES: bool = T::ADDRESSES;
    const SHAPE: &'static str = T::SHAPE;

    fn schema() -> Value {
        json!({ "type": "array", "maxItems": LIST_MAX, "items": <T as SingleValue>::schema() })
    }

    fn read(name: &'static str, sent: &mut [SentMember<'_>]) -> Result<Option<Self>, Invalid> {
        let invalid = |reason: Reason| Invalid::new(name, reason);
        let (origin, elements) = match sent
            .first_mut()
            .map(|sent| (sent.origin, sent.value.take()))
        {
            None | Some((_, Value::Null)) => return Ok(None),
            Some((origin, Value::Array(elements))) => (origin, elements),
            Some(_) => return Err(invalid("must be an array".into())),
        };
        if elements.len() > LIST_MAX {
            return Err(invalid(
                format!("must have at most {LIST_MAX} elements").into(),
            ));
        }
        let mut read = Self::with_capacity(elements.len());
        for element in elements {
            read.push(
                read_from(origin, element)
                    .map_err(|reason| invalid(format!("has an element that {reason}").into()))?,
            );
        }
        Ok(Some(read))
    }
}

/// What it means that `left` of `asked` values are left.
pub(crate) fn kept(asked: usize, left: usize) -> Narrowing {
    match left {
        left if left == asked => Narrowing::Unchanged,
        0 => Narrowing::Emptied,
        _ => Narrowing::Narrowed,
    }
}

/// Each element once, where it stands first. There are at most [`LIST_MAX`], mostly a few, which are compared sooner than hashed.
pub(crate) fn once<T: PartialEq>(elements: &mut Vec<T>) {
    let repeats = |at: usize| {
        elements
            .iter()
            .take(at)
            .any(|before| elements.get(at) == Some(before))
    };
    if !(1..elements.len()).any(repeats) {
        return;
    }
    let all = mem::take(elements);
    for element in all {
        if !elements.contains(&element) {
            elements.push(element);
        }
    }
}

impl SingleValue for bool {
    const SHAPE: &'static str = "boolean";

    fn schema() -> Value {
        json!({ "type": "boolean" })
    }

    fn read(value: Value) -> Result<Self, Reason> {
        value
            .as_bool()
            .ok_or_else(|| "must be true or false".into())
    }

    fn write(&self) -> JsonForm<'_> {
        JsonForm::Truth(*self)
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
