//! The strict JSON reader of bodies.

use protocol::json::{JsonLimits, read_object};
use serde_json::Value;

/// Checks that the strict reader returns the same as `serde_json`, or refuses the text with a sentence.
pub fn holds(bytes: &[u8]) {
    match read_object(bytes, &JsonLimits::default()) {
        Ok(members) => {
            let object = Value::Object(members.clone());
            let written = object.to_string();
            assert_eq!(serde_json::from_slice(bytes).ok(), Some(object));
            assert_eq!(
                read_object(written.as_bytes(), &JsonLimits::default()).ok(),
                Some(members),
                "{written}"
            );
        }
        Err(refused) => {
            let sentence = refused.to_string();
            assert!(
                sentence.starts_with("The body ") && sentence.ends_with('.') && sentence.is_ascii(),
                "{sentence}"
            );
        }
    }
}
