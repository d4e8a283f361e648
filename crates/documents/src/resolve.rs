//! The resolution of an identifier.

use std::sync::Arc;
use std::time::Instant;

use oauth_http::blocking;
use outbound::{DocumentFetchError, FailureClass, Validators};
use protocol::client_id_url::looks_like_document_id;
use protocol::{ClientId, ClientIdUrl, Timestamp};
use store::{ClientDocument, ClientState, DocumentState, StoreError};

use crate::admit::{Admission, FetchedAnswer};
use crate::counts::DocumentOutcome;
use crate::documents::Documents;
use crate::resolution::{
    Purpose, Resolution, ResolveError, ResolveFailure, ResolvedDocument, class_of,
};
use crate::settings::DocumentAccess;

/// The decision about a document before any fetch.
enum Held {
    /// The resolution is known.
    Known(Resolution),
    /// The document must be fetched; the row that there is.
    Fetch(Option<Box<ClientDocument>>),
}

impl Documents {
    /// Resolves an identifier. The first rule that applies decides:
    ///
    /// 1. a client of this provider has the identifier, in any state;
    /// 2. the authorization server has the client itself;
    /// 3. the provider accepts no documents, or none of this host, unless an administrator added this one;
    /// 4. the document is disabled, or pinned;
    /// 5. the stored document is fresh;
    /// 6. the purpose is another than to authorize: the stored document, or nothing;
    /// 7. the document is fetched and judged. If that fails, the stored one may serve for a while.
    ///
    /// Only the last one opens a connection.
    ///
    /// # Errors
    /// The store failed.
    pub async fn resolve(
        self: &Arc<Self>,
        client_id: &str,
        purpose: Purpose,
    ) -> Result<Resolution, ResolveError> {
        if !looks_like_document_id(client_id) {
            return Ok(Resolution::Ordinary);
        }
        let id = match ClientIdUrl::parse(client_id) {
            Ok(id) => id,
            Err(error) => return Ok(self.failed(ResolveFailure::Invalid(error))),
        };
        let now = self.services.clock.now();
        let (own, wanted) = (Arc::clone(self), id.clone());
        let held = in_background(move || own.held(&wanted, purpose, now)).await?;
        match held {
            Held::Known(resolution) => Ok(resolution),
            Held::Fetch(row) => {
                let fetched = self.fetch(&id, row.map(|row| *row), now).await?;
                if purpose == Purpose::Authorize
                    && let Resolution::Document(resolved) = &fetched
                {
                    let (store, document) =
                        (self.services.store.clone(), resolved.document.clone());
                    in_background(move || store.touch_document(&document, now)).await?;
                }
                Ok(fetched)
            }
        }
    }

    /// Applies the rules that need no fetch.
    fn held(&self, id: &ClientIdUrl, purpose: Purpose, now: Timestamp) -> Result<Held, StoreError> {
        let (settings, store) = (&self.settings, &self.services.store);
        let client_id = ClientId::new(id.as_str());
        match store.client_state(&settings.issuer, &client_id, now)? {
            None | Some(ClientState::Deleted | ClientState::Unknown) => {}
            Some(registered) => return Ok(Held::Known(Resolution::Registered(registered))),
        }
        if settings.pass.contains(id) {
            return Ok(Held::Known(Resolution::Passed));
        }
        if settings.access == DocumentAccess::Closed {
            return Ok(Held::Known(Resolution::Unknown));
        }
        let row = store.find_document(&settings.issuer, &client_id)?;
        let is_added = row.as_ref().is_some_and(|row| row.added_by.is_some());
        if settings.access == DocumentAccess::Listed
            && !is_added
            && !settings
                .hosts
                .iter()
                .any(|listed| listed.matches(id.host()))
        {
            return Ok(Held::Known(self.failed(ResolveFailure::NotListed)));
        }
        let Some(row) = row else {
            return Ok(match purpose {
                Purpose::Authorize => Held::Fetch(None),
                Purpose::Other => Held::Known(Resolution::Unknown),
            });
        };
        if row.state == DocumentState::Disabled {
            return Ok(Held::Known(self.failed(ResolveFailure::Disabled)));
        }
        let outcome = match (row.is_fresh(now), purpose) {
            (true, _) => DocumentOutcome::Cached,
            (false, Purpose::Authorize) => return Ok(Held::Fetch(Some(Box::new(row)))),
            (false, Purpose::Other) => DocumentOutcome::Stale,
        };
        if outcome == DocumentOutcome::Stale
            && let Some(failure) = &row.failure
            && now >= failure.since.plus(settings.stale)
        {
            let failure = ResolveFailure::of_reason(&failure.reason);
            return Ok(Held::Known(self.failed(failure)));
        }
        if purpose == Purpose::Authorize {
            store.touch_document(&row, now)?;
        }
        self.as_held(id, row, outcome, now).map(Held::Known)
    }

    /// Returns the stored document, if the policy in force agrees to it.
    fn as_held(
        &self,
        id: &ClientIdUrl,
        row: ClientDocument,
        outcome: DocumentOutcome,
        now: Timestamp,
    ) -> Result<Resolution, StoreError> {
        Ok(match self.recheck(id, row, now)? {
            Ok(document) => self.found(document, outcome),
            Err(failure) => self.failed(failure),
        })
    }

    /// Fetches and judges a document, or returns the stored one if the stale rule permits it.
    pub(crate) async fn fetch(
        self: &Arc<Self>,
        id: &ClientIdUrl,
        row: Option<ClientDocument>,
        now: Timestamp,
    ) -> Result<Resolution, ResolveError> {
        let Some(source) = &self.services.documents else {
            return Ok(self.failed(ResolveFailure::full()));
        };
        let known = row.as_ref().map(validators).unwrap_or_default();
        let begun = Instant::now();
        let fetched = source.fetch(id, &known, self.settings.keep, now).await;
        self.counts.measure(begun.elapsed());
        let fetched = match fetched {
            Ok(fetched) => fetched,
            Err(error) => return self.not_fetched(id, row, &error, now).await,
        };
        let answer = FetchedAnswer {
            body: fetched.body.clone(),
            validators: fetched.validators.clone(),
            fetched_at: fetched.fetched_at,
            fresh_until: fetched.fresh_until,
        };
        let outcome = match answer.body {
            Some(_) => DocumentOutcome::Fetched,
            None => DocumentOutcome::Unchanged,
        };
        let (own, wanted, known) = (Arc::clone(self), id.clone(), row.clone());
        let admission = in_background(move || own.admit(&wanted, &answer, known, now)).await?;
        if !matches!(admission, Admission::Refused(_)) {
            source.keep(id, &fetched, now);
        }
        match admission {
            Admission::Admitted(document) if document.state == DocumentState::Disabled => {
                Ok(self.failed(ResolveFailure::Disabled))
            }
            Admission::Admitted(document) => Ok(self.found(*document, outcome)),
            Admission::Full => Ok(self.failed(ResolveFailure::full())),
            Admission::Refused(failure) => {
                source.reject(fetched).await;
                self.record(row, failure.reason(), now).await?;
                Ok(self.failed(failure))
            }
        }
    }

    /// Applies the stale rule: a document in use serves for a while after its server could not be reached, and never after the
    /// server said that there is no document.
    async fn not_fetched(
        self: &Arc<Self>,
        id: &ClientIdUrl,
        row: Option<ClientDocument>,
        error: &DocumentFetchError,
        now: Timestamp,
    ) -> Result<Resolution, ResolveError> {
        tracing::debug!(
            host = id.host(),
            reason = error.reason(),
            "a client's document was not fetched"
        );
        let failure = ResolveFailure::of_fetch(error);
        let Some(row) = row else {
            return Ok(self.failed(failure));
        };
        let serves = self.serves_stale(&row, error.class(), now);
        let was_gone = row
            .failure
            .as_ref()
            .is_some_and(|failure| !is_unreachable(&failure.reason));
        if error.class() != FailureClass::Busy && !(was_gone && failure.is_temporary()) {
            self.record(Some(row.clone()), error.word().to_owned(), now)
                .await?;
        }
        if !serves {
            return Ok(self.failed(failure));
        }
        let (own, wanted) = (Arc::clone(self), id.clone());
        let held = move || own.as_held(&wanted, row, DocumentOutcome::Stale, now);
        in_background(held).await
    }

    fn serves_stale(&self, row: &ClientDocument, class: FailureClass, now: Timestamp) -> bool {
        if !row.is_proven() || !matches!(class, FailureClass::Unreachable | FailureClass::Busy) {
            return false;
        }
        let since = match (&row.failure, class) {
            (Some(failure), _) if !is_unreachable(&failure.reason) => return false,
            (Some(failure), _) => failure.since,
            // A limit of this server says nothing about the client's; the document is as old as it is.
            (None, FailureClass::Busy) => row.fresh_until,
            (None, _) => now,
        };
        now < since.plus(self.settings.stale)
    }

    /// Records a failure at the row, unless it says so already.
    async fn record(
        self: &Arc<Self>,
        row: Option<ClientDocument>,
        reason: String,
        now: Timestamp,
    ) -> Result<(), ResolveError> {
        let is_new = |row: &ClientDocument| {
            row.failure
                .as_ref()
                .is_none_or(|failure| failure.reason != reason)
        };
        let Some(row) = row.filter(is_new) else {
            return Ok(());
        };
        let store = self.services.store.clone();
        in_background(move || store.record_document_failure(&row, &reason, now)).await
    }

    fn found(&self, document: ClientDocument, outcome: DocumentOutcome) -> Resolution {
        self.counts.count(outcome, "");
        Resolution::Document(Box::new(ResolvedDocument {
            document,
            is_stale: outcome == DocumentOutcome::Stale,
        }))
    }

    fn failed(&self, failure: ResolveFailure) -> Resolution {
        let outcome = if failure.is_refusal() {
            DocumentOutcome::Refused
        } else {
            DocumentOutcome::Failed
        };
        self.counts.count(outcome, failure.word());
        Resolution::Failed(failure)
    }
}

/// Runs work that waits for the store or verifies keys outside of the worker threads.
pub(crate) async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, ResolveError> {
    let done = blocking(work).await.map_err(ResolveError::Blocking)?;
    done.map_err(ResolveError::Store)
}

fn validators(row: &ClientDocument) -> Validators {
    Validators {
        etag: row.validators.etag.clone(),
        last_modified: row.validators.last_modified.clone(),
    }
}

fn is_unreachable(reason: &str) -> bool {
    class_of(reason) == Some(FailureClass::Unreachable)
}
