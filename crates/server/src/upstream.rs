//! The authorization server behind a provider, whose document is the provider's: asked for at the start and from time to time,
//! kept in the store, and shared by all replicas.
//!
//! | module | content |
//! |---|---|
//! | `state` | the server, and the document in service |
//! | `start` | the first document of a process |
//! | `refresh` | the documents after that |
//! | [`refusal`] | the reasons not to take one |

mod refresh;
pub mod refusal;
mod start;
mod state;

pub use refresh::changes;
pub use start::{asked, described, open, source, stored};
pub use state::{OpenedUpstream, Upstream};
