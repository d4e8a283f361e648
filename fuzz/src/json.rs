//! The strict JSON reader of bodies.

use protocol::Object;
use protocol::json::{JsonLimits, read_object};
use serde_json::Value;

/// Checks that the strict reader returns the same as `serde_json`, or refuses the text with a sentence.
pub fn holds(bytes: &[u8]) {
    match read_object(bytes, &JsonLimits::default()) {
        Ok(members) => {
            let object = Object::from(members.clone());
            assert_eq!(
                serde_json::from_slice::<Value>(bytes).ok(),
                Some(Value::Object(object.clone()))
            );
            let written = Value::Object(object).to_string();
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
