//! The counters of other crates, as metrics.
//!
//! | module | what it holds |
//! |---|---|
//! | [`sources`] | what others count |
//! | [`watch`] | what must be asked of the store |

pub mod sources;
pub mod watch;

pub use sources::Sources;
pub use watch::Watch;
