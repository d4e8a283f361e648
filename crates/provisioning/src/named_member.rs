//! The member of client metadata at which a server's refusal is aimed.

use protocol::ClientMetadata;

/// Returns the member of client metadata that a reason names, if it names only one. Words of English are not taken for names.
pub(crate) fn named_member(reason: &str) -> Option<String> {
    let is_name = |word: &&str| {
        (word.contains('_') || matches!(*word, "scope" | "jwks")) && ClientMetadata::has_row(word)
    };
    let words = reason.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let mut named: Vec<&str> = words.filter(is_name).collect();
    named.sort_unstable();
    named.dedup();
    match named.as_slice() {
        [member] => Some((*member).to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reason that names a single member of client metadata is about it; words of English and several members are no name.
    #[test]
    fn single_member_is_named() {
        for (reason, member) in [
            ("the policy_uri is bad", Some("policy_uri")),
            ("policy_uri, policy_uri!", Some("policy_uri")),
            ("the scope is not allowed", Some("scope")),
            ("policy_uri and tos_uri", None),
            ("contacts are missing", None),
            ("request_body_bytes", None),
            ("", None),
        ] {
            assert_eq!(named_member(reason).as_deref(), member, "{reason}");
        }
    }
}
