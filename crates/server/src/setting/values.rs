//! The types that any section has settings of.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use protocol::Secret;
use serde::de::{Deserialize, Deserializer, Error as _};
use toml::Value;

use super::{
    BoundedValue, DefaultText, ListElement, SettingValue, ValueError, ValueKind, WHOLE_NUMBER,
};
use crate::durations;

impl<T: SettingValue> SettingValue for Option<T> {
    type Raw = T::Raw;
    const KIND: ValueKind = T::KIND;
    fn read(raw: T::Raw) -> Result<Self, ValueError> {
        T::read(raw).map(Some)
    }
}

impl<T: BoundedValue> BoundedValue for Option<T> {
    type Bound = T::Bound;
    fn read_within(raw: T::Raw, bounds: &RangeInclusive<T::Bound>) -> Result<Self, ValueError> {
        T::read_within(raw, bounds).map(Some)
    }
}

impl<T: ListElement> SettingValue for Vec<T> {
    type Raw = Vec<String>;
    const KIND: ValueKind = ValueKind::List;
    fn read(raw: Vec<String>) -> Result<Self, ValueError> {
        raw.iter().map(|text| T::parse(text)).collect()
    }
}

impl SettingValue for String {
    type Raw = Self;
    const KIND: ValueKind = ValueKind::Text;
    fn read(raw: Self) -> Result<Self, ValueError> {
        Ok(raw)
    }
}

impl DefaultText for String {
    fn text(&self) -> String {
        self.clone()
    }
}

impl SettingValue for PathBuf {
    type Raw = Self;
    const KIND: ValueKind = ValueKind::Text;
    fn read(raw: Self) -> Result<Self, ValueError> {
        Ok(raw)
    }
}

impl DefaultText for PathBuf {
    fn text(&self) -> String {
        self.display().to_string()
    }
}

impl SettingValue for Secret {
    type Raw = String;
    const KIND: ValueKind = ValueKind::Secret;
    fn read(raw: String) -> Result<Self, ValueError> {
        Ok(Self::new(raw))
    }
}

/// The path of a file with a secret in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretPath(pub PathBuf);

impl SettingValue for SecretPath {
    type Raw = PathBuf;
    const KIND: ValueKind = ValueKind::SecretFile;
    fn read(raw: PathBuf) -> Result<Self, ValueError> {
        Ok(Self(raw))
    }
}

impl SettingValue for Duration {
    type Raw = String;
    const KIND: ValueKind = ValueKind::Text;
    fn read(raw: String) -> Result<Self, ValueError> {
        durations::parse(&raw, Self::ZERO..=Self::MAX).map_err(ValueError::new)
    }
}

impl DefaultText for Duration {
    fn text(&self) -> String {
        let seconds = self.as_secs();
        let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
        units
            .into_iter()
            .find(|(length, _)| seconds >= *length && seconds.is_multiple_of(*length))
            .map_or_else(
                || format!("{seconds}s"),
                |(length, unit)| format!("{}{unit}", seconds / length),
            )
    }
}

impl BoundedValue for Duration {
    type Bound = Self;
    fn read_within(raw: String, bounds: &RangeInclusive<Self>) -> Result<Self, ValueError> {
        durations::parse(&raw, bounds.clone()).map_err(ValueError::new)
    }
}

impl SettingValue for u32 {
    type Raw = WholeNumber;
    const KIND: ValueKind = ValueKind::Number;
    fn read(raw: WholeNumber) -> Result<Self, ValueError> {
        Ok(raw.0)
    }
}

impl DefaultText for u32 {
    fn text(&self) -> String {
        self.to_string()
    }
}

impl BoundedValue for u32 {
    type Bound = Self;
    fn read_within(raw: WholeNumber, bounds: &RangeInclusive<Self>) -> Result<Self, ValueError> {
        let (number, least, most) = (raw.0, bounds.start(), bounds.end());
        if number < *least {
            Err(ValueError::new(format!(
                "must be at least {least}, not {number}"
            )))
        } else if number > *most {
            Err(ValueError::new(format!(
                "must be at most {most}, not {number}"
            )))
        } else {
            Ok(number)
        }
    }
    fn describe(bounds: &RangeInclusive<Self>) -> String {
        match (bounds.start(), bounds.end()) {
            (least, &Self::MAX) => format!("At least {least}."),
            (least, most) => format!("At least {least}, at most {most}."),
        }
    }
}

/// A number of the file. It has a reader of its own because serde's error would name a type of this program.
#[derive(Debug, Clone, Copy)]
pub struct WholeNumber(u32);

impl<'de> Deserialize<'de> for WholeNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        value
            .as_integer()
            .and_then(|number| number.try_into().ok())
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("{WHOLE_NUMBER}, not {value}")))
    }
}
