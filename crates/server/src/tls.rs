//! Certificates: those an operator configures, and those development mode makes for itself.
//!
//! | module | what it holds |
//! |---|---|
//! | [`acceptor`](mod@acceptor) | from a certificate file and a key file to what a listener needs |
//! | [`development`] | a development certificate authority and the server certificate it signs |
//! | [`error`] | what can be wrong, each a sentence that names the file |

pub mod acceptor;
pub mod development;
pub mod error;
mod file;

pub use acceptor::{acceptor, concern, end};
pub use development::{DevelopmentCertificates, development_certificates};
pub use error::TlsError;
