//! The decision about a fetched document, and its row.

use std::sync::Arc;

use outbound::Validators;
use protocol::{ClientId, ClientIdUrl, Timestamp};
use store::{ClientDocument, DocumentContent, DocumentState, DocumentValidators, StoreError};

use crate::changes::changes;
use crate::documents::Documents;
use crate::resolution::ResolveFailure;

/// The number of times that a row which another process changes is written.
const ATTEMPTS: usize = 4;

/// A fetched document.
pub(crate) struct FetchedAnswer {
    /// The document; `None` if it is the stored one.
    pub(crate) body: Option<Arc<[u8]>>,
    pub(crate) validators: Validators,
    pub(crate) fetched_at: Timestamp,
    pub(crate) fresh_until: Timestamp,
}

/// The decision about a fetched document.
pub(crate) enum Admission {
    /// The document is agreed to, and its row is written.
    Admitted(Box<ClientDocument>),
    /// The document is refused.
    Refused(ResolveFailure),
    /// There is no room for its row.
    Full,
}

impl Documents {
    /// Judges a fetched document and writes its row, as often as another process gets ahead.
    pub(crate) fn admit(
        &self,
        id: &ClientIdUrl,
        fetched: &FetchedAnswer,
        mut row: Option<ClientDocument>,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        let Some(body) = text_of(fetched, row.as_ref()) else {
            return Ok(Admission::Refused(ResolveFailure::Unread("json")));
        };
        let (policy, judged) = self.judge(id, body.as_bytes(), now);
        let judged = match judged {
            Ok(judged) => judged,
            Err(rejection) => {
                return Ok(Admission::Refused(ResolveFailure::of_rejection(&rejection)));
            }
        };
        let content = DocumentContent {
            metadata: judged.metadata.json().to_owned(),
            document: body,
            validators: DocumentValidators {
                etag: fetched.validators.etag.clone(),
                last_modified: fetched.validators.last_modified.clone(),
            },
            fetched_at: fetched.fetched_at,
            fresh_until: fetched.fresh_until,
            is_consistent: judged.is_consistent,
        };
        let (issuer, client_id) = (&self.settings.issuer, ClientId::new(id.as_str()));
        for _ in 0..ATTEMPTS {
            let written = match &row {
                Some(known) if is_stored(known, &content) => Ok(known.clone()),
                Some(known) => self.replace(known, content.clone(), now),
                None => self.services.store.insert_document(
                    issuer,
                    &client_id,
                    content.clone(),
                    self.settings.limits,
                    now,
                ),
            };
            match written {
                Ok(document) => {
                    self.remember(id.as_str(), policy, document.fetched_at);
                    return Ok(Admission::Admitted(Box::new(document)));
                }
                Err(StoreError::Conflict | StoreError::Stale) => {
                    row = self.services.store.find_document(issuer, &client_id)?;
                }
                Err(StoreError::DocumentsFull) => return Ok(Admission::Full),
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Unavailable(
            "the document is written by too many at once".to_owned(),
        ))
    }

    /// Writes the answer to another fetch.
    pub(crate) fn replace(
        &self,
        known: &ClientDocument,
        content: DocumentContent,
        now: Timestamp,
    ) -> Result<ClientDocument, StoreError> {
        let changed = changes(&known.metadata, &content.metadata)?;
        let changed: Vec<&str> = changed.iter().map(String::as_str).collect();
        self.services
            .store
            .replace_document(known, content, &changed, now)
    }
}

/// Returns the text of the document: the fetched one, or the stored one that its server confirmed. Bytes that are not UTF-8 have no text.
fn text_of(fetched: &FetchedAnswer, row: Option<&ClientDocument>) -> Option<String> {
    match &fetched.body {
        Some(body) => std::str::from_utf8(body).ok().map(str::to_owned),
        None => row.map(|row| row.document.clone()),
    }
}

/// Returns true if another request wrote the answer of the same fetch, or of a later one, already.
fn is_stored(known: &ClientDocument, content: &DocumentContent) -> bool {
    known.state == DocumentState::Disabled
        || (known.fetched_at >= content.fetched_at
            && known.fresh_until >= content.fresh_until
            && known.document == content.document
            && known.metadata == content.metadata
            && known.failure.is_none())
}
