//! What the specifications say, as values: no HTTP, no SQL, no cryptography, no clock of its own.
//!
//! | module | what it holds |
//! |---|---|
//! | [`client`], [`provider`] | the two tables: every member of client and of provider metadata, one row each |
//! | [`offer`] | what a provider offers when its operator says nothing, and over that what is configured |
//! | [`admit`], [`rules`] | from what a client asks for to what is agreed |
//! | [`token_terms`] | and within which terms, for clients of an initial access token |
//! | [`table`], [`field`], [`member`], [`form`], [`localized`], [`mod@open_enum`] | the machinery of the tables |
//! | [`values`], [`response_type`], [`uri`], [`jwks`] | the values members hold |
//! | [`redirect_pattern`] | `regexp=` redirect URIs that every regular expression engine reads alike |
//! | [`issuer`] | an issuer and every address that follows from it |
//! | [`json`], [`sent_members`] | the strict JSON reader for what strangers send, and what it reads |
//! | [`error_code`] | the OAuth error codes and what each means |
//! | [`credentials`], [`secret`], [`time`] | identifiers, secrets and instants |
//! | [`hexadecimal`] | digits of identifiers |
//! | [`pages`] | the reference pages, rendered from the tables |

// The two tables expand to long match statements and constructors.
#![recursion_limit = "512"]
#![warn(missing_docs)]

pub mod admit;
pub mod client;
mod consistency;
pub mod credentials;
pub mod error_code;
pub mod escape;
pub mod field;
pub mod form;
pub mod hexadecimal;
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
pub mod redirect_pattern;
pub mod response_type;
pub mod rules;
pub mod secret;
pub mod sent_members;
pub mod time;
pub mod token_terms;
pub mod uri;
pub mod values;

pub use admit::{AdmissionRules, LegacyRedirects, RegisteredMetadata};
pub use client::{ClientInformation, ClientMetadata};
pub use credentials::{ClientId, ClientSecret, InitialAccessToken, RegistrationAccessToken};
pub use error_code::ErrorCode;
pub use issuer::Issuer;
pub use member::{Invalid, Object};
pub use provider::ProviderMetadata;
pub use secret::Secret;
pub use sent_members::SentMembers;
pub use table::MemberRow;
pub use time::{Clock, Timestamp};
pub use token_terms::TokenTerms;
pub use uri::RedirectUri;
