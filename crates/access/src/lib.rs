//! Access: password verification, rate limits and the refusal log. Every feature that authenticates callers shares them, and all
//! providers of a process share one of each.

mod failed_logins;
mod failed_secrets;
mod failure_buckets;
mod fair_queue;
mod password_queue;
mod password_verifier;
mod rate_limit;
mod refusal_log;
mod verified_passwords;

pub use failed_secrets::FailedSecrets;
pub use password_verifier::{PasswordError, PasswordLimits, PasswordVerifier};
pub use rate_limit::{DocumentLimiter, RateLimitKey, RegistrationLimiter};
pub use refusal_log::RefusalLog;
