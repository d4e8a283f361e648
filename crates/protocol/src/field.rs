//! How a table gets at its members: which of them a name belongs to, and each of them whatever its type is.

use std::mem;

use serde::Serializer;
use serde::ser::SerializeMap;
use serde_json::Value;

use crate::member::{Held, Invalid, Object};
use crate::table::Row;

/// How a table gets at one of its members.
pub struct Field<T> {
    /// What is held of it.
    pub held: fn(&T) -> Option<&dyn Held>,
    /// The same, to be changed.
    pub held_mut: fn(&mut T) -> Option<&mut dyn Held>,
    /// Reads it from what was sent of it.
    pub read: fn(&mut T, &mut [Sent]) -> Result<(), Invalid>,
    /// Forgets it.
    pub clear: fn(&mut T),
}

/// A member of an object that belongs to a table.
#[derive(Debug)]
pub struct Sent {
    /// Which of the table's rows it belongs to.
    pub place: usize,
    /// Its name as sent, language tag included.
    pub name: String,
    /// Its value.
    pub value: Value,
}

impl Sent {
    /// Takes out of `object` what belongs to a table, in the table's order; of one row the plain member first, the others as sent.
    pub fn take(object: &mut Object, names: &Names) -> Vec<Self> {
        let mut sent = Vec::with_capacity(object.len());
        for (name, value) in mem::take(object) {
            match names.place_of(&name) {
                Some(place) => sent.push(Self { place, name, value }),
                None => drop(object.insert(name, value)),
            }
        }
        // Places are sorted, which are small; members are large.
        sent.sort_by_cached_key(|sent| (sent.place, sent.name.contains('#')));
        sent
    }
}

/// Writes members as one object.
pub(crate) fn serialize<'a, S: Serializer>(
    members: impl Iterator<Item = (&'static Row, &'a dyn Held)>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(None)?;
    for (row, held) in members {
        let mut outcome = Ok(());
        held.forms(row.name, &mut |name, form| {
            if outcome.is_ok() {
                outcome = object.serialize_entry(name, &form);
            }
        });
        outcome?;
    }
    object.end()
}

/// Where the members of a table stand in it, by their names: every name of every document is looked up.
pub struct Names {
    rows: &'static [Row],
    /// Names by a hash of few instructions. Strangers choose what is looked up, but not what is in here.
    buckets: Vec<Vec<(&'static str, usize)>>,
}

impl Names {
    /// Those of a table.
    pub fn of(rows: &'static [Row]) -> Self {
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
        bucket.iter().find(|(known, _)| *known == name).map(|(_, place)| *place)
    }

    /// The same for a name that may have a language tag behind it, where the member may. OIDC Registration §2.1.
    fn place_of(&self, name: &str) -> Option<usize> {
        self.place(name).or_else(|| {
            let (name, _) = name.split_once('#')?;
            self.place(name).filter(|place| self.rows.get(*place).is_some_and(|row| row.localized))
        })
    }
}

fn bucket(name: &str) -> usize {
    name.bytes().fold(0_u8, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte)).into()
}
