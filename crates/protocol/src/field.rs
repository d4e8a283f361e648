//! How a table gets at its members: which of them a name belongs to, and each of them whatever its type is.

use serde_json::Value;

use crate::json::Origin;
use crate::member::{Invalid, MemberValue};
use crate::table::MemberRow;

/// How a table gets at one of its members.
pub struct Field<T> {
    /// What is held of it.
    pub held: fn(&T) -> Option<&dyn MemberValue>,
    /// The same, to be changed.
    pub held_mut: fn(&mut T) -> Option<&mut dyn MemberValue>,
    /// Reads it from what was sent of it.
    pub read: fn(&mut T, &mut [SentMember<'_>]) -> Result<(), Invalid>,
    /// Forgets it.
    pub clear: fn(&mut T),
}

/// Room for the members of most documents, so that it need not grow.
pub(crate) const USUAL_MEMBERS: usize = 32;

/// A member of an object that belongs to a table.
#[derive(Debug)]
pub struct SentMember<'a> {
    /// Which of the table's rows it belongs to.
    pub place: usize,
    /// Its name as sent, language tag included.
    pub name: &'a str,
    /// The language tag in it.
    pub tag: Option<&'a str>,
    /// Its value, to be taken.
    pub value: &'a mut Value,
    /// The origin of the document.
    pub origin: Origin,
}

impl<'a> SentMember<'a> {
    /// What of some members belongs to a table, in the table's order; of one row the plain member first, the others as sent.
    pub fn of(
        members: impl Iterator<Item = (&'a str, &'a mut Value)>,
        names: &MemberIndex,
        origin: Origin,
    ) -> Vec<Self> {
        let mut sent = Vec::with_capacity(USUAL_MEMBERS);
        sent.extend(members.filter_map(|(name, value)| {
            let (place, tag) = names.place_of(name)?;
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

/// Where the members of a table stand in it, by their names: every name of every document is looked up.
pub struct MemberIndex {
    rows: &'static [MemberRow],
    /// Names by a hash of few instructions. Strangers choose what is looked up, but not what is in here.
    buckets: Vec<Vec<(&'static str, usize)>>,
}

impl MemberIndex {
    /// Those of a table.
    pub fn of(rows: &'static [MemberRow]) -> Self {
        let mut buckets = vec![Vec::new(); 256];
        for (place, row) in rows.iter().enumerate() {
            if let Some(bucket) = buckets.get_mut(bucket(row.name)) {
                bucket.push((row.name, place));
            }
        }
        Self { rows, buckets }
    }

    /// Where the member of that name stands.
    pub fn place(&self, name: &str) -> Option<usize> {
        let bucket = self.buckets.get(bucket(name))?;
        bucket
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, place)| *place)
    }

    /// The same for a name that may have a language tag behind it, where the member may; and the tag. OIDC Registration §2.1.
    pub fn place_of<'a>(&self, name: &'a str) -> Option<(usize, Option<&'a str>)> {
        if let Some(place) = self.place(name) {
            return Some((place, None));
        }
        let (name, tag) = name.split_once('#')?;
        let place = self
            .place(name)
            .filter(|place| self.rows.get(*place).is_some_and(|row| row.localized))?;
        Some((place, Some(tag)))
    }
}

fn bucket(name: &str) -> usize {
    name.bytes()
        .fold(0_u8, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte))
        .into()
}
