//! The list: each sentence of a specification, in our words, with the tests that keep it or why it is not ours to keep.

mod cimd;
mod oidc_discovery;
mod oidc_registration;
mod rfc7033;
mod rfc7591;
mod rfc7592;
mod rfc8414;
mod security;
mod suites;

/// One sentence.
pub struct Row {
    /// The section it stands in, the suite's module, or its subject.
    pub at: &'static str,
    /// The strength: a key word of RFC 2119, a suite's severity, an answer, or an event.
    pub level: &'static str,
    /// The demand.
    pub says: &'static str,
    /// The tests that keep it, each `file::function` below `crates/`.
    pub tests: &'static [&'static str],
    /// Why it is not ours to keep, or how far it is kept.
    pub note: &'static str,
}

/// The sentences of one specification.
pub struct Table {
    /// The specification as tests cite it; empty when they need not.
    pub cited: &'static str,
    /// The title of the specification, and the sections that this list covers.
    pub title: &'static str,
    /// The heading of [`Row::at`].
    pub head: &'static str,
    pub rows: &'static [Row],
}

/// Every table, in the order of the page.
pub const ALL: [Table; 9] = [
    Table {
        cited: "RFC 7033",
        title: "RFC 7033, WebFinger: §4–5",
        head: "section",
        rows: rfc7033::ROWS,
    },
    Table {
        cited: "OIDC Discovery",
        title: "OpenID Connect Discovery 1.0: §2–4",
        head: "section",
        rows: oidc_discovery::ROWS,
    },
    Table {
        cited: "RFC 8414",
        title: "RFC 8414, Authorization Server Metadata: §2–3",
        head: "section",
        rows: rfc8414::ROWS,
    },
    Table {
        cited: "OIDC Registration",
        title: "OpenID Connect Dynamic Client Registration 1.0: §2–5",
        head: "section",
        rows: oidc_registration::ROWS,
    },
    Table {
        cited: "RFC 7591",
        title: "RFC 7591, Dynamic Client Registration: §2–3",
        head: "section",
        rows: rfc7591::ROWS,
    },
    Table {
        cited: "RFC 7592",
        title: "RFC 7592, Dynamic Client Registration Management: §2–3",
        head: "section",
        rows: rfc7592::ROWS,
    },
    Table {
        cited: "CIMD",
        title: "CIMD, OAuth Client ID Metadata Document (draft-ietf-oauth-client-id-metadata-document-02): §3–8",
        head: "section",
        rows: cimd::ROWS,
    },
    Table {
        cited: "",
        title: "What certification suites assert",
        head: "module",
        rows: suites::ROWS,
    },
    Table {
        cited: "",
        title: "What is promised under attack and in misfortune",
        head: "subject",
        rows: security::ROWS,
    },
];

const MUST: &str = "MUST";
const MUST_NOT: &str = "MUST NOT";
const REQUIRED: &str = "REQUIRED";
const SHOULD: &str = "SHOULD";
const SHOULD_NOT: &str = "SHOULD NOT";
const RECOMMENDED: &str = "RECOMMENDED";
const NOT_RECOMMENDED: &str = "NOT RECOMMENDED";

/// A suite's severities: the module fails, warns, or says so.
const FAILS: &str = "fails";
const WARNS: &str = "warns";
const INFORMS: &str = "informs";

/// A sentence that tests keep.
const fn kept(
    at: &'static str,
    level: &'static str,
    says: &'static str,
    tests: &'static [&'static str],
) -> Row {
    Row {
        at,
        level,
        says,
        tests,
        note: "",
    }
}

/// A sentence that is not ours to keep.
const fn not_ours(
    at: &'static str,
    level: &'static str,
    says: &'static str,
    note: &'static str,
) -> Row {
    Row {
        at,
        level,
        says,
        tests: &[],
        note,
    }
}

impl Row {
    /// Adds a note that limits the row.
    const fn but(self, note: &'static str) -> Self {
        Self { note, ..self }
    }
}

const CLIENT: &str = "A duty of the client.";
const DEVELOPER: &str = "A duty of the client's developer.";
const SERVER: &str = "A duty of the authorization server that reads what is registered here.";
const SCREEN: &str =
    "There is no screen here; the authorization server shows it. It is kept as sent and read back.";
