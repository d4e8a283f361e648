//! What an operator decides about fetches.

use std::time::Duration;

use crate::allowed::Allowed;

/// Trust and limits of outbound fetches.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Private destinations that may be fetched from; none by default.
    pub allow: Vec<Allowed>,
    /// Certificate authorities trusted besides the system's, in PEM.
    pub ca: Option<Vec<u8>>,
    /// How long, how large and how many.
    pub limits: Limits,
}

/// How long, how large and how many.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long a name may take to resolve, and then a connection with its TLS to be made.
    pub connect: Duration,
    /// How long a fetch may take altogether, waiting for its turn included.
    pub total: Duration,
    /// How long a document may be, in bytes.
    pub body: usize,
    /// The number of threads that fetch.
    pub concurrency: usize,
    /// The maximum number of fetches that wait for a thread; the next is refused at once.
    pub waiting: usize,
    /// The maximum number of fetches of one caller, under way or waiting; the next is refused at once.
    pub per_caller: usize,
    /// A failure is answered at the next multiple of this span, so that its time tells as little as its text.
    pub bucket: Duration,
    /// How long a document may be kept, whatever its own lifetime says.
    pub keep: Duration,
    /// How many documents may be kept.
    pub kept: usize,
}

impl Default for Limits {
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

/// Settings that cannot be used: one sentence.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The text holds no certificate.
    #[error("The file of `[outbound] ca` holds no certificate in PEM.")]
    NoCertificate,
    /// The text, or a certificate in it, cannot be read.
    #[error("The file of `[outbound] ca` cannot be used: {0}.")]
    Certificate(#[source] openssl::error::ErrorStack),
    /// The threads that fetch.
    #[error("The threads that fetch documents cannot be started: {0}.")]
    Threads(#[source] std::io::Error),
}
