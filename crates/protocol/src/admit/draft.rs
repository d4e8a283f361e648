//! The metadata of a client while the provider decides about it, and the reasons for which it differs from the request.

use std::ops::{Deref, DerefMut};

use serde_json::Value;

use super::RegisteredMetadata;
use crate::ClientMetadata;
use crate::member::InvalidMember;
use crate::values::AuthMethod;

/// A member that was narrowed, dropped or set, and the rule that did it. A member that several rules changed has one change for
/// each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The member's name.
    pub member: &'static str,
    /// The name of the rule within the member, such as `not_offered`.
    pub rule: &'static str,
}

impl Change {
    /// Returns the identifier of the rule, such as `grant_types.not_offered`.
    pub fn id(&self) -> String {
        format!("{}.{}", self.member, self.rule)
    }
}

/// The registered metadata, and how it differs from the request.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// The registered metadata.
    pub metadata: RegisteredMetadata,
    /// The changes, in the order in which they were made.
    pub changes: Vec<Change>,
}

impl Agreement {
    /// Keeps the methods that a client supports at the token endpoint, for a client that no response tells which was chosen.
    pub(crate) fn keep_auth_methods(&mut self, supported: Vec<AuthMethod>, is_narrowed: bool) {
        let member = "token_endpoint_auth_methods_supported";
        self.changes.retain(|change| change.member != member);
        if is_narrowed {
            self.changes.push(Change {
                member,
                rule: "not_offered",
            });
        }
        let mut members = self.metadata.members().clone();
        members.token_endpoint_auth_methods_supported = Some(supported);
        self.metadata = RegisteredMetadata::new(Box::new(members));
    }
}

/// The metadata under decision.
pub(super) struct Draft {
    /// Boxed because the table is large.
    members: Box<ClientMetadata>,
    changes: Vec<Change>,
}

impl Draft {
    pub(super) fn new(asked: ClientMetadata) -> Self {
        Self {
            members: Box::new(asked),
            changes: Vec::new(),
        }
    }

    /// Drops a member, if it is set.
    pub(super) fn drop_member(&mut self, member: &'static str, rule: &'static str) {
        if self.members.has(member) {
            self.members.clear(member);
            self.note(member, rule);
        }
    }

    /// Sets a member.
    pub(super) fn put(
        &mut self,
        member: &'static str,
        value: Value,
        rule: &'static str,
    ) -> Result<(), InvalidMember> {
        self.note(member, rule);
        self.members.set(member, value)
    }

    /// Records a change that was made.
    pub(super) fn note(&mut self, member: &'static str, rule: &'static str) {
        self.changes.push(Change { member, rule });
    }

    pub(super) fn into_agreement(self) -> Agreement {
        Agreement {
            metadata: RegisteredMetadata::new(self.members),
            changes: self.changes,
        }
    }
}

impl Deref for Draft {
    type Target = ClientMetadata;

    fn deref(&self) -> &ClientMetadata {
        &self.members
    }
}

impl DerefMut for Draft {
    fn deref_mut(&mut self) -> &mut ClientMetadata {
        &mut self.members
    }
}
