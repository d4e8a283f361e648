//! Admission: the decision about the metadata that a client asks for. Software statements, client keys, redirect patterns,
//! sector documents and client ID metadata documents. It knows neither HTTP nor the store, so that every way to register or update a client can use it.

mod agree;
pub mod client_keys;
pub mod document;
mod policy;
mod redirect_pattern;
mod rejection;
pub mod sector;
pub mod software_statement;

pub use agree::{ClientRequest, agree};
pub use document::{
    DocumentRedirects, DocumentRejection, DocumentRules, DocumentStep, JudgedDocument, LeftOut,
    judge_document,
};
pub use policy::Policy;
pub use rejection::Rejection;
pub use software_statement::{RequiredClaim, TrustedIssuer};
