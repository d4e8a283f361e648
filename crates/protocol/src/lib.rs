//! The specifications as types and tables. This crate has no HTTP, no SQL and no cryptography, and reads no environment.
//!
//! | module | contents |
//! |---|---|
//! | [`client`], [`provider`] | the two tables: every member of client metadata and of provider metadata, a row each |
//! | [`offer`] | the default offer of a provider, and the configured members that replace parts of it |
//! | [`upstream`] | the document of the authorization server behind a provider |
//! | [`admit`], [`rules`] | the policy: from requested to registered client metadata |
//! | [`token_terms`] | the terms of an initial access token, within which its clients register |
//! | [`published`] | the terms of clients with a metadata document, which have no secret |
//! | [`table`], [`field`], [`member`], [`form`], [`localized`], [`mod@open_enum`] | the traits and macros of the tables |
//! | [`values`], [`response_type`], [`uri`], [`jwks`] | the types of member values |
//! | [`redirect_pattern`] | `regexp=` redirect URIs, restricted to patterns that every regular expression engine reads alike |
//! | [`issuer`] | the issuer and the URLs derived from it |
//! | [`json`] | the strict JSON reader for requests |
//! | [`error_code`] | the OAuth error codes |
//! | [`client_id_url`] | client identifiers that are the URL of a metadata document |
//! | [`credentials`], [`secret`], [`time`] | identifiers, secrets and timestamps |
//! | [`sync`] | locks that stay usable after a panic |
//! | [`histogram`] | histograms for the metrics |
//! | [`escape`] | escaping of untrusted text for logs and terminals |
//! | [`pages`] | the reference pages, rendered from the tables |

// The two tables expand to long match statements and constructors.
#![recursion_limit = "512"]
#![warn(missing_docs)]

pub mod admit;
pub mod client;
pub mod client_id_url;
mod consistency;
pub mod credentials;
pub mod error_code;
pub mod escape;
pub mod field;
pub mod form;
pub mod histogram;
pub mod issuer;
pub mod json;
pub mod jwks;
pub mod localized;
pub mod member;
#[macro_use]
pub mod open_enum;
#[macro_use]
pub mod table;
pub mod offer;
pub mod pages;
pub mod provider;
pub mod published;
pub mod random;
mod redirect_match;
pub mod redirect_pattern;
pub mod response_type;
pub mod rules;
pub mod secret;
pub mod sync;
pub mod time;
pub mod token_terms;
pub mod upstream;
pub mod uri;
pub mod values;

pub use admit::{AdmissionRules, Agreement, Change, LegacyRedirects, RegisteredMetadata};
pub use client::{ClientInformation, ClientMetadata};
pub use client_id_url::ClientIdUrl;
pub use credentials::{ClientId, ClientSecret, InitialAccessToken, RegistrationAccessToken};
pub use error_code::ErrorCode;
pub use issuer::Issuer;
pub use member::{InvalidMember, Object};
pub use provider::ProviderMetadata;
pub use published::PublishedTerms;
pub use random::RandomSource;
pub use secret::Secret;
pub use sync::lock;
pub use table::MemberRow;
pub use time::{Clock, Timestamp};
pub use token_terms::TokenTerms;
pub use uri::RedirectUri;
