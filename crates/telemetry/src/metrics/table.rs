//! The table of metrics: what each is called, and what it tells.

/// How a metric moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, until the process ends.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It counts by size.
    Histogram,
}

impl Kind {
    /// Its name as Prometheus has it.
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
    /// Its name.
    pub name: &'static str,
    /// How it moves.
    pub kind: Kind,
    /// The names of its labels, in order.
    pub labels: &'static [&'static str],
    /// What it tells, in units of its name's last words.
    pub help: &'static str,
}

macro_rules! metrics {
    ($( $(#[doc = $help:literal])+ $row:ident = $kind:ident $name:literal [$($label:literal),*]; )+) => {
        $( $(#[doc = $help])+ pub const $row: Metric =
            Metric { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: concat!($($help),+) }; )+

        /// Every row, in the order of the page.
        pub const ALL: &[Metric] = &[$( $row ),+];
    };
}

metrics! {
    /// Always 1; the label is the version of the program.
    BUILD_INFO = Gauge "frontdesk_build_info" ["version"];
    /// Whether this replica should get requests, as `/readyz` says: 1 or 0. Looked at every 5 seconds.
    READY = Gauge "frontdesk_ready" [];
    /// Whether the store answered within 3 seconds: 1 or 0. Looked at every 5 seconds.
    STORE_UP = Gauge "frontdesk_store_up" [];
    /// When the certificate that is served ends, in seconds since 1970; not there where TLS is left to a proxy.
    CERTIFICATE_END = Gauge "frontdesk_certificate_end_timestamp_seconds" [];
    /// Requests answered, by route, method and status. What matches no route, or was cut short, has the route `none`.
    REQUESTS = Counter "frontdesk_requests_total" ["route", "method", "status"];
    /// How long requests took until their answers began, by route.
    REQUEST_SECONDS = Histogram "frontdesk_request_seconds" ["route"];
    /// Connections that are open on the public listeners.
    CONNECTIONS = Gauge "frontdesk_connections_open" [];
    /// Connections that were closed at once, by the limit they were over: connections of one `address`, `handshakes` of one address under way, or the `total` of all connections.
    CONNECTIONS_REFUSED = Counter "frontdesk_connections_refused_total" ["reason"];
    /// Registrations by what became of them: `registered`, `refused` (the client's doing) or `failed` (ours), with the answer's status, its error code and, where it is about one, the member of client metadata (`other` for one that no specification knows).
    REGISTRATIONS = Counter "frontdesk_registrations_total" ["provider", "outcome", "status", "error", "member"];
    /// Requests that were refused because there were too many, by what was counted: registrations from one `address`, of one `account`, with one `token`, of the same `metadata`; log-ins after too many a wrong `password`.
    THROTTLED = Counter "frontdesk_throttled_total" ["kind"];
    /// Updates and deletions that were refused because there were too many, by what was counted: those from one `address`, or of one `client`.
    UPDATES_REFUSED = Counter "frontdesk_updates_refused_total" ["counted"];
    /// Passwords that were wrong.
    FAILED_LOGINS = Counter "frontdesk_failed_logins_total" [];
    /// Passwords that wait to be verified. At most `limits.passwords_waiting` for each processor; more are refused (503).
    PASSWORDS_WAITING = Gauge "frontdesk_passwords_waiting" [];
    /// Clients in the store, expired ones too. Counted in the background when somebody asks and the last count is more than 5 minutes old, so not there at the first time; on PostgreSQL every replica says the same.
    CLIENTS = Gauge "frontdesk_clients" [];
    /// Writes that wait for a transaction.
    WRITES_WAITING = Gauge "frontdesk_store_writes_waiting" [];
    /// How many writes may wait.
    WRITES_WAITING_LIMIT = Gauge "frontdesk_store_writes_waiting_limit" [];
    /// Writes that were refused (503), because too many waited.
    WRITES_REFUSED = Counter "frontdesk_store_writes_refused_total" [];
    /// How many writes shared a transaction.
    BATCH_WRITES = Histogram "frontdesk_store_batch_writes" [];
    /// How long a transaction of writes took, its commit included.
    COMMIT_SECONDS = Histogram "frontdesk_store_commit_seconds" [];
    /// Transactions of writes that came to nothing because the store failed; those of changes it refused are not among them.
    TRANSACTIONS_FAILED = Counter "frontdesk_store_transactions_failed_total" [];
    /// Connections to the database that requests read with, by state: `in_use` or `idle`.
    POOL = Gauge "frontdesk_store_connections" ["state"];
    /// How many of them there may be.
    POOL_LIMIT = Gauge "frontdesk_store_connections_limit" [];
    /// How often none was idle, and somebody waited or opened one.
    POOL_AWAITED = Counter "frontdesk_store_connections_awaited_total" [];
    /// How often there was none in time (503).
    POOL_DENIED = Counter "frontdesk_store_connections_denied_total" [];
    /// Fetches of what clients' metadata points at, by result: `fetched`, `cached`, or why there was no document, in a word of the log line's sentence.
    FETCHES = Counter "frontdesk_outbound_fetches_total" ["result"];
    /// Fetches that are under way.
    FETCHES_UNDER_WAY = Gauge "frontdesk_outbound_fetches_under_way" [];
    /// Spans of requests by what became of them: `exported`, `failed` (the collector did not take them) or `dropped` (too many waited).
    SPANS = Counter "frontdesk_traces_spans_total" ["result"];
    /// For how long the key that signs now has done so, by provider and algorithm.
    KEY_AGE = Gauge "frontdesk_signing_key_age_seconds" ["provider", "algorithm"];
    /// Rows of refusals that are not in the audit trail yet.
    AUDIT_PENDING = Gauge "frontdesk_audit_pending" [];
    /// Refusals that share a row of the audit trail with others that are not alike, because there were too many kinds at a time to tell them apart.
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
