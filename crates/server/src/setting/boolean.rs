//! Settings that are true or false: a boolean of the file, or its text from the environment or the command line.

use toml::Value;

use super::{DefaultText, SettingValue, ValueError, ValueKind};

impl SettingValue for bool {
    type Raw = Value;
    const KIND: ValueKind = ValueKind::Text;
    fn read(raw: Value) -> Result<Self, ValueError> {
        match (raw.as_bool(), raw.as_str()) {
            (Some(value), _) => Ok(value),
            (None, Some("true")) => Ok(true),
            (None, Some("false")) => Ok(false),
            (None, _) => Err(ValueError::new(format!("must be true or false, not {raw}"))),
        }
    }
}

impl DefaultText for bool {
    fn text(&self) -> String {
        self.to_string()
    }
}
