//! The answer about a client that is identified by the URL of its document. draft-ietf-oauth-client-id-metadata-document.

use std::time::Duration;

use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use documents::{Purpose, Resolution, ResolveError, ResolveFailure, ResolvedDocument};
use oauth_http::Failure;
use protocol::json::append_members;
use protocol::{ClientId, ClientIdUrl, Issuer, Timestamp};
use serde_json::{Value, json};
use store::{ClientState, DocumentState, StoreError};

use crate::answer::{add_redirect, redirects, respond};
use crate::record::RefusedDocument;
use crate::refusal::LookupRefusal;
use crate::state::Lookup;

/// The maximum time for which an answer about a document may be used, in seconds.
const MAX_CACHE_SECONDS: u64 = 60;

/// The client behind an identifier that is a URL.
pub(crate) enum DocumentOrClient {
    /// A document.
    Document(Box<ResolvedDocument>),
    /// A client that was registered with this identifier.
    Client(ClientState),
}

/// An answer about a document before it is written.
pub(crate) struct AnswerAboutDocument<'a> {
    pub(crate) resolved: &'a ResolvedDocument,
    pub(crate) redirect_uri: Option<&'a str>,
    pub(crate) max_age: Duration,
    pub(crate) now: Timestamp,
}

impl Lookup {
    /// Resolves an identifier that is a URL, and notes a refusal for the audit trail.
    ///
    /// # Errors
    /// There is no client for now or for good, or the store does not answer.
    pub(crate) async fn resolve(
        &self,
        provider: &Issuer,
        id: &ClientId,
        purpose: Purpose,
        request: &HttpRequest,
    ) -> Result<DocumentOrClient, Failure> {
        let mut all = self.documents.iter();
        let Some(documents) = all.find(|one| one.settings().issuer == *provider) else {
            return Err(LookupRefusal::UnknownDocument.into());
        };
        let resolved = documents.resolve(id.as_str(), purpose).await;
        match resolved.map_err(failure_of)? {
            Resolution::Document(resolved) => Ok(DocumentOrClient::Document(resolved)),
            Resolution::Registered(state) => Ok(DocumentOrClient::Client(state)),
            Resolution::Ordinary | Resolution::Passed | Resolution::Unknown => {
                Err(LookupRefusal::UnknownDocument.into())
            }
            Resolution::Failed(failure) => {
                if failure.is_refusal() && failure != ResolveFailure::Disabled {
                    request.extensions_mut().insert(RefusedDocument {
                        host: ClientIdUrl::parse(id.as_str())
                            .map(|id| id.host().to_owned())
                            .unwrap_or_default(),
                        member: failure.member().unwrap_or_default().to_owned(),
                    });
                }
                Err(LookupRefusal::Document(failure).into())
            }
        }
    }
}

fn failure_of(error: ResolveError) -> Failure {
    match error {
        ResolveError::Store(error) => LookupRefusal::from(error).into(),
        ResolveError::Blocking(failure) => failure,
    }
}

impl AnswerAboutDocument<'_> {
    /// Returns 200 with the client, or 304.
    ///
    /// # Errors
    /// The row is damaged.
    pub(crate) fn respond(&self, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        let document = &self.resolved.document;
        let ours = json!({
            "client_id": document.client_id.as_str(),
            "client_id_issued_at": document.first_seen_at.seconds(),
            "frontdesk": self.facts().map_err(LookupRefusal::from)?,
        });
        let body = append_members(ours.to_string().into_bytes(), &document.metadata);
        Ok(respond(request, body, self.cache_seconds()))
    }

    /// Returns the facts that follow from the document, as the member `frontdesk` has them.
    fn facts(&self) -> Result<Value, StoreError> {
        let document = &self.resolved.document;
        let metadata = document.registered_metadata()?;
        let metadata = metadata.members();
        let host = ClientIdUrl::parse(document.client_id.as_str());
        let consistent = document.metadata_consistent;
        let mut facts = json!({
            "kind": "document",
            "host": host.as_ref().map(ClientIdUrl::host).unwrap_or_default(),
            "revision": document.revision,
            "changed_at": document.changed_at.seconds(),
            "changed": document.changed,
            "fresh_until": document.fresh_until.seconds(),
            "stale": self.resolved.is_stale,
            "redirects": redirects(metadata),
            "consistent": consistent.unwrap_or_else(|| metadata.is_consistent()),
        });
        add_redirect(&mut facts, metadata, self.redirect_uri);
        Ok(facts)
    }

    /// Returns the time for which the answer may be used, never beyond the freshness of the document.
    fn cache_seconds(&self) -> u64 {
        let document = &self.resolved.document;
        let most = self.max_age.as_secs().min(MAX_CACHE_SECONDS);
        if document.state == DocumentState::Pinned {
            return most;
        }
        let left = document
            .fresh_until
            .seconds()
            .saturating_sub(self.now.seconds());
        most.min(u64::try_from(left).unwrap_or(0))
    }
}
