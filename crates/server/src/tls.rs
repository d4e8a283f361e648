//! Certificates: configured ones, and those that development mode generates.
//!
//! | module | content |
//! |---|---|
//! | [`acceptor`](mod@acceptor) | from a certificate file and a key file to what a listener needs |
//! | [`development`] | a development certificate authority and the server certificate it signs |
//! | [`error`] | the errors, each a sentence that names the file |
//! | [`served`] | the certificate in service, and its replacement while the service runs |

pub mod acceptor;
pub mod development;
pub mod error;
mod file;
pub mod served;

pub use acceptor::{acceptor, concern, end, unnamed_hosts};
pub use development::{DevelopmentCertificates, development_certificates};
pub use error::TlsError;
pub use served::{CertificateSource, Hangups, ServedCertificate};
