//! Client ID metadata documents: the writes.

use diesel::prelude::*;
use protocol::{ClientId, Issuer, Timestamp};

use crate::Store;
use crate::audit::AuditEvent;
use crate::audit_row::{self, AuditRow};
use crate::client::Client;
use crate::client_document::{
    ClientDocument, DocumentRow, DocumentState, DocumentValidators, find_row,
};
use crate::client_document_room::{DocumentLimits, make_room, remove};
use crate::connection::{AnyConnection, either};
use crate::error::StoreError;
use crate::last_used_buffer::start_of_day;
use crate::lock::{Lock, lock};
use crate::provisioning_table::copy_outdated;
use crate::schema::client_document;

/// The part of a document that a fetch determines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentContent {
    /// The agreed metadata, as the text of a JSON object.
    pub metadata: String,
    /// The text that was fetched.
    pub document: String,
    /// The validators of the answer.
    pub validators: DocumentValidators,
    /// The time of the fetch, which may be earlier for a document in memory.
    pub fetched_at: Timestamp,
    /// The time from which the document is fetched again.
    pub fresh_until: Timestamp,
    /// True if the pages and pictures of the client are on the hosts of its redirect URIs.
    pub is_consistent: bool,
}

impl DocumentContent {
    fn into_row(self, provider: &Issuer, id: &ClientId, now: Timestamp) -> DocumentRow {
        DocumentRow {
            provider: provider.as_str().to_owned(),
            client_id: id.as_str().to_owned(),
            metadata: self.metadata,
            document: self.document,
            etag: self.validators.etag,
            last_modified: self.validators.last_modified,
            first_seen_at: now.seconds(),
            fetched_at: self.fetched_at.seconds(),
            fresh_until: self.fresh_until.seconds(),
            failed_since: None,
            failure: None,
            changed_at: now.seconds(),
            changed: None,
            revision: Client::FIRST_REVISION,
            state: DocumentState::Active.as_str().to_owned(),
            asked_at: now.seconds(),
            last_used_at: None,
            metadata_consistent: Some(self.is_consistent),
            added_by: None,
        }
    }
}

/// Returns the host of an identifier, without its port.
fn host_of(id: &ClientId) -> &str {
    let rest = id.as_str().strip_prefix("https://").unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

impl Store {
    /// Stores a document at its first request. The oldest unproven document makes room for it if the limits ask for it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if there is a row already, [`StoreError::DocumentsFull`], [`StoreError::Unavailable`].
    pub fn insert_document(
        &self,
        provider: &Issuer,
        id: &ClientId,
        content: DocumentContent,
        limits: DocumentLimits,
        now: Timestamp,
    ) -> Result<ClientDocument, StoreError> {
        let row = content.into_row(provider, id, now);
        self.0.pool.write(|connection| {
            lock(connection, Lock::ClientDocuments)?;
            if find_row(connection, provider, id)?.is_some() {
                return Err(StoreError::Conflict);
            }
            make_room(connection, provider, host_of(id), limits, now)?;
            diesel::insert_into(client_document::table)
                .values(&row)
                .execute(connection)?;
            Ok(())
        })?;
        row.into_document()
    }

    /// Stores the answer to another fetch, and forgets the failures before it. With the names of members that differ it is a new
    /// revision, and in the audit trail.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if the row has another revision or is gone, [`StoreError::Unavailable`].
    pub fn replace_document(
        &self,
        known: &ClientDocument,
        content: DocumentContent,
        changed: &[&str],
        now: Timestamp,
    ) -> Result<ClientDocument, StoreError> {
        let audit = (!changed.is_empty()).then(|| {
            self.document_audit(
                AuditEvent::DocumentChanged,
                known.provider.as_str(),
                &known.client_id,
            )
            .with_detail(&changed.join(" "))
        });
        let replaced = self.0.pool.write(|connection| {
            lock(connection, Lock::ClientDocuments)?;
            let row = find_row(connection, &known.provider, &known.client_id)?
                .filter(|row| row.revision == known.revision)
                .ok_or(StoreError::Stale)?;
            let row = replaced_row(row, content, changed, now);
            update_row(connection, &row)?;
            if row.revision != known.revision {
                copy_outdated(connection, &row.client_id, &row.provider, row.revision, now)?;
            }
            if let Some(audit) = &audit {
                audit_row::write_one(connection, audit)?;
            }
            Ok(row)
        })?;
        if let Some(audit) = audit {
            audit.log(false);
        }
        replaced.into_document()
    }

    /// Stores a document that an administrator adds, or adds the row that is there. A disabled document stays disabled.
    ///
    /// # Errors
    /// [`StoreError::DocumentsFull`], [`StoreError::Unavailable`].
    #[expect(clippy::too_many_arguments, reason = "each is a part of the command")]
    pub fn add_document(
        &self,
        provider: &Issuer,
        id: &ClientId,
        content: DocumentContent,
        changed: &[&str],
        is_pinned: bool,
        limits: DocumentLimits,
        now: Timestamp,
    ) -> Result<ClientDocument, StoreError> {
        let added_by = self.1.account.clone();
        let added_by = added_by.unwrap_or_else(|| "command line".to_owned());
        let audit = self.document_audit(AuditEvent::DocumentAdded, provider.as_str(), id);
        let added = self.0.pool.write(|connection| {
            lock(connection, Lock::ClientDocuments)?;
            let found = find_row(connection, provider, id)?;
            let is_new = found.is_none();
            let mut row = match found {
                Some(row) => replaced_row(row, content, changed, now),
                None => content.into_row(provider, id, now),
            };
            row.added_by = Some(added_by);
            if row.state != DocumentState::Disabled.as_str() {
                let state = if is_pinned {
                    DocumentState::Pinned
                } else {
                    DocumentState::Active
                };
                state.as_str().clone_into(&mut row.state);
            }
            if is_new {
                make_room(connection, provider, host_of(id), limits, now)?;
                diesel::insert_into(client_document::table)
                    .values(&row)
                    .execute(connection)?;
            } else {
                update_row(connection, &row)?;
                if !changed.is_empty() {
                    copy_outdated(connection, &row.client_id, &row.provider, row.revision, now)?;
                }
            }
            audit_row::write_one(connection, &audit)?;
            Ok(row)
        })?;
        audit.log(false);
        added.into_document()
    }

    /// Records a failed fetch. The time of the first failure since the last good fetch stays.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn record_document_failure(
        &self,
        known: &ClientDocument,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let since = known.failure.as_ref().map_or(now, |failure| failure.since);
        self.0.pool.write(|connection| {
            let row = client_document::table
                .find((known.provider.as_str(), known.client_id.as_str()))
                .filter(client_document::fetched_at.eq(known.fetched_at.seconds()));
            let failure = (
                client_document::failed_since.eq(Some(since.seconds())),
                client_document::failure.eq(Some(reason)),
            );
            either!(connection, inner => diesel::update(row).set(failure).execute(inner))?;
            Ok(())
        })
    }

    /// Records that an authorization request named the document. A document that was asked for within the last hour costs no write.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn touch_document(&self, known: &ClientDocument, now: Timestamp) -> Result<(), StoreError> {
        if known.was_asked_for(now) {
            return Ok(());
        }
        self.0.pool.write(|connection| {
            let row = client_document::table
                .find((known.provider.as_str(), known.client_id.as_str()))
                .filter(client_document::asked_at.lt(now.seconds()));
            let asked = client_document::asked_at.eq(now.seconds());
            either!(connection, inner => diesel::update(row).set(asked).execute(inner))?;
            Ok(())
        })
    }

    /// Records that an authorization request with the document was passed on to the server. On a later day than that of the
    /// first request it is a use, which proves the document.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn record_document_pass(
        &self,
        known: &ClientDocument,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.touch_document(known, now)?;
        if known.has_recorded_use(now) {
            return Ok(());
        }
        let ids = [known.client_id.as_str().to_owned()];
        self.record_document_uses(&known.provider, &ids, now)
    }

    /// Records a use of documents of a provider, which proves them. Unknown identifiers are ignored.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn record_document_uses(
        &self,
        provider: &Issuer,
        ids: &[String],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let day = start_of_day(now);
        let ids: Vec<&str> = ids
            .iter()
            .map(String::as_str)
            .filter(|id| id.starts_with("https://") && !id.contains('\0'))
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        let earlier: Vec<String> = self.0.pool.read(|connection| {
            Ok(client_document::table
                .filter(client_document::provider.eq(provider.as_str()))
                .filter(client_document::client_id.eq_any(&ids))
                .filter(
                    client_document::last_used_at
                        .is_null()
                        .or(client_document::last_used_at.lt(day)),
                )
                .select(client_document::client_id)
                .load(connection)?)
        })?;
        if earlier.is_empty() {
            return Ok(());
        }
        self.0.pool.write(|connection| {
            diesel::update(
                client_document::table
                    .filter(client_document::provider.eq(provider.as_str()))
                    .filter(client_document::client_id.eq_any(&earlier)),
            )
            .set(client_document::last_used_at.eq(day))
            .execute(connection)?;
            Ok(())
        })
    }

    /// Disables or enables a document. Returns false if it is unknown, or in that state already. It is a new revision, so that a
    /// copy whose write began before is written again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn disable_document(
        &self,
        provider: &Issuer,
        id: &ClientId,
        is_disabled: bool,
    ) -> Result<bool, StoreError> {
        let (event, state) = if is_disabled {
            (AuditEvent::DocumentDisabled, DocumentState::Disabled)
        } else {
            (AuditEvent::DocumentEnabled, DocumentState::Active)
        };
        let audit = self.document_audit(event, provider.as_str(), id);
        let disabled = DocumentState::Disabled.as_str();
        let done = self.0.pool.write(|connection| {
            lock(connection, Lock::ClientDocuments)?;
            let other = find_row(connection, provider, id)?
                .filter(|row| (row.state == disabled) != is_disabled);
            if let Some(row) = &other {
                let revision = row.revision.saturating_add(1);
                diesel::update(client_document::table.find((provider.as_str(), id.as_str())))
                    .set((
                        client_document::state.eq(state.as_str()),
                        client_document::revision.eq(revision),
                    ))
                    .execute(connection)?;
                let now = self.0.audit_ids.now();
                copy_outdated(connection, &row.client_id, &row.provider, revision, now)?;
                audit_row::write_one(connection, &audit)?;
            }
            Ok(other.is_some())
        })?;
        if done {
            audit.log(false);
        }
        Ok(done)
    }

    /// Removes a document. Returns false if it is unknown.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn remove_document(&self, provider: &Issuer, id: &ClientId) -> Result<bool, StoreError> {
        let audit = self.document_audit(AuditEvent::DocumentRemoved, provider.as_str(), id);
        let done = self.0.pool.write(|connection| {
            let ids = [id.as_str().to_owned()];
            let removed = remove(connection, provider.as_str(), &ids, self.0.audit_ids.now())? > 0;
            if removed {
                audit_row::write_one(connection, &audit)?;
            }
            Ok(removed)
        })?;
        if done {
            audit.log(false);
        }
        Ok(done)
    }

    fn document_audit(&self, event: AuditEvent, provider: &str, id: &ClientId) -> AuditRow {
        self.audit_row(event)
            .with_provider(provider)
            .with_client(id.as_str())
    }
}

/// Returns the row with the content of another fetch.
fn replaced_row(
    row: DocumentRow,
    content: DocumentContent,
    changed: &[&str],
    now: Timestamp,
) -> DocumentRow {
    let mut row = DocumentRow {
        metadata: content.metadata,
        document: content.document,
        etag: content.validators.etag,
        last_modified: content.validators.last_modified,
        fetched_at: content.fetched_at.seconds(),
        fresh_until: content.fresh_until.seconds(),
        failed_since: None,
        failure: None,
        metadata_consistent: Some(content.is_consistent),
        ..row
    };
    if !changed.is_empty() {
        row.revision = row.revision.saturating_add(1);
        row.changed_at = now.seconds();
        row.changed = Some(changed.join(" "));
    }
    row
}

fn update_row(connection: &mut AnyConnection, row: &DocumentRow) -> Result<(), StoreError> {
    let table = client_document::table.find((&row.provider, &row.client_id));
    either!(connection, inner => diesel::update(table).set(row).execute(inner))?;
    Ok(())
}
