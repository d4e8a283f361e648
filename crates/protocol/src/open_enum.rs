//! Registries others may extend.

/// An enum of a registry's values that keeps a place for the unknown: anything else is `Other`, carried faithfully
/// and simply not offered.
#[macro_export]
macro_rules! open_enum {
    (
        $(#[$meta:meta])* pub enum $name:ident;
        $( $(#[$doc:meta])+ $variant:ident = $text:literal, )+
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $( $(#[$doc])+ $variant, )+
            /// A value that is not in this program's copy of the registry.
            Other(String),
        }

        impl $name {
            /// The value as the registry spells it.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl $crate::member::SingleValue for $name {
            const SHAPE: &'static str = "string";

            fn schema() -> serde_json::Value {
                $crate::values::token_schema(&[$($text),+])
            }

            fn read(value: serde_json::Value) -> Result<Self, $crate::member::Reason> {
                $crate::values::token(value).map(|text| Self::from(text.as_str()))
            }

            fn write(&self) -> $crate::form::JsonForm<'_> {
                self.as_str().into()
            }

            fn value(&self) -> Option<std::borrow::Cow<'_, str>> {
                Some(self.as_str().into())
            }
        }
    };
}
