//! The random source, passed to the code that draws identifiers, secrets and keys.

use std::sync::Arc;

/// A function that fills a buffer with random bytes.
///
/// # Errors
/// The reason why it cannot.
pub type RandomSource = Arc<dyn Fn(&mut [u8]) -> Result<(), String> + Send + Sync>;
