//! Client ID metadata documents: from a client identifier that is a URL to the client that its document describes.
//! draft-ietf-oauth-client-id-metadata-document.
//!
//! [`Documents::resolve`] is the one way from an identifier to a client, for the lookup and for the hop. It asks in a fixed order:
//! the operator's own clients and settings come before the stored document, and the stored one before a fetch. A stranger who names
//! URLs causes fetches only where all of these leave it open.
//!
//! | module | content |
//! |---|---|
//! | [`settings`] | the settings of a provider |
//! | [`documents`] | the documents of a provider |
//! | [`resolve`] | the resolution of an identifier |
//! | [`resolution`] | its results |
//! | `admit` | the decision about a document, and its row |
//! | `recheck` | the second decision after a change of the policy |
//! | `changes` | the members in which two documents differ |
//! | [`refresh`] | the fetches in the background |
//! | [`counts`] | the numbers for the metrics |

mod admit;
mod changes;
pub mod counts;
pub mod documents;
mod recheck;
pub mod refresh;
pub mod resolution;
pub mod resolve;
pub mod settings;

pub use changes::changes;
pub use counts::DocumentCounts;
pub use documents::Documents;
pub use resolution::{Purpose, Resolution, ResolveError, ResolveFailure, ResolvedDocument};
pub use settings::{DocumentAccess, DocumentServices, DocumentSettings};
