//! The strict JSON reader for requests (RFC 8259).
//!
//! It refuses duplicate members, lone surrogates and documents beyond the limits. It also refuses U+0000, which JSON allows
//! and PostgreSQL text does not: a row that contains it makes every query over `metadata::jsonb` fail. Documents in the store
//! may be older than these rules and are read without them.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use crate::member::Object;

/// The limits of a JSON document.
#[derive(Debug, Clone, Copy)]
pub struct JsonLimits {
    /// The maximum depth of nested arrays and objects.
    pub depth: usize,
    /// The maximum number of members of one object.
    pub members: usize,
    /// The maximum number of elements of one array.
    pub elements: usize,
}

impl JsonLimits {
    /// No limits, for documents that were checked when they were stored.
    pub const NONE: Self = Self {
        depth: usize::MAX,
        members: usize::MAX,
        elements: usize::MAX,
    };
}

/// The origin of a document. A rule that became stricter must not make an older row of the store unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A request, a command or a third party: every rule holds.
    Request,
    /// The store, to which the rules of the time of the registration applied.
    Store,
}

impl Default for JsonLimits {
    fn default() -> Self {
        Self {
            depth: 32,
            members: 200,
            elements: 200,
        }
    }
}

/// The error about a text that is not an acceptable JSON object: a sentence, which does not contain the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError(String);

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for JsonError {}

/// Reads a JSON object, which must be the whole text, within `limits`.
///
/// # Errors
/// The text is not UTF-8, not a JSON object, has a duplicate member or U+0000, or exceeds `limits`. The error has the line and
/// the column.
pub fn read_object(bytes: &[u8], limits: &JsonLimits) -> Result<Object, JsonError> {
    read(
        bytes,
        StrictVisitor {
            limits,
            origin: Origin::Request,
            depth: 0,
        },
    )
}

/// Reads a JSON object from the store, without limits. It may contain U+0000, which was accepted once.
///
/// # Errors
/// The text is not UTF-8, not a JSON object, or has a duplicate member.
pub fn read_stored_object(bytes: &[u8]) -> Result<Object, JsonError> {
    read(
        bytes,
        StrictVisitor {
            limits: &JsonLimits::NONE,
            origin: Origin::Store,
            depth: 0,
        },
    )
}

/// Appends the members of an object, given as its text, to the text of an object that has members.
pub fn append_members(mut members: Vec<u8>, object: &str) -> Vec<u8> {
    if let Some(appended) = object.strip_prefix('{').filter(|appended| *appended != "}") {
        members.pop();
        members.push(b',');
        members.extend_from_slice(appended.as_bytes());
    }
    members
}

/// Returns true if a JSON text contains U+0000 in a string or a name, raw or escaped.
pub fn has_nul(json: &str) -> bool {
    let mut rest = json;
    while let Some((_, escaped)) = rest.split_once('\\') {
        if escaped.starts_with("u0000") {
            return true;
        }
        let mut after = escaped.chars();
        after.next();
        rest = after.as_str();
    }
    json.contains('\0')
}

fn read(bytes: &[u8], strict: StrictVisitor<'_>) -> Result<Object, JsonError> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| JsonError("The body must be UTF-8.".to_owned()))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = strict
        .deserialize(&mut reader)
        .and_then(|read| reader.end().map(|()| read));
    match read {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(JsonError("The body must be a JSON object.".to_owned())),
        Err(error) => Err(JsonError(describe(&error))),
    }
}

/// Describes an error in a sentence. The messages of this module are recognised by their text, because `serde_json` has no
/// category for them.
fn describe(error: &serde_json::Error) -> String {
    let place = format!("at line {}, column {}", error.line(), error.column());
    let text = error.to_string();
    match MESSAGES.iter().find(|message| text.starts_with(**message)) {
        Some(message) => format!("The body {message} {place}."),
        None => format!("The body must be a JSON object; it is not JSON {place}."),
    }
}

const REPEATED: &str = "has a duplicate member";
const TOO_DEEP: &str = "is nested too deeply";
const TOO_MANY_MEMBERS: &str = "has an object with too many members";
const TOO_MANY_ELEMENTS: &str = "has an array with too many elements";
const NUL: &str = "has the character U+0000";
const MESSAGES: [&str; 5] = [REPEATED, TOO_DEEP, TOO_MANY_MEMBERS, TOO_MANY_ELEMENTS, NUL];

#[derive(Clone, Copy)]
struct StrictVisitor<'a> {
    limits: &'a JsonLimits,
    origin: Origin,
    depth: usize,
}

impl StrictVisitor<'_> {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth >= self.limits.depth {
            return Err(E::custom(TOO_DEEP));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    /// Checks one more member of an object that already has `members` members, one of which has the same name if `repeated`.
    fn check_member<E: de::Error>(
        self,
        name: &str,
        members: usize,
        repeated: bool,
    ) -> Result<(), E> {
        match (members >= self.limits.members, repeated) {
            (true, _) => Err(E::custom(TOO_MANY_MEMBERS)),
            (_, true) => Err(E::custom(REPEATED)),
            _ => self.check_text(name),
        }
    }

    /// Refuses a string or a name that contains U+0000.
    fn check_text<E: de::Error>(self, text: &str) -> Result<(), E> {
        if self.origin == Origin::Request && text.contains('\0') {
            Err(E::custom(NUL))
        } else {
            Ok(())
        }
    }
}

impl<'de> DeserializeSeed<'de> for StrictVisitor<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictVisitor<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.check_text(value)
            .map(|()| Value::String(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        self.check_text(&value).map(|()| Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut elements = Vec::new();
        while let Some(element) = array.next_element_seed(inner)? {
            if elements.len() >= self.limits.elements {
                return Err(de::Error::custom(TOO_MANY_ELEMENTS));
            }
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Object::new();
        while let Some(name) = map.next_key::<String>()? {
            inner.check_member(&name, object.len(), object.contains_key(&name))?;
            object.insert(name, map.next_value_seed(inner)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &[u8]) -> String {
        read_object(text, &JsonLimits::default())
            .unwrap_err()
            .to_string()
    }

    /// A member that occurs twice, in any spelling, is refused.
    #[test]
    fn duplicate_member_is_refused() {
        assert_eq!(
            refusal(br#"{"a":1,"a":2}"#),
            "The body has a duplicate member at line 1, column 10."
        );
        assert!(refusal(br#"{"a":1,"\u0061":2}"#).starts_with("The body has a duplicate member"));
        assert!(refusal(br#"{"x":{"a":1,"a":2}}"#).starts_with("The body has a duplicate member"));
    }

    /// Members keep the order in which they were sent.
    #[test]
    fn members_keep_their_order() {
        let read = read_object(
            br#"{"b":1,"a":2,"c":{"z":3,"y":4}}"#,
            &JsonLimits::default(),
        );
        let members = read.unwrap();
        assert_eq!(members.keys().collect::<Vec<_>>(), ["b", "a", "c"]);
        assert_eq!(members["c"].to_string(), r#"{"z":3,"y":4}"#);
    }

    #[test]
    fn depth_members_and_elements_are_bounded() {
        let nested = |depth: usize| {
            format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth)).into_bytes()
        };
        assert!(read_object(&nested(31), &JsonLimits::default()).is_ok());
        assert!(refusal(&nested(32)).starts_with("The body is nested too deeply"));
        assert!(refusal(&nested(100_000)).starts_with("The body is nested too deeply"));
        let many: Vec<String> = (0..201).map(|n| format!("\"m{n}\":0")).collect();
        assert!(refusal(format!("{{{}}}", many.join(",")).as_bytes()).contains("too many members"));
        let long = vec!["0"; 201].join(",");
        assert!(refusal(format!("{{\"a\":[{long}]}}").as_bytes()).contains("too many elements"));
    }

    /// A text that is not a JSON object is refused.
    #[test]
    fn non_object_is_refused() {
        for text in [
            "",
            "null",
            "[]",
            "\"x\"",
            "1",
            "{",
            "{}x",
            "{\"a\":}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":1e999}",
            "\u{feff}{}",
        ] {
            assert!(
                read_object(text.as_bytes(), &JsonLimits::default()).is_err(),
                "{text}"
            );
        }
        assert_eq!(refusal(b"{\"a\":\"\xff\"}"), "The body must be UTF-8.");
    }

    #[test]
    fn nul_is_refused_and_read_back_from_the_store() {
        for text in [
            r#"{"a":"\u0000"}"#,
            r#"{"a\u0000":1}"#,
            r#"{"a":["x",{"b":"x\u0000"}]}"#,
            r#"{"a":{"\u0000":1}}"#,
            r#"{"a":"\\\u0000"}"#,
        ] {
            assert!(
                refusal(text.as_bytes())
                    .starts_with("The body has the character U+0000 at line 1, column "),
                "{text}"
            );
            let stored = read_stored_object(text.as_bytes()).unwrap();
            assert_eq!(
                Value::Object(stored),
                serde_json::from_str::<Value>(text).unwrap(),
                "{text}"
            );
            assert!(has_nul(text), "{text}");
        }
        for text in [
            r#"{"a":"\\u0000"}"#,
            r#"{"a":"\u0001u0000"}"#,
            r#"{"u0000":"0\\\\u0000"}"#,
            "{}",
        ] {
            assert!(
                read_object(text.as_bytes(), &JsonLimits::default()).is_ok() && !has_nul(text),
                "{text}"
            );
        }
        assert!(
            refusal(b"{\"a\":\"\0\"}").contains("it is not JSON"),
            "a raw one is a control character (RFC 8259 section 7)"
        );
        assert!(has_nul("\0"));
    }
}
