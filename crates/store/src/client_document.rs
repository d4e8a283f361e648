//! Client ID metadata documents: the row, reading, listing.
//!
//! A row is proven if it was used on a second day, or if an administrator added it. Every anonymous client can make the provider
//! read a document, so unproven rows are limited and go after a day.

use std::fmt;
use std::str::FromStr;

use diesel::dsl::{Escape, Like, Or};
use diesel::prelude::*;
use protocol::{ClientId, Issuer, RegisteredMetadata, Timestamp};

use crate::Store;
use crate::client_row::has_no_nul;
use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::last_used_buffer::start_of_day;
use crate::schema::client_document;

/// The precision of the time of the last request, in seconds. A row is written at most so often for it.
const ASKED_PRECISION: i64 = 3_600;

/// The state of a client ID metadata document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentState {
    /// The document is fetched again when its time is over.
    Active,
    /// The document is never fetched again.
    Pinned,
    /// The document is refused, without a fetch.
    Disabled,
}

impl DocumentState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Active, Self::Pinned, Self::Disabled];

    /// Returns the state as text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pinned => "pinned",
            Self::Disabled => "disabled",
        }
    }
}

impl fmt::Display for DocumentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The error of a text that is no state of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be active, pinned or disabled")]
pub struct UnknownDocumentState;

impl FromStr for DocumentState {
    type Err = UnknownDocumentState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(UnknownDocumentState)
    }
}

/// The validators of a response, with which the next request is conditional. RFC 9110 §8.8.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentValidators {
    /// The `ETag`.
    pub etag: Option<String>,
    /// The `Last-Modified`.
    pub last_modified: Option<String>,
}

/// The failure of every fetch since the last good one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentFailure {
    /// The time of the first of them.
    pub since: Timestamp,
    /// The reason of the last of them, for operators.
    pub reason: String,
}

/// A stored client ID metadata document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientDocument {
    /// The provider whose client this is.
    pub provider: Issuer,
    /// The client identifier, which is the URL of the document.
    pub client_id: ClientId,
    /// The agreed metadata, as the text of a JSON object.
    pub metadata: String,
    /// The text that was fetched.
    pub document: String,
    /// The validators of the last answer.
    pub validators: DocumentValidators,
    /// The time at which this provider first agreed to the document.
    pub first_seen_at: Timestamp,
    /// The time of the last good fetch.
    pub fetched_at: Timestamp,
    /// The time from which it is fetched again.
    pub fresh_until: Timestamp,
    /// The failure since the last good fetch, if there is one.
    pub failure: Option<DocumentFailure>,
    /// The time of the last change of the agreed metadata.
    pub changed_at: Timestamp,
    /// The names of the members that changed then.
    pub changed: Vec<String>,
    /// The number of versions of the agreed metadata.
    pub revision: i64,
    /// The state.
    pub state: DocumentState,
    /// The time at which an authorization request named it last, within an hour.
    pub asked_at: Timestamp,
    /// The day (UTC) on which it was last used; `None`: no use is known.
    pub last_used_at: Option<Timestamp>,
    /// True if the pages and pictures of the client are on the hosts of its redirect URIs; `None`: not known.
    pub metadata_consistent: Option<bool>,
    /// The account that added it, or `command line`; `None`: an authorization request brought it.
    pub added_by: Option<String>,
}

impl ClientDocument {
    /// Returns true if the document was used, or if an administrator added it.
    pub fn is_proven(&self) -> bool {
        self.last_used_at.is_some() || self.added_by.is_some()
    }

    /// Returns true until the document must be fetched again.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.state == DocumentState::Pinned || self.fresh_until > now
    }

    /// Returns true if a pass at the hop needs no write, since the row has it already.
    pub fn has_recorded_pass(&self, now: Timestamp) -> bool {
        self.was_asked_for(now) && self.has_recorded_use(now)
    }

    pub(crate) fn was_asked_for(&self, now: Timestamp) -> bool {
        now.seconds() < self.asked_at.seconds().saturating_add(ASKED_PRECISION)
    }

    /// Returns true if the row has a use of this day, or if a pass on the first day is not a use.
    pub(crate) fn has_recorded_use(&self, now: Timestamp) -> bool {
        let day = start_of_day(now);
        let is_first_day = start_of_day(self.first_seen_at) >= day;
        let is_recorded = self.last_used_at.is_some_and(|used| used.seconds() >= day);
        is_recorded || (is_first_day && !self.is_proven())
    }

    /// Returns the agreed metadata without lists of choices, as a registered client has it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn registered_metadata(&self) -> Result<RegisteredMetadata, StoreError> {
        RegisteredMetadata::from_stored(self.metadata.clone()).map_err(|_| {
            StoreError::corrupt("client_document", "metadata", self.client_id.as_str())
        })
    }
}

/// A filter for documents. The default selects all documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentFilter {
    /// Documents of the provider with this issuer.
    pub provider: Option<Issuer>,
    /// Documents on this host, at any port.
    pub host: Option<String>,
    /// Documents in this state.
    pub state: Option<DocumentState>,
}

/// The patterns of `LIKE` for all identifiers on a host.
pub struct HostPatterns {
    pub default_port: String,
    pub other_port: String,
}

impl HostPatterns {
    pub fn new(host: &str) -> Self {
        let mut escaped = String::new();
        for character in host.chars() {
            if matches!(character, '\\' | '%' | '_') {
                escaped.push('\\');
            }
            escaped.push(character);
        }
        Self {
            default_port: format!("https://{escaped}/%"),
            other_port: format!("https://{escaped}:%"),
        }
    }
}

type MatchesPattern<'a> = Escape<Like<client_document::client_id, &'a str>>;

/// Returns the condition for identifiers on a host, at any port.
pub fn on_host(patterns: &HostPatterns) -> Or<MatchesPattern<'_>, MatchesPattern<'_>> {
    let matches = |pattern| client_document::client_id.like(pattern).escape('\\');
    matches(patterns.default_port.as_str()).or(matches(patterns.other_port.as_str()))
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = client_document, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct DocumentRow {
    pub provider: String,
    pub client_id: String,
    pub metadata: String,
    pub document: String,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub first_seen_at: i64,
    pub fetched_at: i64,
    pub fresh_until: i64,
    pub failed_since: Option<i64>,
    pub failure: Option<String>,
    pub changed_at: i64,
    pub changed: Option<String>,
    pub revision: i64,
    pub state: String,
    pub asked_at: i64,
    pub last_used_at: Option<i64>,
    pub metadata_consistent: Option<bool>,
    pub added_by: Option<String>,
}

impl DocumentRow {
    pub fn into_document(self) -> Result<ClientDocument, StoreError> {
        let corrupt = |column| StoreError::corrupt("client_document", column, &self.client_id);
        let changed = self.changed.unwrap_or_default();
        Ok(ClientDocument {
            provider: Issuer::parse(&self.provider).map_err(|_| corrupt("provider"))?,
            state: self.state.parse().map_err(|_| corrupt("state"))?,
            client_id: ClientId::new(self.client_id),
            metadata: self.metadata,
            document: self.document,
            validators: DocumentValidators {
                etag: self.etag,
                last_modified: self.last_modified,
            },
            first_seen_at: Timestamp::from_seconds(self.first_seen_at),
            fetched_at: Timestamp::from_seconds(self.fetched_at),
            fresh_until: Timestamp::from_seconds(self.fresh_until),
            failure: self.failed_since.map(|since| DocumentFailure {
                since: Timestamp::from_seconds(since),
                reason: self.failure.unwrap_or_default(),
            }),
            changed_at: Timestamp::from_seconds(self.changed_at),
            changed: changed.split_whitespace().map(str::to_owned).collect(),
            revision: self.revision,
            asked_at: Timestamp::from_seconds(self.asked_at),
            last_used_at: self.last_used_at.map(Timestamp::from_seconds),
            metadata_consistent: self.metadata_consistent,
            added_by: self.added_by,
        })
    }
}

/// Returns the row of a document, if there is one.
pub fn find_row(
    connection: &mut AnyConnection,
    provider: &Issuer,
    id: &ClientId,
) -> Result<Option<DocumentRow>, StoreError> {
    Ok(client_document::table
        .find((provider.as_str(), id.as_str()))
        .select(DocumentRow::as_select())
        .first(connection)
        .optional()?)
}

impl Store {
    /// Returns the document of a client at a provider, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn find_document(
        &self,
        provider: &Issuer,
        id: &ClientId,
    ) -> Result<Option<ClientDocument>, StoreError> {
        if !has_no_nul(id.as_str()) {
            return Ok(None);
        }
        self.0
            .pool
            .read(|connection| find_row(connection, provider, id))?
            .map(DocumentRow::into_document)
            .transpose()
    }

    /// Returns at most `limit` matching documents in the order of provider and identifier, beginning after `after`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`] for the first row that cannot be read.
    pub fn documents(
        &self,
        filter: &DocumentFilter,
        after: Option<&ClientDocument>,
        limit: i64,
    ) -> Result<Vec<ClientDocument>, StoreError> {
        if !filter.host.as_deref().is_none_or(has_no_nul) {
            return Ok(Vec::new());
        }
        let patterns = filter.host.as_deref().map(HostPatterns::new);
        let rows: Vec<DocumentRow> = self.0.pool.read(|connection| {
            let mut query = client_document::table.into_boxed();
            if let Some(provider) = &filter.provider {
                query = query.filter(client_document::provider.eq(provider.as_str()));
            }
            if let Some(patterns) = &patterns {
                query = query.filter(on_host(patterns));
            }
            if let Some(state) = filter.state {
                query = query.filter(client_document::state.eq(state.as_str()));
            }
            if let Some(after) = after {
                let provider = after.provider.as_str();
                let later = client_document::provider
                    .eq(provider)
                    .and(client_document::client_id.gt(after.client_id.as_str()));
                query = query.filter(client_document::provider.gt(provider).or(later));
            }
            Ok(query
                .order((client_document::provider, client_document::client_id))
                .limit(limit)
                .select(DocumentRow::as_select())
                .load(connection)?)
        })?;
        rows.into_iter().map(DocumentRow::into_document).collect()
    }

    /// Returns at most `limit` proven documents of a provider whose time is over and that were used since then, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`] for the first row that cannot be read.
    pub fn documents_to_refresh(
        &self,
        provider: &Issuer,
        used_since: Timestamp,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<ClientDocument>, StoreError> {
        let rows: Vec<DocumentRow> = self.0.pool.read(|connection| {
            Ok(client_document::table
                .filter(client_document::provider.eq(provider.as_str()))
                .filter(client_document::state.eq(DocumentState::Active.as_str()))
                .filter(client_document::last_used_at.ge(used_since.seconds()))
                .filter(client_document::fresh_until.le(now.seconds()))
                .order((client_document::fetched_at, client_document::client_id))
                .limit(limit)
                .select(DocumentRow::as_select())
                .load(connection)?)
        })?;
        rows.into_iter().map(DocumentRow::into_document).collect()
    }

    /// Returns the number of documents of each provider in each state.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn document_counts(&self) -> Result<Vec<(String, DocumentState, u64)>, StoreError> {
        let counts: Vec<(String, String, i64)> = self.0.pool.read(|connection| {
            Ok(client_document::table
                .group_by((client_document::provider, client_document::state))
                .select((
                    client_document::provider,
                    client_document::state,
                    diesel::dsl::count_star(),
                ))
                .load(connection)?)
        })?;
        let counted = |(provider, state, count): (String, String, i64)| {
            Some((provider, state.parse().ok()?, count.unsigned_abs()))
        };
        Ok(counts.into_iter().filter_map(counted).collect())
    }
}
