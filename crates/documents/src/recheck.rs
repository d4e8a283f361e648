//! The second decision about a stored document, after a change of the policy.
//!
//! The policy changes with the configuration, and with the document of the authorization server behind. A row does not tell by
//! which policy it was agreed to, so a process judges each document once for every policy that it puts in force, without a fetch.

use protocol::{ClientId, ClientIdUrl, Timestamp};
use store::{ClientDocument, DocumentContent, StoreError};

use crate::documents::Documents;
use crate::resolution::ResolveFailure;

impl Documents {
    /// Returns the row as the policy in force agrees to it, or the reason for which it does not.
    pub(crate) fn recheck(
        &self,
        id: &ClientIdUrl,
        row: ClientDocument,
        now: Timestamp,
    ) -> Result<Result<ClientDocument, ResolveFailure>, StoreError> {
        if self.is_agreed(id.as_str(), row.fetched_at) {
            return Ok(Ok(row));
        }
        let (policy, judged) = self.judge(id, row.document.as_bytes(), now);
        let judged = match judged {
            Ok(judged) => judged,
            Err(rejection) => return Ok(Err(ResolveFailure::of_rejection(&rejection))),
        };
        let row = if judged.metadata.json() == row.metadata {
            row
        } else {
            let content = DocumentContent {
                metadata: judged.metadata.json().to_owned(),
                document: row.document.clone(),
                validators: row.validators.clone(),
                fetched_at: row.fetched_at,
                fresh_until: row.fresh_until,
                is_consistent: judged.is_consistent,
            };
            match self.write_again(&row, content, now)? {
                Some(row) => row,
                // An administrator removed it just now; the next request finds nothing.
                None => return Ok(Err(ResolveFailure::full())),
            }
        };
        self.remember(id.as_str(), policy, row.fetched_at);
        Ok(Ok(row))
    }

    /// Writes what is agreed now, and keeps the failure of the last fetch. Returns the row of another process if that came first.
    fn write_again(
        &self,
        row: &ClientDocument,
        content: DocumentContent,
        now: Timestamp,
    ) -> Result<Option<ClientDocument>, StoreError> {
        let store = &self.services.store;
        match self.replace(row, content, now) {
            Ok(mut written) => {
                if let Some(failure) = &row.failure {
                    written.failure.clone_from(&row.failure);
                    store.record_document_failure(row, &failure.reason, now)?;
                }
                Ok(Some(written))
            }
            Err(StoreError::Stale) => {
                let id = ClientId::new(row.client_id.as_str());
                store.find_document(&row.provider, &id)
            }
            Err(error) => Err(error),
        }
    }
}
