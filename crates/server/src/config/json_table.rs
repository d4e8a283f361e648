//! Tables of the file as JSON.

use anyhow::Context;
use protocol::Object;
use serde_json::{Number, Value};
use toml::Table;

/// Returns a table of the file as JSON, with dates and times as strings.
///
/// # Errors
/// Names the first member with a number that is not finite, which JSON does not have.
pub(super) fn json_object(table: Table, key: &str) -> anyhow::Result<Object> {
    let member = |(name, value): (String, toml::Value)| {
        let value = json_value(value).with_context(|| {
            format!("{key}.{name} has an infinite number, which JSON does not have")
        })?;
        Ok((name, value))
    };
    table.into_iter().map(member).collect()
}

fn json_value(value: toml::Value) -> Option<Value> {
    Some(match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => Number::from_f64(number)?.into(),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(elements) => elements
            .into_iter()
            .map(json_value)
            .collect::<Option<Value>>()?,
        toml::Value::Table(table) => {
            let member = |(name, value)| Some((name, json_value(value)?));
            Value::Object(table.into_iter().map(member).collect::<Option<_>>()?)
        }
    })
}
