//! The JSON form of a member value, borrowed from it, and the writer that turns it into text.

use std::borrow::Cow;

use serde::Serialize;
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

/// The initial capacity of the text in bytes, enough for most clients.
const TEXT_CAPACITY: usize = 2048;

/// Writes members of a table as the text of a JSON object. RFC 8259.
pub(crate) fn object<'a>(
    members: impl Iterator<Item = (&'static MemberRow, &'a dyn MemberValue)>,
) -> String {
    let mut json = String::with_capacity(TEXT_CAPACITY);
    json.push('{');
    for (row, held) in members {
        held.write_members(row.name, &mut |name, form| {
            if json.len() > 1 {
                json.push(',');
            }
            write_text(name, &mut json);
            json.push(':');
            form.write(&mut json);
        });
    }
    json.push('}');
    json
}

impl JsonForm<'_> {
    fn write(&self, json: &mut String) {
        match self {
            Self::Text(text) => write_text(text, json),
            Self::Number(number) => json.push_str(&number.to_string()),
            Self::Truth(truth) => json.push_str(if *truth { "true" } else { "false" }),
            Self::List(elements) => {
                json.push('[');
                let mut comma = false;
                elements.each(&mut |element| {
                    if comma {
                        json.push(',');
                    }
                    comma = true;
                    element.write(json);
                });
                json.push(']');
            }
            Self::Object(object) => write_with_serde(&**object, json),
        }
    }
}

/// Writes a text in quotes. Most texts need no escaping, which a single pass over the bytes finds out.
fn write_text(text: &str, json: &mut String) {
    let is_escaped = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    if text.bytes().fold(false, |any, byte| any | is_escaped(byte)) {
        return write_with_serde(text, json);
    }
    json.push('"');
    json.push_str(text);
    json.push('"');
}

fn write_with_serde(value: &(impl Serialize + ?Sized), json: &mut String) {
    // Serializing a text or a JSON object cannot fail.
    json.push_str(&serde_json::to_string(value).unwrap_or_default());
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

    #[test]
    fn texts_are_written_as_the_library_writes_them() {
        for character in
            (0..0x250)
                .filter_map(char::from_u32)
                .chain(['\u{2028}', '\u{ffff}', '\u{10ffff}'])
        {
            let text = format!("a{character}b");
            let mut json = String::new();
            write_text(&text, &mut json);
            assert_eq!(json, serde_json::to_string(&text).unwrap());
        }
    }
}
