//! The macro that declares an enum of the values of a registry.

/// Declares an enum of the values of a registry. Unknown values are `Other`; they are stored and written as they were sent, and
/// no provider offers them by default.
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
            /// A value that is not in the program's copy of the registry.
            Other(String),
        }

        impl $name {
            /// Returns the value as it is in the registry.
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
