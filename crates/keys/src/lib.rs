//! The provider's own signing keys: made once, sealed in the store, published ahead of their use, and rotated.
//!
//! [`KeyRing`] is what a server holds; [`list`], [`rotate`] and [`purge`] are what an operator or a timer does.
//! [`install`] gives `jsonwebtoken` its cryptography and comes before anything that verifies a signature.
//!
//! | module | what it holds |
//! |---|---|
//! | `ring` | a provider's keys, as a snapshot that readers share |
//! | `rotate` | successors, and the end of retired keys |
//! | `tenure` | which key signs when, and what becomes of the others |
//! | `key`, `generate`, `jwk` | one key: made, stored, published, signing |
//! | `provider`, `scheme`, `signature` | OpenSSL behind the JOSE algorithms |
//! | `error` | what can go wrong |

#![warn(missing_docs)]

mod error;
mod generate;
mod jwk;
mod key;
mod provider;
mod ring;
mod rotate;
mod scheme;
mod signature;
mod tenure;

pub use error::KeyError;
pub use provider::install;
pub use ring::{KeyRing, Snapshot};
pub use rotate::{SIGNING_ALGORITHMS, list, purge, rotate};
pub use tenure::{KeyInfo, State};
