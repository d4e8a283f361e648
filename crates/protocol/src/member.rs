//! The traits of metadata members: how the value of a member is read from JSON and written to it.

use std::borrow::Cow;
use std::fmt;
use std::mem;

use serde_json::{Value, json};

use crate::field::SentMember;
use crate::form::JsonForm;
use crate::json::Origin;
use crate::table::Unoffered;

/// A JSON object.
pub type Object = serde_json::Map<String, Value>;

/// The reason for a refusal: the rest of a sentence that begins with the member's name. It never contains the value.
pub type Reason = Cow<'static, str>;

/// The error about a member that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidMember {
    /// The member's name as sent, language tag included.
    pub member: Cow<'static, str>,
    /// The rest of a sentence that begins with the member's name, such as "must not contain a fragment".
    pub reason: Reason,
    /// The name of the rule within the member, such as `not_offered`; `form` for a value that is not in the member's form.
    pub rule: &'static str,
}

impl InvalidMember {
    /// Creates the error.
    pub fn new(member: impl Into<Cow<'static, str>>, reason: impl Into<Reason>) -> Self {
        Self {
            member: member.into(),
            reason: reason.into(),
            rule: "form",
        }
    }

    /// Names the rule that the member breaks, unless it has a name already.
    #[must_use]
    pub fn by(self, rule: &'static str) -> Self {
        match self.rule {
            "form" => Self { rule, ..self },
            _ => self,
        }
    }

    /// Returns the identifier of the rule, such as `grant_types.not_offered`. A language tag is not part of it.
    pub fn rule_id(&self) -> String {
        let member = self.member.split('#').next().unwrap_or_default();
        format!("{member}.{}", self.rule)
    }

    /// Returns true for redirect URIs, which have an error code of their own (RFC 7591 §3.2.2).
    pub fn is_about_redirect_uris(&self) -> bool {
        matches!(&*self.member, "redirect_uris" | "claims_redirect_uris")
    }
}

impl fmt::Display for InvalidMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.member, self.reason)
    }
}

impl std::error::Error for InvalidMember {}

/// The result of removing the values of a member that are not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Narrowing {
    /// Every value remains.
    Unchanged,
    /// Some of several values remain.
    Narrowed,
    /// No value remains.
    Emptied,
}

/// The value of a metadata member.
pub trait MemberValue {
    /// Passes the JSON form of the value to `each`, with the name of the member. A localized member passes each of its variants.
    fn write_members(&self, name: &str, each: &mut dyn FnMut(&str, JsonForm<'_>));

    /// Returns the registered values in it, each in its normalised spelling.
    fn values(&self) -> Vec<Cow<'_, str>>;

    /// Returns the URIs in it, as they were sent.
    fn addresses(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Returns true if it has a registered value, compared in the normalised spelling.
    fn has_value(&self, value: &str) -> bool {
        self.values().iter().any(|own| own == value)
    }

    /// Removes the registered values for which `keep` returns false.
    fn retain(&mut self, keep: &dyn Fn(&str) -> bool) -> Narrowing;

    /// Removes repeated elements of a list.
    fn dedup(&mut self) {}
}

/// A member of a metadata table.
pub trait Member: MemberValue + Sized {
    /// True if the member has `name#tag` variants (OIDC Registration §2.1).
    const LOCALIZED: bool = false;
    /// True if its JSON form is an array.
    const LIST: bool = false;
    /// True if its values contain URIs.
    const ADDRESSES: bool = false;
    /// The treatment of the member if none of its values is offered.
    const UNOFFERED: Unoffered = Unoffered::Refused;
    /// The shape of its JSON form in words, for the reference pages.
    const SHAPE: &'static str;

    /// Returns the JSON Schema (2020-12) of its JSON form.
    fn schema() -> Value;

    /// Reads the member `name` from a single value, or from a value for each language. `null` and `""` count as absent (RFC 7592
    /// §2.2: "null or empty values").
    ///
    /// # Errors
    /// The value does not have the form of the member.
    fn read(name: &'static str, sent: &mut [SentMember<'_>])
    -> Result<Option<Self>, InvalidMember>;
}

/// A value with one JSON form, as a member of its own or as an element of a list.
pub trait SingleValue: Sized + PartialEq {
    /// True if it is a URI or contains one.
    const ADDRESSES: bool = false;
    /// The shape of its JSON form in words, for the reference pages.
    const SHAPE: &'static str;

    /// Returns the JSON Schema (2020-12) of its JSON form.
    fn schema() -> Value;

    /// Reads the value.
    ///
    /// # Errors
    /// The value does not have the form of the type.
    fn read(value: Value) -> Result<Self, Reason>;

    /// Reads a value from the store, which may be older than a rule of [`SingleValue::read`].
    ///
    /// # Errors
    /// The value does not have the form of the type.
    fn read_stored(value: Value) -> Result<Self, Reason> {
        Self::read(value)
    }

    /// Returns the name of the rule that a value broke which [`SingleValue::read`] refused for this reason.
    fn rule(_reason: &str) -> &'static str {
        "form"
    }

    /// Returns its JSON form.
    fn write(&self) -> JsonForm<'_>;

    /// Returns the registered value, if it is the value of a registry.
    fn value(&self) -> Option<Cow<'_, str>> {
        None
    }

    /// Returns the URIs in it, as they were sent.
    fn uris(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// Reads a value by the rules for its origin.
pub(crate) fn read_from<T: SingleValue>(origin: Origin, value: Value) -> Result<T, Reason> {
    match origin {
        Origin::Request => T::read(value),
        Origin::Store => T::read_stored(value),
    }
}

impl<T: SingleValue> MemberValue for T {
    fn write_members(&self, name: &str, each: &mut dyn FnMut(&str, JsonForm<'_>)) {
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

    fn read(
        name: &'static str,
        sent: &mut [SentMember<'_>],
    ) -> Result<Option<Self>, InvalidMember> {
        let sent = sent
            .first_mut()
            .map(|sent| (sent.origin, sent.value.take()))
            .filter(|(_, value)| is_set(value));
        sent.map(|(origin, value)| read_from(origin, value))
            .transpose()
            .map_err(|reason| {
                let rule = T::rule(&reason);
                InvalidMember::new(name, reason).by(rule)
            })
    }
}

/// Returns true if a value is neither `null` nor `""`.
pub(crate) fn is_set(value: &Value) -> bool {
    !value.is_null() && value.as_str() != Some("")
}

/// The maximum number of elements of a list.
pub const LIST_MAX: usize = 200;

impl<T: SingleValue> MemberValue for Vec<T> {
    fn write_members(&self, name: &str, each: &mut dyn FnMut(&str, JsonForm<'_>)) {
        each(name, JsonForm::List(self));
    }

    fn values(&self) -> Vec<Cow<'_, str>> {
        self.iter().filter_map(SingleValue::value).collect()
    }

    fn addresses(&self) -> Vec<&str> {
        self.iter().flat_map(SingleValue::uris).collect()
    }

    fn has_value(&self, value: &str) -> bool {
        self.iter()
            .any(|element| element.value().as_deref() == Some(value))
    }

    fn retain(&mut self, keep: &dyn Fn(&str) -> bool) -> Narrowing {
        let before = self.len();
        Vec::retain(self, |element| {
            element.value().is_none_or(|value| keep(&value))
        });
        narrowing(before, self.len())
    }

    fn dedup(&mut self) {
        dedup(self);
    }
}

impl<T: SingleValue> Member for Vec<T> {
    const LIST: bool = true;
    const ADDRESSES: bool = T::ADDRESSES;
    const SHAPE: &'static str = T::SHAPE;

    fn schema() -> Value {
        json!({ "type": "array", "maxItems": LIST_MAX, "items": <T as SingleValue>::schema() })
    }

    fn read(
        name: &'static str,
        sent: &mut [SentMember<'_>],
    ) -> Result<Option<Self>, InvalidMember> {
        let invalid = |reason: Reason| InvalidMember::new(name, reason);
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
            read.push(read_from(origin, element).map_err(|reason| {
                invalid(format!("has an element that {reason}").into()).by(T::rule(&reason))
            })?);
        }
        Ok(Some(read))
    }
}

/// Compares the number of values before and after values were removed.
pub(crate) fn narrowing(before: usize, after: usize) -> Narrowing {
    match after {
        after if after == before => Narrowing::Unchanged,
        0 => Narrowing::Emptied,
        _ => Narrowing::Narrowed,
    }
}

/// Removes repeated elements. A list has at most [`LIST_MAX`] elements and usually few, so comparing is faster than hashing.
pub(crate) fn dedup<T: PartialEq>(elements: &mut Vec<T>) {
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

/// Returns the text of a JSON string.
///
/// # Errors
/// `value` is not a string.
pub fn text(value: Value) -> Result<String, Reason> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err("must be a string".into()),
    }
}
