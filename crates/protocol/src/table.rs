//! The macro that declares a metadata table, in which each member is a row.

use serde_json::Value;

use crate::member::{Member, MemberValue};

/// The row of a member in a metadata table.
#[derive(Debug, Clone, Copy)]
pub struct MemberRow {
    /// The member's name.
    pub name: &'static str,
    /// The specification that defines it.
    pub spec: &'static str,
    /// The meaning in a sentence, for the reference pages.
    pub doc: &'static str,
    /// The shape of its JSON form in words, for the reference pages.
    pub shape: &'static str,
    /// Returns the JSON Schema (2020-12) of its JSON form.
    pub schema: fn() -> Value,
    /// True if its JSON form is an array.
    pub list: bool,
    /// True if the member has `name#tag` variants.
    pub localized: bool,
    /// The value of a client that does not send the member.
    pub default: Option<fn() -> Value>,
    /// The member of provider metadata that lists the values a client may request.
    pub offered: Option<&'static str>,
    /// The member that must be present if this one is.
    pub needs: Option<&'static str>,
    /// True if its values contain URIs, or keys that refer to certificates.
    pub addresses: bool,
    /// The party that follows its URIs, if it has any.
    pub fetched: Option<Fetched>,
    /// The members of provider metadata that serve the member, if it is a demand or is used by one feature only: one of them
    /// must be present and not false.
    pub served: &'static [&'static str],
    /// The treatment of the member if none of its values is offered.
    pub unoffered: Unoffered,
}

impl MemberRow {
    /// Returns true for a list of the values that a client supports of another member, which is named as the provider's list.
    /// OIDC RP Metadata Choices §2.
    pub fn is_choices(&self) -> bool {
        self.offered == Some(self.name)
    }
}

/// The treatment of a member of which nothing is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unoffered {
    /// The request is refused.
    Refused,
    /// The member is dropped, because a client can do without it.
    Dropped,
}

/// The party that follows the URIs of a member. The client chooses them, so a URI that a server follows must be public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// Frontdesk, while the client registers.
    Now,
    /// An authorization server, after the client registered.
    Later,
    /// A consent page, whose server may load the picture for the browser.
    Picture,
    /// No server: a browser follows them, or the operator chose them.
    No,
}

impl Fetched {
    /// Returns its name in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Later => "later",
            Self::Picture => "picture",
            Self::No => "no",
        }
    }
}

/// Returns true if a row of the type `M` declares `fetched` exactly if its values contain URIs. `metadata!` checks it at compile
/// time.
pub const fn is_answered<M: Member>(fetched: Option<Fetched>) -> bool {
    M::ADDRESSES == fetched.is_some()
}

/// Declares a metadata table: the struct, its JSON form and its rows.
///
/// A row is `/// sentence`, `name: Type, "specification"`, then `fetched now`, `later`, `picture` or `no` if the type contains
/// URIs (without it the row does not compile), then optionally `default value`, `offered provider_member`,
/// `needs other_member` and `served provider_member | another`, in that order. A name that is not a Rust identifier is declared
/// as `name as "na-me": Type`. A member that needs another is below it in the table, and its default applies only if the other
/// is present.
#[macro_export]
macro_rules! metadata {
    (
        $(#[$meta:meta])* pub struct $table:ident;
        $(
            $(#[doc = $doc:literal])+
            $name:ident $(as $text:literal)? : $ty:ty, $spec:literal
            $(, fetched $fetched:ident)?
            $(, default $default:expr)?
            $(, offered $offered:ident)?
            $(, needs $needs:ident)?
            $(, served $($served:ident)|+)?;
        )+
    ) => {
        $(#[$meta])*
        #[derive(Debug, Default, Clone, PartialEq)]
        pub struct $table { $( $(#[doc = $doc])+ #[doc = ""] #[doc = $spec] pub $name: Option<$ty>, )+ }

        $( const _: () = assert!(
            $crate::table::is_answered::<$ty>($crate::metadata!(@fetched $($fetched)?)),
            concat!("a member with URIs declares `fetched now`, `later`, `picture` or `no`, and no other member does: ", stringify!($name)),
        ); )+

        impl $table {
            /// The rows, for checks, discovery and documentation.
            pub const ROWS: &'static [$crate::table::MemberRow] = &[$( $crate::table::MemberRow {
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
                addresses: <$ty as $crate::member::Member>::ADDRESSES,
                fetched: $crate::metadata!(@fetched $($fetched)?),
                served: &[$($(stringify!($served)),+)?],
                unoffered: <$ty as $crate::member::Member>::UNOFFERED,
            } ),+];

            const FIELDS: &'static [$crate::field::MemberField<Self>] = &[$( $crate::field::MemberField {
                held: |table| table.$name.as_ref().map(|value| -> &dyn $crate::member::MemberValue { value }),
                held_mut: |table| table.$name.as_mut().map(|value| -> &mut dyn $crate::member::MemberValue { value }),
                read: |table, sent| {
                    table.$name = $crate::member::Member::read($crate::metadata!(@text $name $($text)?), sent)?;
                    Ok(())
                },
                clear: |table| table.$name = None,
            } ),+];

            fn index() -> &'static $crate::field::MemberIndex {
                static INDEX: std::sync::LazyLock<$crate::field::MemberIndex> = std::sync::LazyLock::new(|| $crate::field::index($table::ROWS));
                &INDEX
            }

            fn field(member: &str) -> Option<&'static $crate::field::MemberField<Self>> {
                Self::index().get(member).and_then(|place| Self::FIELDS.get(*place))
            }

            /// Returns the name of a member in the table, if the table has it.
            pub fn name(member: &str) -> Option<&'static str> {
                let row = Self::index().get(member).and_then(|place| Self::ROWS.get(*place));
                row.map(|row| row.name)
            }

            pub(crate) fn held(&self, member: &str) -> Option<&dyn $crate::member::MemberValue> {
                Self::field(member).and_then(|field| (field.held)(self))
            }

            /// Reads the members of the table and ignores every other.
            ///
            /// # Errors
            /// A member does not have its form; the error names the first of them in the table's order.
            pub fn parse(mut members: $crate::Object) -> Result<Self, $crate::InvalidMember> {
                Self::read(&mut members, $crate::json::Origin::Request)
            }

            /// Reads the members of the table from the store, which may be older than a rule, and ignores every other.
            ///
            /// # Errors
            /// A member does not have its form; the error names the first of them in the table's order.
            pub fn parse_stored(mut members: $crate::Object) -> Result<Self, $crate::InvalidMember> {
                Self::read(&mut members, $crate::json::Origin::Store)
            }

            /// Returns true for the name of a member in the table, which may have a language tag if the member is localized.
            pub fn has_row(name: &str) -> bool {
                $crate::field::find_tagged(Self::ROWS, Self::index(), name).is_some()
            }

            /// Moves the members of the table out of `object`, in which the unknown members remain.
            ///
            /// # Errors
            /// A member does not have its form; the error names the first of them in the table's order.
            pub fn take(object: &mut $crate::Object, origin: $crate::json::Origin) -> Result<Self, $crate::InvalidMember> {
                let table = Self::read(object, origin)?;
                object.retain(|name, _| $crate::field::find_tagged(Self::ROWS, Self::index(), name).is_none());
                Ok(table)
            }

            fn read(members: &mut $crate::Object, origin: $crate::json::Origin) -> Result<Self, $crate::InvalidMember> {
                let mut table = Self::default();
                let mut sent = $crate::field::SentMember::select(members, Self::ROWS, Self::index(), origin);
                for of_one in sent.chunk_by_mut(|one, other| one.place == other.place) {
                    if let Some(field) = of_one.first().and_then(|sent| Self::FIELDS.get(sent.place)) {
                        (field.read)(&mut table, of_one)?;
                    }
                }
                Ok(table)
            }

            /// Returns the members that are set, in the table's order.
            pub fn present(&self) -> impl Iterator<Item = (&'static $crate::MemberRow, &dyn $crate::member::MemberValue)> {
                let there = [$( self.$name.is_some() ),+];
                let places = there.into_iter().enumerate().filter(|(_, there)| *there);
                places.filter_map(|(place, _)| Some((Self::ROWS.get(place)?, (Self::FIELDS.get(place)?.held)(self)?)))
            }

            /// Returns every row, in the table's order, with true if its member is set.
            pub fn rows(&self) -> impl Iterator<Item = (&'static $crate::MemberRow, bool)> + use<> {
                Self::ROWS.iter().zip([$( self.$name.is_some() ),+])
            }

            /// Returns the members as a JSON object.
            pub fn object(&self) -> $crate::Object {
                let mut object = $crate::Object::new();
                for (row, held) in self.present() {
                    held.write_members(row.name, &mut |name, form| drop(object.insert(name.to_owned(), form.into())));
                }
                object
            }

            /// Returns true if a member is set.
            pub fn has(&self, member: &str) -> bool {
                self.held(member).is_some()
            }

            /// Returns the JSON form of a member, if it is set; of a localized member the value without a tag.
            pub fn value(&self, member: &str) -> Option<serde_json::Value> {
                self.held(member).map($crate::table::json)
            }

            /// Returns the registered values of a member, if it is set.
            pub fn values(&self, member: &str) -> Option<Vec<std::borrow::Cow<'_, str>>> {
                self.held(member).map($crate::member::MemberValue::values)
            }

            /// Removes the registered values of a member for which `keep` returns false.
            pub fn retain(&mut self, member: &str, keep: &dyn Fn(&str) -> bool) -> $crate::member::Narrowing {
                let held = Self::field(member).and_then(|field| (field.held_mut)(self));
                held.map_or($crate::member::Narrowing::Unchanged, |held| held.retain(keep))
            }

            /// Removes repeated elements of every list.
            pub fn dedup(&mut self) {
                $( if let Some(value) = &mut self.$name { $crate::member::MemberValue::dedup(value); } )+
            }

            /// Returns the members as the text of a JSON object.
            pub fn json(&self) -> String {
                $crate::form::object(self.present())
            }

            /// Sets a member from its JSON form. A member that the table does not have is ignored.
            ///
            /// # Errors
            /// The value does not have the form of the member.
            pub fn set(&mut self, member: &str, mut value: serde_json::Value) -> Result<(), $crate::InvalidMember> {
                let Some((place, field)) = Self::index().get(member).and_then(|place| Some((*place, Self::FIELDS.get(*place)?))) else {
                    return Ok(());
                };
                let origin = $crate::json::Origin::Request;
                (field.read)(self, &mut [$crate::field::SentMember { place, name: member, tag: None, value: &mut value, origin }])
            }

            /// Returns these members, and those of `base` that are not among them.
            #[must_use]
            pub fn merged_over(self, base: Self) -> Self {
                Self { $( $name: self.$name.or(base.$name), )+ }
            }

            /// Removes a member.
            pub fn clear(&mut self, member: &str) {
                if let Some(field) = Self::field(member) {
                    (field.clear)(self);
                }
            }
        }
    };
    (@text $name:ident) => { stringify!($name) };
    (@text $name:ident $text:literal) => { $text };
    (@fetched) => { None };
    (@fetched now) => { Some($crate::table::Fetched::Now) };
    (@fetched later) => { Some($crate::table::Fetched::Later) };
    (@fetched picture) => { Some($crate::table::Fetched::Picture) };
    (@fetched no) => { Some($crate::table::Fetched::No) };
    (@name) => { None };
    (@name $name:ident) => { Some(stringify!($name)) };
    (@default $ty:ty) => { None };
    (@default $ty:ty, $default:expr) => { Some(|| { let value: $ty = $default; $crate::table::json(&value) }) };
}

/// Returns the JSON form of a member value; of a localized one the value without a tag.
pub fn json(held: &dyn MemberValue) -> Value {
    let mut json = Value::Null;
    held.write_members("", &mut |name, form| {
        if name.is_empty() {
            json = form.into();
        }
    });
    json
}
