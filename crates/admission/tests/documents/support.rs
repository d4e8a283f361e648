//! A provider, and the decision about a document with its rules.

use std::path::Path;

use admission::{
    DocumentRedirects, DocumentRejection, DocumentRules, JudgedDocument, Policy, judge_document,
};
use outbound::{FetchSettings, Fetcher};
use protocol::json::JsonLimits;
use protocol::token_terms::RedirectHostPattern;
use protocol::{ClientIdUrl, Timestamp};
use serde_json::{Value, json};

use crate::provider::policy;

/// 2027-01-15T08:00:00Z.
pub const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// The identifier of the clients of these tests.
pub const ID: &str = "https://app.example/oauth/client.json";

/// A provider and its rules for documents.
pub struct Bench {
    pub policy: Policy,
    pub redirects: DocumentRedirects,
    pub hosts: Vec<RedirectHostPattern>,
}

impl Bench {
    pub fn new() -> Self {
        Self::offering(&json!({}))
    }

    pub fn offering(members: &Value) -> Self {
        Self {
            policy: policy(members),
            redirects: DocumentRedirects::OwnHost,
            hosts: Vec::new(),
        }
    }

    pub fn judge_bytes(&self, id: &str, body: &[u8]) -> Result<JudgedDocument, DocumentRejection> {
        judge_document(
            &self.policy,
            &Fetcher::new(FetchSettings::default()).unwrap(),
            &DocumentRules {
                redirects: self.redirects,
                hosts: &self.hosts,
            },
            &ClientIdUrl::parse(id).unwrap(),
            body,
            &JsonLimits::default(),
            NOW,
        )
    }

    /// Decides about the smallest document of [`ID`] with more members; a member that is null is left out.
    pub fn judge(&self, more: &Value) -> Result<JudgedDocument, DocumentRejection> {
        self.judge_bytes(ID, document(more).to_string().as_bytes())
    }

    /// Returns the agreed members.
    pub fn agree(&self, more: &Value) -> Value {
        let judged = self
            .judge(more)
            .unwrap_or_else(|rejected| panic!("{more}: {rejected:?}"));
        serde_json::from_str(judged.metadata.json()).unwrap()
    }

    pub fn refuse(&self, more: &Value) -> DocumentRejection {
        match self.judge(more) {
            Err(rejected) => rejected,
            Ok(judged) => panic!("{more}: {}", judged.metadata.json()),
        }
    }
}

/// Returns a document of [`ID`] with more members.
pub fn document(more: &Value) -> Value {
    let mut document = json!({ "client_id": ID, "redirect_uris": ["https://app.example/cb"] });
    for (name, value) in more.as_object().unwrap() {
        document[name] = value.clone();
    }
    document
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    document
}

/// Returns the bytes of a document of `tests/fixtures`.
pub fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join(name)).unwrap()
}
