//! The settings of outbound fetches.

use std::time::Duration;

use crate::allowed_destination::AllowedDestination;

/// The certificate authorities and limits of outbound fetches.
#[derive(Debug, Clone, Default)]
pub struct FetchSettings {
    /// Private destinations that may be fetched from; none by default.
    pub allow: Vec<AllowedDestination>,
    /// Certificate authorities trusted besides the system's, in PEM.
    pub ca: Option<Vec<u8>>,
    /// The limits on time, size and number.
    pub limits: FetchLimits,
}

/// Limits on the time, size and number of fetches.
#[derive(Debug, Clone)]
pub struct FetchLimits {
    /// The time limit of resolving a name, and of opening a connection with its TLS handshake.
    pub connect: Duration,
    /// The time limit of a fetch, including its time in the queue.
    pub total: Duration,
    /// The maximum length of a document, in bytes.
    pub body: usize,
    /// The number of threads that fetch.
    pub concurrency: usize,
    /// The maximum number of fetches that wait for a thread; the next is refused at once.
    pub waiting: usize,
    /// The maximum number of running and waiting fetches of a caller; the next is refused at once.
    pub per_caller: usize,
    /// The interval at whose next multiple a failure is answered, so that its time reveals no more than its text.
    pub bucket: Duration,
    /// The maximum time for which a document is cached, even if its own lifetime is longer.
    pub keep: Duration,
    /// The maximum number of cached documents.
    pub kept: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            total: Duration::from_secs(5),
            body: 64 * 1024,
            concurrency: 8,
            waiting: 32,
            per_caller: 2,
            bucket: Duration::from_millis(250),
            keep: Duration::from_hours(1),
            kept: 256,
        }
    }
}

/// Fetch settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FetchSettingsError {
    /// The text has no certificate.
    #[error("The file of `[outbound] ca` has no certificate in PEM.")]
    NoCertificate,
    /// The text, or a certificate in it, cannot be read.
    #[error("The file of `[outbound] ca` cannot be used: {0}.")]
    Certificate(#[source] openssl::error::ErrorStack),
    /// The threads cannot be started.
    #[error("The threads that fetch documents cannot be started: {0}.")]
    Threads(#[source] std::io::Error),
}
