//! OAuth's manners over actix: refusals with their error codes, credentials in `Authorization`, JSON bodies read
//! strictly and in bounded time, frozen documents, cross-origin answers, what each request is called, and blocking work off the
//! workers.

#![warn(missing_docs)]

pub mod authorization;
pub mod blocking;
pub mod body;
pub mod cors;
pub mod document;
pub mod failure;
pub mod peer;
pub mod request_id;
pub mod unread;

pub use authorization::Presented;
pub use blocking::blocking;
pub use body::{Body, BodyLimits};
pub use document::Document;
pub use failure::Failure;
pub use request_id::RequestId;
