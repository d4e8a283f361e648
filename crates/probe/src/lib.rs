//! Clients that test providers from outside.
//!
//! [`journey`] is `frontdesk try`: the four steps at any provider. [`outside`] is `frontdesk check --outside`: requests to the
//! public addresses of a deployment, compared with what its configuration promises. Neither knows a configuration.

mod client;
pub mod journey;
pub mod outside;
mod resolver;
mod trusted_authorities;

pub use journey::{StepError, TryCredentials, TryOptions, try_provider};
pub use outside::{
    ExpectedDescriptor, ExpectedProvider, ExpectedWso2Paths, OutsideOptions, check_outside,
};
pub use resolver::ResolveOverride;
