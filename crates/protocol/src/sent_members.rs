//! A JSON object as it was sent.
//!
//! An object has at most 200 members and usually few, so looking at each is faster than hashing.

use std::borrow::Cow;

use serde_json::Value;

use crate::ClientMetadata;
use crate::member::Object;

/// The members of a JSON object without duplicates, in the order in which they were sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SentMembers(Vec<(Cow<'static, str>, Value)>);

impl SentMembers {
    /// Creates an empty object with capacity for that many members.
    pub fn with_capacity(members: usize) -> Self {
        Self(Vec::with_capacity(members))
    }

    /// Returns the number of members.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if there are no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns a name to insert. The names of client metadata are not copied.
    pub fn name(name: &str) -> Cow<'static, str> {
        ClientMetadata::name(name).map_or_else(|| Cow::Owned(name.to_owned()), Cow::Borrowed)
    }

    /// Returns the value of a member.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// Returns the value of a member for modification.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0
            .iter_mut()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// Returns true if there is a member of that name.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Appends a member, which must not be present yet.
    pub(crate) fn push(&mut self, name: Cow<'static, str>, value: Value) {
        self.0.push((name, value));
    }

    /// Replaces the value of a member, or appends the member.
    pub fn insert(&mut self, name: Cow<'static, str>, value: Value) {
        match self.get_mut(&name) {
            Some(known) => *known = value,
            None => self.push(name, value),
        }
    }

    /// Removes a member; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let place = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(place).1)
    }

    /// Removes the members for whose names `keep` returns false.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|(name, _)| keep(name));
    }

    /// Returns the names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// Returns each name and its value for modification.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        self.0.iter_mut().map(|(name, value)| (&**name, value))
    }
}

impl From<Object> for SentMembers {
    fn from(object: Object) -> Self {
        Self(
            object
                .into_iter()
                .map(|(name, value)| (Cow::Owned(name), value))
                .collect(),
        )
    }
}

impl From<SentMembers> for Object {
    fn from(members: SentMembers) -> Self {
        members
            .0
            .into_iter()
            .map(|(name, value)| (name.into_owned(), value))
            .collect()
    }
}

impl Extend<(Cow<'static, str>, Value)> for SentMembers {
    fn extend<T: IntoIterator<Item = (Cow<'static, str>, Value)>>(&mut self, members: T) {
        for (name, value) in members {
            self.insert(name, value);
        }
    }
}

impl IntoIterator for SentMembers {
    type Item = (Cow<'static, str>, Value);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Members keep their order and occur once.
    #[test]
    fn members_keep_their_order() {
        let mut members = SentMembers::default();
        for (name, value) in [("b", 1), ("a", 2), ("b", 3), ("c", 4)] {
            members.insert(SentMembers::name(name), value.into());
        }
        assert_eq!(members.names().collect::<Vec<_>>(), ["b", "a", "c"]);
        assert_eq!(
            (members.get("b"), members.has("d")),
            (Some(&3.into()), false)
        );
        assert_eq!(
            (members.remove("a"), members.remove("a")),
            (Some(2.into()), None)
        );
        members.retain(|name| name != "c");
        assert_eq!(
            Object::from(members),
            Object::from_iter([("b".to_owned(), 3.into())])
        );
    }

    #[test]
    fn a_name_the_table_has_is_not_copied() {
        assert!(matches!(
            SentMembers::name("redirect_uris"),
            Cow::Borrowed("redirect_uris")
        ));
        assert!(matches!(SentMembers::name("redirect_uri"), Cow::Owned(_)));
    }
}
