//! The provider's own signing keys: generated once, sealed in the store, published before their use, and rotated.
//!
//! A server uses a [`KeyRing`]; operators and timers call [`list`], [`rotate`] and [`purge`]. [`install`] gives `jsonwebtoken`
//! its cryptography, and must be called before a signature is verified.
//!
//! | module | content |
//! |---|---|
//! | `ring` | a provider's keys, as a snapshot that readers share |
//! | `rotate` | generates successors, and deletes retired keys |
//! | `signing_period` | the time in which each key signs |
//! | `key`, `generate`, `jwk` | a key: generated, stored, published, signing |
//! | `provider`, `scheme`, `signature` | OpenSSL behind the JOSE algorithms |
//! | `error` | the errors |

mod error;
mod generate;
mod jwk;
mod key;
mod provider;
mod ring;
mod rotate;
mod scheme;
mod signature;
mod signing_period;

pub use error::KeyError;
pub use provider::install;
pub use ring::{KeyRing, Snapshot};
pub use rotate::{list, purge, rotate};
pub use scheme::SIGNING_ALGORITHMS;
pub use signing_period::{KeyInfo, KeyState};
