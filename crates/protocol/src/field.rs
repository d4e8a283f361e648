//! Access to the members of a table by name: the functions of each member, and the index from names to rows.

use std::collections::HashMap;

use serde_json::Value;

use crate::json::Origin;
use crate::member::{InvalidMember, MemberValue, Object};
use crate::table::MemberRow;

/// The functions that access a member of a table.
pub struct MemberField<T> {
    /// Returns the value, if the member is set.
    pub held: fn(&T) -> Option<&dyn MemberValue>,
    /// Returns the value for modification, if the member is set.
    pub held_mut: fn(&mut T) -> Option<&mut dyn MemberValue>,
    /// Sets the member from the sent values.
    pub read: fn(&mut T, &mut [SentMember<'_>]) -> Result<(), InvalidMember>,
    /// Removes the member.
    pub clear: fn(&mut T),
}

/// The initial capacity for the members of a document, enough for most documents.
pub(crate) const MEMBERS_CAPACITY: usize = 32;

/// A member of a JSON object that belongs to a table.
#[derive(Debug)]
pub struct SentMember<'a> {
    /// The index of its row in the table.
    pub place: usize,
    /// The name as it was sent, with the language tag.
    pub name: &'a str,
    /// The language tag in the name.
    pub tag: Option<&'a str>,
    /// The value, which the reader takes.
    pub value: &'a mut Value,
    /// The origin of the document.
    pub origin: Origin,
}

impl<'a> SentMember<'a> {
    /// Selects the members that belong to a table, in the table's order. Within a row the member without a language tag is
    /// first.
    pub fn select(
        members: &'a mut Object,
        rows: &[MemberRow],
        index: &MemberIndex,
        origin: Origin,
    ) -> Vec<Self> {
        let mut sent = Vec::with_capacity(MEMBERS_CAPACITY);
        sent.extend(members.iter_mut().filter_map(|(name, value)| {
            let (place, tag) = find_tagged(rows, index, name)?;
            Some(Self {
                place,
                name,
                tag,
                value,
                origin,
            })
        }));
        sent.sort_by_key(|sent| (sent.place, sent.tag.is_some()));
        sent
    }
}

/// The index from member names to rows of a table. Every name of every document is looked up in it.
pub type MemberIndex = HashMap<&'static str, usize>;

/// Creates the index of a table.
pub fn index(rows: &'static [MemberRow]) -> MemberIndex {
    let names = rows.iter().map(|row| row.name);
    names.zip(0..).collect()
}

/// Returns the index of the row and the language tag, for a name that may have a tag if the member is localized. OIDC Registration
/// §2.1.
pub fn find_tagged<'a>(
    rows: &[MemberRow],
    index: &MemberIndex,
    name: &'a str,
) -> Option<(usize, Option<&'a str>)> {
    if let Some(place) = index.get(name) {
        return Some((*place, None));
    }
    let (name, tag) = name.split_once('#')?;
    let place = *index.get(name)?;
    rows.get(place)
        .is_some_and(|row| row.localized)
        .then_some((place, Some(tag)))
}
