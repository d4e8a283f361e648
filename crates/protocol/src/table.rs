//! The declarative table: a member of metadata is one row of it.

use serde_json::Value;

use crate::member::{Member, MemberValue};

/// What a table knows about one member.
#[derive(Debug, Clone, Copy)]
pub struct MemberRow {
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
    /// True if its type holds addresses: URIs, or keys that point at certificates.
    pub addresses: bool,
    /// The party that follows its addresses, if it has any.
    pub fetched: Option<Fetched>,
    /// Where the member is a demand: the provider's members of which one must be there, and not false, for the provider to
    /// meet it.
    pub served: &'static [&'static str],
}

/// The party that follows the addresses of a member. They are a stranger's words, so an address that a server follows must be public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// Frontdesk, while the client registers.
    Now,
    /// An authorization server, some time after the client registered.
    Later,
    /// A consent page, whose server may load the picture for the browser.
    Picture,
    /// No server: a browser goes there, or the addresses are not a stranger's.
    No,
}

impl Fetched {
    /// Returns its word in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Later => "later",
            Self::Picture => "picture",
            Self::No => "no",
        }
    }
}

/// Returns true if the row of an `M` says who follows its addresses exactly when it has some. `metadata!` asks while it is compiled.
pub const fn is_answered<M: Member>(fetched: Option<Fetched>) -> bool {
    M::ADDRESSES == fetched.is_some()
}

/// Declares a metadata table: the struct, its JSON form and its rows.
///
/// A row is `/// sentence`, `name: Type, "specification"`, then `fetched now`, `later`, `picture` or `no` where the type holds
/// addresses (without it the row does not compile), then optionally `default value`, `offered provider_member`,
/// `needs other_member` and `served provider_member | another`, in that order; `name as "na-me": Type` where the member's
/// name is no Rust name. A member that needs another stands below it, and has its default only beside it.
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
            concat!("a member that holds addresses says `fetched now`, `later`, `picture` or `no`, and no other member does: ", stringify!($name)),
        ); )+

        impl $table {
            /// The table itself, for checks, discovery and documentation.
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
            } ),+];

            const FIELDS: &'static [$crate::field::Field<Self>] = &[$( $crate::field::Field {
                held: |table| table.$name.as_ref().map(|value| -> &dyn $crate::member::MemberValue { value }),
                held_mut: |table| table.$name.as_mut().map(|value| -> &mut dyn $crate::member::MemberValue { value }),
                read: |table, sent| {
                    table.$name = $crate::member::Member::read($crate::metadata!(@text $name $($text)?), sent)?;
                    Ok(())
                },
                clear: |table| table.$name = None,
            } ),+];

            fn names() -> &'static $crate::field::MemberIndex {
                static NAMES: std::sync::LazyLock<$crate::field::MemberIndex> = std::sync::LazyLock::new(|| $crate::field::MemberIndex::of($table::ROWS));
                &NAMES
            }

            fn field(member: &str) -> Option<&'static $crate::field::Field<Self>> {
                Self::names().place(member).and_then(|place| Self::FIELDS.get(place))
            }

            pub(crate) fn held(&self, member: &str) -> Option<&dyn $crate::member::MemberValue> {
                Self::field(member).and_then(|field| (field.held)(self))
            }

            /// Reads the table's members and forgets every other.
            ///
            /// # Errors
            /// Names the first member, in the table's order, that is not in its form.
            pub fn parse(members: impl Into<$crate::SentMembers>) -> Result<Self, $crate::Invalid> {
                Self::read(members.into().iter_mut(), $crate::json::Origin::Request)
            }

            /// Reads the table's members from a row of the store, which may be older than a rule.
            ///
            /// # Errors
            /// Names the first member, in the table's order, that is not in its form.
            pub fn parse_stored(members: impl Into<$crate::SentMembers>) -> Result<Self, $crate::Invalid> {
                Self::read(members.into().iter_mut(), $crate::json::Origin::Store)
            }

            /// The name of a member as the table has it, if it has it.
            pub fn name(text: &str) -> Option<&'static str> {
                Self::names().place(text).and_then(|place| Self::ROWS.get(place)).map(|row| row.name)
            }

            /// Takes the table's members out of `object`; what is left in it is unknown to the table.
            ///
            /// # Errors
            /// Names the first member, in the table's order, that is not in its form.
            pub fn take(object: &mut $crate::Object, origin: $crate::json::Origin) -> Result<Self, $crate::Invalid> {
                let table = Self::read(object.iter_mut().map(|(name, value)| (name.as_str(), value)), origin)?;
                object.retain(|name, _| Self::names().place_of(name).is_none());
                Ok(table)
            }

            fn read<'a>(
                members: impl Iterator<Item = (&'a str, &'a mut serde_json::Value)>,
                origin: $crate::json::Origin,
            ) -> Result<Self, $crate::Invalid> {
                let mut table = Self::default();
                let mut sent = $crate::field::SentMember::of(members, Self::names(), origin);
                for of_one in sent.chunk_by_mut(|one, other| one.place == other.place) {
                    if let Some(field) = of_one.first().and_then(|sent| Self::FIELDS.get(sent.place)) {
                        (field.read)(&mut table, of_one)?;
                    }
                }
                Ok(table)
            }

            /// The members that are set, in the table's order.
            pub fn present(&self) -> impl Iterator<Item = (&'static $crate::MemberRow, &dyn $crate::member::MemberValue)> {
                let there = [$( self.$name.is_some() ),+];
                let places = there.into_iter().enumerate().filter(|(_, there)| *there);
                places.filter_map(|(place, _)| Some((Self::ROWS.get(place)?, (Self::FIELDS.get(place)?.held)(self)?)))
            }

            /// The rows of the members that are not.
            pub fn absent(&self) -> impl Iterator<Item = &'static $crate::MemberRow> + use<> {
                let there = [$( self.$name.is_some() ),+];
                there.into_iter().enumerate().filter(|(_, there)| !*there).filter_map(|(place, _)| Self::ROWS.get(place))
            }

            /// The same as an object.
            pub fn object(&self) -> $crate::Object {
                let mut object = $crate::Object::new();
                for (row, held) in self.present() {
                    held.forms(row.name, &mut |name, form| drop(object.insert(name.to_owned(), form.into())));
                }
                object
            }

            /// Whether a member is set.
            pub fn has(&self, member: &str) -> bool {
                self.held(member).is_some()
            }

            /// The JSON form of a member, if it is set; of a localized one what has no tag.
            pub fn value(&self, member: &str) -> Option<serde_json::Value> {
                self.held(member).map($crate::table::json)
            }

            /// The registered values a member names, if it is set.
            pub fn values(&self, member: &str) -> Option<Vec<std::borrow::Cow<'_, str>>> {
                self.held(member).map($crate::member::MemberValue::values)
            }

            /// Keeps the values of a member that `keep` agrees to.
            pub fn retain(&mut self, member: &str, keep: &dyn Fn(&str) -> bool) -> $crate::member::Narrowing {
                let held = Self::field(member).and_then(|field| (field.held_mut)(self));
                held.map_or($crate::member::Narrowing::Unchanged, |held| held.retain(keep))
            }

            /// Keeps each element of every list once, where it stands first.
            pub fn keep_once(&mut self) {
                $( if let Some(value) = &mut self.$name { $crate::member::MemberValue::keep_once(value); } )+
            }

            /// The members as the text of one JSON object.
            pub fn json(&self) -> String {
                $crate::form::object(self.present())
            }

            /// Reads one member from its JSON form; a member the table does not have is left alone.
            ///
            /// # Errors
            /// When the value is not in the member's form.
            pub fn set(&mut self, member: &str, mut value: serde_json::Value) -> Result<(), $crate::Invalid> {
                let Some((place, field)) = Self::names().place(member).and_then(|place| Some((place, Self::FIELDS.get(place)?))) else {
                    return Ok(());
                };
                let origin = $crate::json::Origin::Request;
                (field.read)(self, &mut [$crate::field::SentMember { place, name: member, tag: None, value: &mut value, origin }])
            }

            /// These members, and over them those `other` has.
            #[must_use]
            pub fn overlaid(mut self, other: Self) -> Self {
                $( if other.$name.is_some() { self.$name = other.$name; } )+
                self
            }

            /// Forgets a member.
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

/// The JSON form of what is held of one member; of a localized one what has no tag.
pub fn json(held: &dyn MemberValue) -> Value {
    let mut json = Value::Null;
    held.forms("", &mut |name, form| {
        if name.is_empty() {
            json = form.into();
        }
    });
    json
}
