//! The JSON form of a member value, borrowed from it, and its text.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

use crate::member::{MemberValue, Object, SingleValue};
use crate::table::MemberRow;

/// The JSON form of a value.
pub enum JsonForm<'a> {
    /// A string.
    Text(Cow<'a, str>),
    /// A number.
    Number(u64),
    /// `true` or `false`.
    Truth(bool),
    /// An array.
    List(&'a dyn Elements),
    /// An object.
    Object(Cow<'a, Object>),
}

/// The elements of an array.
pub trait Elements {
    /// Passes the JSON form of each element to `element`, in order.
    fn each(&self, element: &mut dyn FnMut(JsonForm<'_>));
}

impl<T: SingleValue> Elements for Vec<T> {
    fn each(&self, element: &mut dyn FnMut(JsonForm<'_>)) {
        for each in self {
            element(each.write());
        }
    }
}

impl<'a> From<&'a str> for JsonForm<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<JsonForm<'_>> for Value {
    fn from(form: JsonForm<'_>) -> Self {
        match form {
            JsonForm::Text(text) => Self::String(text.into_owned()),
            JsonForm::Number(number) => number.into(),
            JsonForm::Truth(truth) => Self::Bool(truth),
            JsonForm::List(elements) => {
                let mut array = Vec::new();
                elements.each(&mut |element| array.push(element.into()));
                Self::Array(array)
            }
            JsonForm::Object(object) => Self::Object(object.into_owned()),
        }
    }
}

impl Serialize for JsonForm<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Truth(truth) => serializer.serialize_bool(*truth),
            Self::List(elements) => {
                let mut array = serializer.serialize_seq(None)?;
                let mut written = Ok(());
                elements.each(&mut |element| {
                    if written.is_ok() {
                        written = array.serialize_element(&element);
                    }
                });
                written.and_then(|()| array.end())
            }
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

/// Members of a table, which serialize as a JSON object.
struct TableMembers<'a>(Vec<(&'static MemberRow, &'a dyn MemberValue)>);

impl Serialize for TableMembers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        let mut written = Ok(());
        for (row, held) in &self.0 {
            held.write_members(row.name, &mut |name, form| {
                if written.is_ok() {
                    written = object.serialize_entry(name, &form);
                }
            });
        }
        written.and_then(|()| object.end())
    }
}

/// Writes members of a table as the text of a JSON object. RFC 8259.
pub(crate) fn object<'a>(
    members: impl Iterator<Item = (&'static MemberRow, &'a dyn MemberValue)>,
) -> String {
    // Writing to a string cannot fail, and every name is a string.
    serde_json::to_string(&TableMembers(members.collect())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ClientMetadata;

    /// Members are written as JSON that reads back as the same members.
    #[test]
    fn members_round_trip_through_json() {
        let members = json!({
            "redirect_uris": ["https://rp.example/cb", "com.example.app:/cb"],
            "client_name": "a \"name\" with \\ and \u{e9}, \u{1f600}",
            "client_name#ja": "\u{540d}\u{524d}",
            "contacts": [],
            "scope": "openid email",
            "jwks": { "keys": [{ "kty": "EC", "kid": "\t" }] },
            "default_max_age": 3600,
            "require_auth_time": true,
            "initiate_login_uri": "https://rp.example/login",
        });
        let Value::Object(object) = members.clone() else {
            panic!("an object")
        };
        let written = ClientMetadata::parse(object).unwrap().json();
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), members);
        assert!(
            written
                .starts_with(r#"{"redirect_uris":["https://rp.example/cb","com.example.app:/cb"],"client_name":"a \"name\" with \\ and "#),
            "{written}"
        );
        assert_eq!(ClientMetadata::default().json(), "{}");
    }
}
