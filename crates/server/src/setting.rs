//! One setting, and the macro that makes a section of the configuration from its rows.
//!
//! A row gives the field in the file, the typed field, its default and bounds, the variable, the flag and the line of
//! `docs/configuration.md`. The file is read in two steps: serde reports a wrong type or an unknown key with its line, and
//! [`SettingValue::read`] a wrong value with the names of its setting, wherever the value came from.

mod boolean;

use std::fmt;
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

pub mod values;

/// The prefix of every variable.
pub const PREFIX: &str = "FRONTDESK_";

/// The form of a setting's value in the environment and on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    Text,
    /// A text that is masked wherever settings are printed.
    Secret,
    /// The path of a file with a secret in it.
    SecretFile,
    /// A whole number.
    Number,
    /// Texts with commas between them.
    List,
}

/// The default of a setting, as its line in the reference gives it.
#[derive(Debug, Clone, Copy)]
pub enum SettingDefault {
    /// The value itself, as text.
    Value(fn() -> String),
    /// Words: the value depends on other settings, or is absent.
    Words(&'static str),
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The key in the file: `tls.mode`; `provider.…` means the only provider.
    pub key: &'static str,
    pub variable: &'static str,
    pub kind: ValueKind,
    pub default: SettingDefault,
    /// One sentence for the reference and the help.
    pub doc: &'static str,
    /// Returns its bounds as sentences, for the reference.
    pub bounds: fn() -> String,
}

impl Setting {
    /// Returns its flag on the command line, without the dashes.
    pub fn flag(&self) -> String {
        self.variable
            .trim_start_matches(PREFIX)
            .to_ascii_lowercase()
            .replace('_', "-")
    }

    /// Returns its meaning and its bounds.
    pub fn help(&self) -> String {
        format!("{} {}", self.doc.trim(), (self.bounds)())
            .trim_end()
            .to_owned()
    }

    /// Returns its default for people.
    pub fn default_text(&self) -> String {
        match self.default {
            SettingDefault::Value(text) => text(),
            SettingDefault::Words("") => "none".to_owned(),
            SettingDefault::Words(words) => words.to_owned(),
        }
    }

    /// Sets it in the file's table, from a text of the environment or the command line.
    ///
    /// # Errors
    /// If the text is not of its kind, or the file has several providers and the setting is one provider's.
    pub fn put(&self, file: &mut Table, text: &str) -> Result<(), ValueError> {
        let value = self.parse(text)?;
        let mut path: Vec<&str> = self.key.split('.').collect();
        let last = path.pop().unwrap_or_default();
        let mut table = file;
        for (depth, step) in path.into_iter().enumerate() {
            let fresh = || {
                if depth == 0 && step == "provider" {
                    Value::Array(vec![Value::Table(Table::new())])
                } else {
                    Value::Table(Table::new())
                }
            };
            let one_provider = "is for a configuration with one provider, and the file has";
            table = match table.entry(step).or_insert_with(fresh) {
                Value::Table(table) => table,
                Value::Array(providers) => match providers.as_mut_slice() {
                    [Value::Table(only)] => only,
                    [] => {
                        return Err(ValueError::new(format!(
                            "{one_provider} an empty list of them"
                        )));
                    }
                    _ => return Err(ValueError::new(format!("{one_provider} several"))),
                },
                _ => {
                    return Err(ValueError::new(format!(
                        "cannot be set: {step} is not a table in the file"
                    )));
                }
            };
        }
        table.insert(last.to_owned(), value);
        Ok(())
    }

    fn parse(&self, text: &str) -> Result<Value, ValueError> {
        Ok(match self.kind {
            ValueKind::Text | ValueKind::Secret | ValueKind::SecretFile => {
                Value::String(text.to_owned())
            }
            ValueKind::Number => {
                let number: u32 = text
                    .trim()
                    .parse()
                    .map_err(|_| ValueError::new(format!("{WHOLE_NUMBER}, not {text:?}")))?;
                Value::Integer(number.into())
            }
            ValueKind::List => Value::Array(
                text.split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                    .map(|part| part.to_owned().into())
                    .collect(),
            ),
        })
    }
}

/// The requirement on a [`ValueKind::Number`], after the setting's name.
const WHOLE_NUMBER: &str = "must be a whole number from 0 to 4294967295";

/// The reason why a value is wrong: the rest of a sentence that begins with the setting's name, with the blank or colon
/// that separates them.
#[derive(Debug, PartialEq, Eq)]
pub struct ValueError(String);

impl ValueError {
    /// A reason that begins with a verb, such as "must be a port".
    pub fn new(words: impl fmt::Display) -> Self {
        Self(format!(" {words}"))
    }

    /// A reason that is a sentence of its own.
    pub fn sentence(sentence: impl fmt::Display) -> Self {
        Self(format!(": {sentence}"))
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A setting with a wrong value.
#[derive(Debug, thiserror::Error)]
#[error("{key} ({variable}){reason}")]
pub struct SettingError {
    pub key: &'static str,
    pub variable: &'static str,
    pub reason: ValueError,
}

/// A type that settings have.
pub trait SettingValue: Sized {
    /// The type in the file.
    type Raw: DeserializeOwned;
    const KIND: ValueKind;
    /// Reads the file's value.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the setting's name.
    fn read(raw: Self::Raw) -> Result<Self, ValueError>;
}

/// A type that has defaults which the reference gives as text.
pub trait DefaultText: SettingValue {
    /// Returns the text that is read as this value.
    fn text(&self) -> String;
}

/// A type that can have bounds.
pub trait BoundedValue: SettingValue {
    type Bound;
    /// Reads a value that must be within bounds.
    ///
    /// # Errors
    /// As [`SettingValue::read`], and if the value is out of bounds.
    fn read_within(
        raw: Self::Raw,
        bounds: &RangeInclusive<Self::Bound>,
    ) -> Result<Self, ValueError>;
    /// Returns the bounds as sentences for the reference; empty if it does not give them.
    fn describe(_bounds: &RangeInclusive<Self::Bound>) -> String {
        String::new()
    }
}

/// A type that lists in settings have as elements.
pub trait ListElement: Sized {
    /// Reads one element.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the setting's name.
    fn parse(text: &str) -> Result<Self, ValueError>;
}

/// A section as the file has it, before its values are read.
pub trait FileSection {
    type Settings;
    /// Reads its values.
    ///
    /// # Errors
    /// Names the first setting with a wrong value.
    fn read(self) -> Result<Self::Settings, SettingError>;
}

impl<T: FileSection> FileSection for Vec<T> {
    type Settings = Vec<T::Settings>;
    fn read(self) -> Result<Self::Settings, SettingError> {
        self.into_iter().map(T::read).collect()
    }
}

/// Makes a section from its rows: `FileType => SettingsType, "prefix of its keys", { rows }`.
///
/// A row is `name: Type = default, in bounds, "VARIABLE";`, or with `default "words"` in place of `= default` if the value's
/// own default is meant and words describe it; bounds may be left out. `sections` are fields that are sections themselves,
/// `fields` those that only the file can have.
macro_rules! section {
    (
        $(#[$meta:meta])*
        $File:ident => $Settings:ident, $prefix:literal, {
            $(
                $(#[doc = $doc:literal])+
                $name:ident: $type:ty $(= $default:expr)? $(, default $words:literal)? $(, in $bounds:expr)?, $variable:literal;
            )+
        }
        $( sections { $( $section:ident: $section_type:ty; )+ } )?
        $( fields { $( $field:ident: $field_type:ty; )+ } )?
    ) => {
        #[derive(Deserialize, Default)]
        #[serde(deny_unknown_fields, default)]
        pub struct $File {
            $( $name: Option<<$type as SettingValue>::Raw>, )+
            $( $( $section: $section_type, )+ )?
            $( $( $field: $field_type, )+ )?
        }

        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $Settings {
            $( pub $name: $type, )+
            $( $( pub $section: <$section_type as FileSection>::Settings, )+ )?
            $( $( pub $field: $field_type, )+ )?
        }

        impl $Settings {
            /// The settings of this section that can be given outside the file.
            pub const ROWS: &[Setting] = &[ $( Setting {
                key: concat!($prefix, stringify!($name)),
                variable: $variable,
                kind: <$type as SettingValue>::KIND,
                default: row!(text $type $(= $default)? $(, $words)?),
                doc: concat!($($doc),+),
                bounds: row!(describe $type $(, $bounds)?),
            }, )+ ];
        }

        impl Default for $Settings {
            fn default() -> Self {
                Self {
                    $( $name: row!(value $type $(= $default)?), )+
                    $( $( $section: Default::default(), )+ )?
                    $( $( $field: Default::default(), )+ )?
                }
            }
        }

        impl FileSection for $File {
            type Settings = $Settings;
            fn read(self) -> Result<$Settings, SettingError> {
                Ok($Settings {
                    $( $name: match self.$name {
                        None => row!(value $type $(= $default)?),
                        Some(raw) => row!(read raw, $type $(, $bounds)?).map_err(|reason| SettingError {
                            key: concat!($prefix, stringify!($name)),
                            variable: $variable,
                            reason,
                        })?,
                    }, )+
                    $( $( $section: self.$section.read()?, )+ )?
                    $( $( $field: self.$field, )+ )?
                })
            }
        }
    };
}

/// The parts of a row that depend on whether it has a default and bounds.
macro_rules! row {
    (value $type:ty) => {
        <$type>::default()
    };
    (value $type:ty = $default:expr) => {
        $default
    };
    (text $type:ty, $words:literal) => {
        SettingDefault::Words($words)
    };
    (text $type:ty = $default:expr) => {
        SettingDefault::Value(|| {
            let value: $type = $default;
            DefaultText::text(&value)
        })
    };
    (describe $type:ty) => {
        String::new
    };
    (describe $type:ty, $bounds:expr) => {
        || <$type as BoundedValue>::describe(&$bounds)
    };
    (read $raw:ident, $type:ty) => {
        <$type as SettingValue>::read($raw)
    };
    (read $raw:ident, $type:ty, $bounds:expr) => {
        <$type as BoundedValue>::read_within($raw, &$bounds)
    };
}

/// Gives a type with a few values their names: `Type: "name" => Variant, …;`.
macro_rules! choices {
    ($( $type:ty: $($name:literal => $variant:ident),+ ; )+) => { $(
        impl SettingValue for $type {
            type Raw = String;
            const KIND: ValueKind = ValueKind::Text;
            fn read(raw: String) -> Result<Self, ValueError> {
                match raw.as_str() {
                    $( $name => Ok(Self::$variant), )+
                    other => Err(one_of(&[$($name),+], other)),
                }
            }
        }

        impl DefaultText for $type {
            fn text(&self) -> String {
                match self { $( Self::$variant => $name, )+ }.to_owned()
            }
        }
    )+ };
}

/// Returns the error of a text that is not one of the choices.
pub(crate) fn one_of(choices: &[&str], text: &str) -> ValueError {
    let list = match choices {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => choices.concat(),
    };
    ValueError::new(format!("must be {list}, not {text:?}"))
}

pub(crate) use {choices, row, section};
