//! The JSON form of a value, borrowed from it: what is written, and what is put into an object.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use crate::member::Object;

/// The JSON form of a value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Form<'a> {
    /// A string.
    Text(Cow<'a, str>),
    /// A number.
    Number(u64),
    /// `true` or `false`.
    Truth(bool),
    /// An array.
    List(Vec<Form<'a>>),
    /// An object.
    Object(Cow<'a, Object>),
}

impl<'a> From<&'a str> for Form<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<Form<'_>> for Value {
    fn from(form: Form<'_>) -> Self {
        match form {
            Form::Text(text) => Self::String(text.into_owned()),
            Form::Number(number) => number.into(),
            Form::Truth(truth) => Self::Bool(truth),
            Form::List(elements) => elements.into_iter().map(Self::from).collect(),
            Form::Object(object) => Self::Object(object.into_owned()),
        }
    }
}
