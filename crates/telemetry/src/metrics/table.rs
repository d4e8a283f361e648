//! The table of metrics.

/// The type of a metric, as Prometheus has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Grows until the process ends.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts measurements by size.
    Histogram,
}

impl MetricKind {
    /// Returns the name that Prometheus uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    pub name: &'static str,
    pub kind: MetricKind,
    /// The names of the labels, in order.
    pub labels: &'static [&'static str],
    /// The sentence of the reference page. The last word of the metric's name is its unit.
    pub help: &'static str,
}

macro_rules! metrics {
    ($( $(#[doc = $help:literal])+ $row:ident = $kind:ident $name:literal [$($label:literal),*]; )+) => {
        $( $(#[doc = $help])+ pub const $row: Metric =
            Metric { name: $name, kind: MetricKind::$kind, labels: &[$($label),*], help: concat!($($help),+) }; )+

        /// All rows, in the order of the page.
        pub const ALL: &[Metric] = &[$( $row ),+];
    };
}

metrics! {
    /// Always 1; the label is the version of the program.
    BUILD_INFO = Gauge "frontdesk_build_info" ["version"];
    /// 1 if this replica is ready for requests, as `/readyz` reports, otherwise 0. Checked every 5 seconds.
    READY = Gauge "frontdesk_ready" [];
    /// 1 if the store answered within 3 seconds, otherwise 0. Checked every 5 seconds.
    STORE_UP = Gauge "frontdesk_store_up" [];
    /// The expiry date of the TLS certificate, in seconds since 1970. Absent if TLS is off.
    CERTIFICATE_END = Gauge "frontdesk_certificate_end_timestamp_seconds" [];
    /// Answered requests, by route, method and status. The route is `none` if no route matched, the head was too long or the time limit was reached.
    REQUESTS = Counter "frontdesk_requests_total" ["route", "method", "status"];
    /// The time from a request to the start of its response, by route.
    REQUEST_SECONDS = Histogram "frontdesk_request_seconds" ["route"];
    /// Open connections on the public listeners.
    CONNECTIONS = Gauge "frontdesk_connections_open" [];
    /// Connections that were closed at once, by the limit that was reached: connections from one `address`, unfinished `handshakes` from one address, or the `total` of all connections.
    CONNECTIONS_REFUSED = Counter "frontdesk_connections_refused_total" ["reason"];
    /// Registrations by outcome: `registered`, `refused` (an error of the client) or `failed` (an error of the service), with the status, the error code and, if the error is about one, the member of client metadata (`other` for a member that no specification defines).
    REGISTRATIONS = Counter "frontdesk_registrations_total" ["provider", "outcome", "status", "error", "member"];
    /// Answers of the lookup, by provider and status. The provider is `none` if the request was refused before it was known.
    LOOKUPS = Counter "frontdesk_lookup_total" ["provider", "status"];
    /// The time that the lookup took for an answer.
    LOOKUP_SECONDS = Histogram "frontdesk_lookup_seconds" [];
    /// Authorization requests at the authorization hop, by kind of client (`document`, `registered`, `other`: an identifier that is not registered here, or none) and outcome: `redirected`, `refused` or `unavailable`.
    HOP = Counter "frontdesk_hop_total" ["provider", "kind", "outcome"];
    /// Resolutions of client identifiers that are URLs, by outcome: `cached` (the stored document), `fetched`, `unchanged` (its server confirmed it), `stale` (the stored one after its time), `refused` or `failed`, and the reason of a refusal or failure.
    DOCUMENTS_RESOLVED = Counter "frontdesk_documents_total" ["provider", "outcome", "reason"];
    /// Client documents in the store, by state: `active`, `pinned` or `disabled`. Replicas on one PostgreSQL database report the same number. Read every 5 seconds.
    DOCUMENTS = Gauge "frontdesk_documents" ["provider", "state"];
    /// The maximum number of client documents of a provider; absent where there is no limit.
    DOCUMENTS_LIMIT = Gauge "frontdesk_documents_limit" ["provider"];
    /// The duration of fetches of client documents, including those that failed.
    DOCUMENT_SECONDS = Histogram "frontdesk_document_seconds" ["provider"];
    /// Questions for the document of the server behind a provider, by outcome: `unchanged`, `changed`, `refused` (a document that cannot be taken) or `failed`.
    UPSTREAM = Counter "frontdesk_upstream_total" ["provider", "outcome"];
    /// The age of the copy of that document: the time since the server last confirmed it.
    UPSTREAM_AGE = Gauge "frontdesk_upstream_age_seconds" ["provider"];
    /// Calls that write a client into the authorization server behind a provider, by outcome: `created`, `updated`, `deleted`, `rejected` (the server refuses the client for good), `unavailable` (it does not answer) or `breaker_open` (it was not asked, since it did not answer before).
    PROVISION = Counter "frontdesk_provision_total" ["provider", "outcome"];
    /// The duration of those calls.
    PROVISION_SECONDS = Histogram "frontdesk_provision_seconds" ["provider"];
    /// Clients that the authorization server does not have yet, or has in an older state. Replicas on one PostgreSQL database report the same number, as for the next three. Read every 5 seconds.
    PROVISION_PENDING = Gauge "frontdesk_provision_pending" ["provider"];
    /// Copies at the authorization server that are to be deleted.
    PROVISION_DELETING = Gauge "frontdesk_provision_deleting" ["provider"];
    /// Clients that the authorization server refuses.
    PROVISION_REJECTED = Gauge "frontdesk_provision_rejected" ["provider"];
    /// The time for which the longest of the pending and deleted ones has waited.
    PROVISION_OLDEST = Gauge "frontdesk_provision_oldest_seconds" ["provider"];
    /// 1 while the authorization server is not asked by this replica, since it did not answer before, otherwise 0.
    PROVISION_BREAKER = Gauge "frontdesk_provision_breaker_open" ["provider"];
    /// 1 if the authorization server refused the credentials of this replica, or its address is wrong, otherwise 0.
    PROVISION_MISCONFIGURED = Gauge "frontdesk_provision_misconfigured" ["provider"];
    /// Clients that the authorization server may have made and that cannot be found there again, since it chooses identifiers and its answer was lost.
    PROVISION_LOST = Counter "frontdesk_provision_lost_total" ["provider"];
    /// Requests that were refused by a rate limit, by limit: registrations from one `address`, by one `account`, with one `token`; logins after too many failures with a wrong `password`.
    THROTTLED = Counter "frontdesk_throttled_total" ["kind"];
    /// Updates and deletions that were refused by a rate limit, by limit: from one `address`, or of one `client`.
    UPDATES_REFUSED = Counter "frontdesk_updates_refused_total" ["counted"];
    /// Logins that failed because of a wrong password.
    FAILED_LOGINS = Counter "frontdesk_failed_logins_total" [];
    /// Passwords that wait for verification. The maximum is `limits.passwords_waiting` for each processor; further ones are refused (503).
    PASSWORDS_WAITING = Gauge "frontdesk_passwords_waiting" [];
    /// Clients in the store, including expired ones. A scrape starts a new count in the background if the last one is older than 5 minutes, so the first scrape has no value. Replicas on one PostgreSQL database report the same number.
    CLIENTS = Gauge "frontdesk_clients" [];
    /// Queued writes that are not in a transaction yet.
    WRITES_WAITING = Gauge "frontdesk_store_writes_waiting" [];
    /// The maximum number of queued writes.
    WRITES_WAITING_LIMIT = Gauge "frontdesk_store_writes_waiting_limit" [];
    /// Writes that were refused (503) because the queue was full.
    WRITES_REFUSED = Counter "frontdesk_store_writes_refused_total" [];
    /// The number of writes in one transaction.
    BATCH_WRITES = Histogram "frontdesk_store_batch_writes" [];
    /// The duration of a transaction of writes, including its commit.
    COMMIT_SECONDS = Histogram "frontdesk_store_commit_seconds" [];
    /// Transactions of writes that failed because of the database. Changes that the store rejected are not counted.
    TRANSACTIONS_FAILED = Counter "frontdesk_store_transactions_failed_total" [];
    /// Database connections for reads, by state: `in_use` or `idle`.
    POOL = Gauge "frontdesk_store_connections" ["state"];
    /// The maximum number of database connections for reads.
    POOL_LIMIT = Gauge "frontdesk_store_connections_limit" [];
    /// The number of times that no connection was idle, so that a read waited or opened one.
    POOL_AWAITED = Counter "frontdesk_store_connections_awaited_total" [];
    /// The number of times that a read got no connection in time (503).
    POOL_DENIED = Counter "frontdesk_store_connections_denied_total" [];
    /// Fetches of documents that client metadata refers to, by result: `fetched`, `cached`, or the reason of the failure, a word from the log line.
    FETCHES = Counter "frontdesk_outbound_fetches_total" ["result"];
    /// Fetches in progress.
    FETCHES_UNDER_WAY = Gauge "frontdesk_outbound_fetches_under_way" [];
    /// Spans of requests by result: `exported`, `failed` (the collector did not accept them) or `dropped` (the queue was full).
    SPANS = Counter "frontdesk_traces_spans_total" ["result"];
    /// The time since the current signing key came into use, by provider and algorithm.
    KEY_AGE = Gauge "frontdesk_signing_key_age_seconds" ["provider", "algorithm"];
    /// Rows of refusals that are not in the audit trail yet.
    AUDIT_PENDING = Gauge "frontdesk_audit_pending" [];
    /// Refusals that share a row of the audit trail with different refusals, because there were too many kinds at a time to keep them apart.
    AUDIT_MERGED = Counter "frontdesk_audit_merged_total" [];
    /// Total user and system CPU time spent in seconds.
    PROCESS_CPU = Counter "process_cpu_seconds_total" [];
    /// Number of open file descriptors.
    PROCESS_OPEN_FILES = Gauge "process_open_fds" [];
    /// Maximum number of open file descriptors.
    PROCESS_MAX_FILES = Gauge "process_max_fds" [];
    /// Virtual memory size in bytes.
    PROCESS_VIRTUAL_MEMORY = Gauge "process_virtual_memory_bytes" [];
    /// Resident memory size in bytes.
    PROCESS_RESIDENT_MEMORY = Gauge "process_resident_memory_bytes" [];
    /// Start time of the process since unix epoch in seconds.
    PROCESS_START = Gauge "process_start_time_seconds" [];
    /// Number of OS threads in the process.
    PROCESS_THREADS = Gauge "process_threads" [];
}
