//! The reasons for which a request is rejected.

use protocol::InvalidMember;

/// The reason for which client metadata is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// A member has a value that cannot be accepted.
    Invalid(InvalidMember),
    /// The software statement is malformed, not signed by its issuer or not valid now. The text is a sentence for the client.
    Statement(&'static str),
    /// The issuer of the software statement is not trusted.
    UntrustedStatement,
}

impl Rejection {
    /// Returns the identifier of the rule that the request breaks, such as `grant_types.not_offered`.
    pub fn rule_id(&self) -> String {
        match self {
            Self::Invalid(invalid) => invalid.rule_id(),
            Self::Statement(_) => "software_statement.invalid".to_owned(),
            Self::UntrustedStatement => "software_statement.untrusted".to_owned(),
        }
    }
}

impl From<InvalidMember> for Rejection {
    fn from(invalid: InvalidMember) -> Self {
        Self::Invalid(invalid)
    }
}
