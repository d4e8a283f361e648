//! The declarative table: a member of metadata is one row of it.

use serde_json::Value;

/// What a table knows about one member.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The member's name.
    pub name: &'static str,
    /// The specification that defines it.
    pub spec: &'static str,
    /// What it is, in one sentence.
    pub doc: &'static str,
    /// The shape of its JSON form, in words.
    pub shape: &'static str,
    /// What a schema can say of its JSON form. JSON Schema 2020-12.
    pub schema: fn() -> Value,
    /// Whether it is an array.
    pub list: bool,
    /// Whether `name#tag` variants belong to it.
    pub localized: bool,
    /// Its value when a client names none.
    pub default: Option<fn() -> Value>,
    /// The provider's member that lists the values a client may ask for.
    pub offered: Option<&'static str>,
    /// The member that must be there too.
    pub needs: Option<&'static str>,
    /// Where the member is a demand: the provider's members of which one must be there, and not false, for the provider to
    /// meet it.
    pub served: &'static [&'static str],
}

/// Declares a metadata table: the struct, its JSON form and its rows.
///
/// A row is `/// sentence`, `name: Type, "specification"`, then optionally `default value`, `offered provider_member`,
/// `needs other_member` and `served provider_member | another`, in that order; `name as "na-me": Type` where the member's
/// name is no Rust name. A member that needs another stands below it, and has its default only beside it.
#[macro_export]
macro_rules! metadata {
    (
        $(#[$meta:meta])* pub struct $table:ident;
        $(
            $(#[doc = $doc:literal])+
            $name:ident $(as $text:literal)? : $ty:ty, $spec:literal
            $(, default $default:expr)?
            $(, offered $offered:ident)?
            $(, needs $needs:ident)?
            $(, served $($served:ident)|+)?;
        )+
    ) => {
        $(#[$meta])*
        #[derive(Debug, Default, Clone, PartialEq)]
        pub struct $table { $( $(#[doc = $doc])+ #[doc = ""] #[doc = $spec] pub $name: Option<$ty>, )+ }

        impl $table {
            /// The table itself, for checks, discovery and documentation.
            pub const ROWS: &'static [$crate::table::Row] = &[$( $crate::table::Row {
                name: $crate::metadata!(@text $name $($text)?),
                spec: $spec,
                doc: concat!($($doc),+),
                shape: <$ty as $crate::member::Member>::SHAPE,
                schema: <$ty as $crate::member::Member>::schema,
                list: <$ty as $crate::member::Member>::LIST,
                localized: <$ty as $crate::member::Member>::LOCALIZED,
                default: $crate::metadata!(@default $ty $(, $default)?),
                offered: $crate::metadata!(@name $($offered)?),
                needs: $crate::metadata!(@name $($needs)?),
                served: &[$($(stringify!($served)),+)?],
            } ),+];

            /// Reads the table's members and forgets every other.
            ///
            /// # Errors
            /// Names the first member that is not in its form.
            pub fn parse(mut object: $crate::Object) -> Result<Self, $crate::Invalid> {
                Self::take(&mut object)
            }

            /// Takes the table's members out of `object`; what is left in it is unknown to the table.
            ///
            /// # Errors
            /// Names the first member that is not in its form.
            pub fn take(object: &mut $crate::Object) -> Result<Self, $crate::Invalid> {
                Ok(Self { $( $name: $crate::member::Member::take(object, $crate::metadata!(@text $name $($text)?))?, )+ })
            }

            /// The members that are set, in the table's order.
            pub fn object(&self) -> $crate::Object {
                let mut object = $crate::Object::new();
                $( if let Some(value) = &self.$name { $crate::member::Member::put(value, &mut object, $crate::metadata!(@text $name $($text)?)); } )+
                object
            }

            /// Whether a member is set.
            pub fn has(&self, member: &str) -> bool {
                match member {
                    $( $crate::metadata!(@text $name $($text)?) => self.$name.is_some(), )+
                    _ => false,
                }
            }

            /// The JSON form of a member, if it is set; of a localized one what has no tag.
            pub fn value(&self, member: &str) -> Option<serde_json::Value> {
                match member {
                    $( $crate::metadata!(@text $name $($text)?) => self.$name.as_ref().map($crate::table::json), )+
                    _ => None,
                }
            }

            /// The registered values a member names, if it is set.
            pub fn values(&self, member: &str) -> Option<Vec<std::borrow::Cow<'_, str>>> {
                match member {
                    $( $crate::metadata!(@text $name $($text)?) => self.$name.as_ref().map($crate::member::Member::values), )+
                    _ => None,
                }
            }

            /// Keeps the values of a member that `keep` agrees to.
            pub fn retain(&mut self, member: &str, keep: &dyn Fn(&str) -> bool) -> $crate::member::Kept {
                match member {
                    $( $crate::metadata!(@text $name $($text)?) => self.$name.as_mut().map_or($crate::member::Kept::All, |value| $crate::member::Member::retain(value, keep)), )+
                    _ => $crate::member::Kept::All,
                }
            }

            /// Keeps each element of every list once, where it stands first.
            #[must_use]
            pub fn without_repetitions(mut self) -> Self {
                $( if let Some(value) = &mut self.$name { $crate::member::Member::keep_once(value); } )+
                self
            }

            /// Reads one member from its JSON form; a member the table does not have is left alone.
            ///
            /// # Errors
            /// When the value is not in the member's form.
            pub fn set(&mut self, member: &str, value: serde_json::Value) -> Result<(), $crate::Invalid> {
                let mut object = $crate::Object::new();
                object.insert(member.to_owned(), value);
                match member {
                    $( $crate::metadata!(@text $name $($text)?) => self.$name = $crate::member::Member::take(&mut object, $crate::metadata!(@text $name $($text)?))?, )+
                    _ => {}
                }
                Ok(())
            }

            /// These members, and over them those `other` has.
            #[must_use]
            pub fn overlaid(mut self, other: Self) -> Self {
                $( if other.$name.is_some() { self.$name = other.$name; } )+
                self
            }

            /// Forgets a member.
            pub fn clear(&mut self, member: &str) {
                match member {
                    $( $crate::metadata!(@text $name $($text)?) => self.$name = None, )+
                    _ => {}
                }
            }
        }
    };
    (@text $name:ident) => { stringify!($name) };
    (@text $name:ident $text:literal) => { $text };
    (@name) => { None };
    (@name $name:ident) => { Some(stringify!($name)) };
    (@default $ty:ty) => { None };
    (@default $ty:ty, $default:expr) => { Some(|| { let value: $ty = $default; $crate::table::json(&value) }) };
}

/// The JSON form of one member's value.
pub fn json<T: crate::member::Member>(value: &T) -> Value {
    let mut object = crate::Object::new();
    value.put(&mut object, "value");
    object.shift_remove("value").unwrap_or(Value::Null)
}
