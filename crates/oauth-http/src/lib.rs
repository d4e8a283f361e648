//! OAuth over actix: error responses, credentials in `Authorization`, JSON bodies read strictly and in bounded time, static
//! documents, CORS, request identifiers, the client's address, and blocking work on other threads.

pub mod authorization;
pub mod blocking;
pub mod body;
pub mod cors;
pub mod failure;
pub mod peer;
pub mod request_body_guard;
pub mod request_id;
pub mod static_document;

pub use authorization::Credentials;
pub use blocking::blocking;
pub use body::{Body, BodyLimits};
pub use failure::Failure;
pub use request_id::RequestId;
pub use static_document::StaticDocument;
