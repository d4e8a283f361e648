//! Verification of account passwords: in a fair queue, remembered for a moment, and with a limit on failures. RFC 7617 §4.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use oauth_http::{Failure, blocking};
use protocol::{Issuer, RandomSource, Secret};
use store::{Account, PasswordMemory, Store, StoreError};

use crate::failed_logins::FailedLogins;
use crate::password_queue::{
    AttemptAnswer, PasswordAttempt, PasswordQueue, QueueRejection, Verification, Verifier,
    WaitingAttempt,
};
use crate::verified_passwords::{Digest, VerifiedPasswords};

/// Verifies the passwords of accounts. All providers of a process share one.
pub struct PasswordVerifier(PasswordQueue<Accounts>);

/// The limits on passwords.
#[derive(Debug, Clone, Copy)]
pub struct PasswordLimits {
    /// The number of threads that verify passwords.
    pub threads: usize,
    /// The maximum number of passwords that wait for each of them.
    pub waiting: usize,
    /// The number of times a minute that an account's password may be wrong from an address, and all accounts' ten times as
    /// often; 0 for any number.
    pub failures: u32,
}

struct Accounts {
    store: Store,
    failures: Option<FailedLogins>,
    verified: VerifiedPasswords,
    wrong: AtomicU64,
    suspended: AtomicU64,
}

impl PasswordVerifier {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the random source fails, or a thread cannot be started.
    pub fn new(
        store: Store,
        limits: PasswordLimits,
        random: &RandomSource,
    ) -> Result<Self, String> {
        let accounts = Accounts {
            store,
            failures: NonZeroU32::new(limits.failures).map(FailedLogins::per_minute),
            verified: VerifiedPasswords::new(random)?,
            wrong: AtomicU64::new(0),
            suspended: AtomicU64::new(0),
        };
        let threads = limits.threads.max(1);
        let queue = PasswordQueue::start(accounts, threads, limits.waiting.saturating_mul(threads));
        queue
            .map(Self)
            .map_err(|error| format!("no thread for passwords can be started: {error}"))
    }

    /// Removes expired counts and remembered passwords.
    pub fn remove_expired(&self) {
        let (accounts, now) = (self.0.verifier(), Instant::now());
        accounts.verified.remove_expired(now);
        if let Some(failures) = &accounts.failures {
            failures.remove_expired(now);
        }
    }

    /// Returns the number of wrong passwords.
    pub fn wrong(&self) -> u64 {
        self.0.verifier().wrong.load(Ordering::Relaxed)
    }

    /// Returns the number of attempts that were refused because too many before them were wrong.
    pub fn suspended(&self) -> u64 {
        self.0.verifier().suspended.load(Ordering::Relaxed)
    }

    /// Returns the number of passwords that wait to be verified.
    pub fn waiting(&self) -> usize {
        self.0.waiting()
    }

    /// Returns the account with that name and password at a provider, for a caller at that address.
    ///
    /// # Errors
    /// When too many passwords were wrong, too many wait, or the store fails.
    pub async fn verify(
        &self,
        provider: &Issuer,
        name: String,
        password: Secret,
        address: Option<IpAddr>,
    ) -> Result<Option<Account>, PasswordError> {
        let digest = self
            .0
            .verifier()
            .verified
            .digest(provider, &name, &password);
        if let Some(account) = self.remembered(provider, &name, digest).await? {
            return Ok(Some(account));
        }
        let _span = tracing::info_span!("password");
        let waiting = match self.0.admit(PasswordAttempt {
            provider: provider.clone(),
            name: name.clone(),
            password,
            digest,
            address,
        }) {
            Ok(waiting) => waiting,
            Err(QueueRejection::Full) => return Err(PasswordError::QueueFull),
            // The same attempt may have been verified a moment ago, after this one could join it.
            Err(QueueRejection::TooMany(wait)) => {
                return match self.remembered(provider, &name, digest).await? {
                    Some(account) => Ok(Some(account)),
                    None => Err(self.too_many(wait)),
                };
            }
        };
        self.verdict(waiting).await
    }

    async fn verdict(
        &self,
        waiting: WaitingAttempt<Accounts>,
    ) -> Result<Option<Account>, PasswordError> {
        match (waiting.answer.await, waiting.wait) {
            (Ok(AttemptAnswer::Verified(Ok(None))), Some(wait)) => Err(self.too_many(wait)),
            (Ok(AttemptAnswer::Verified(verdict)), _) => verdict.map_err(PasswordError::Store),
            (Ok(AttemptAnswer::Displaced), _) => Err(PasswordError::QueueFull),
            (Err(_), _) => Err(PasswordError::Failure(Failure::server_error(
                "a password could not be verified",
            ))),
        }
    }

    /// Returns the account if its password was verified a moment ago and has not been changed since.
    async fn remembered(
        &self,
        provider: &Issuer,
        name: &str,
        digest: Digest,
    ) -> Result<Option<Account>, PasswordError> {
        let accounts = self.0.verifier();
        let revision = accounts
            .verified
            .revision(provider, name, &digest, Instant::now());
        let Some(revision) = revision else {
            return Ok(None);
        };
        let (store, name) = (accounts.store.clone(), name.to_owned());
        let found = blocking(move || store.account(&name)).await;
        let found = found.map_err(PasswordError::Failure)?.ok().flatten();
        Ok(found.filter(|account| account.revision == revision && account.is_known_at(provider)))
    }

    fn too_many(&self, wait: Duration) -> PasswordError {
        self.0.verifier().suspended.fetch_add(1, Ordering::Relaxed);
        PasswordError::TooManyFailures(wait)
    }
}

/// The reason for which a password was not verified.
#[derive(Debug)]
pub enum PasswordError {
    /// Too many passwords were wrong; the time to wait.
    TooManyFailures(Duration),
    /// Too many passwords wait to be verified.
    QueueFull,
    /// The store failed.
    Store(StoreError),
    /// The work could not be done at all.
    Failure(Failure),
}

impl Verifier for Accounts {
    fn count(&self, attempt: &PasswordAttempt) -> Result<(), Duration> {
        self.failures.as_ref().map_or(Ok(()), |failures| {
            failures.count(&attempt.name, attempt.address, Instant::now())
        })
    }

    fn verify(&self, attempt: &PasswordAttempt, memory: &mut PasswordMemory) -> Verification {
        let found = self.store.verify_account(
            &attempt.provider,
            &attempt.name,
            &attempt.password,
            memory,
        )?;
        if let Some(account) = &found {
            self.verified
                .add(&attempt.provider, account, attempt.digest, Instant::now());
        }
        Ok(found)
    }

    /// Only a wrong password stays counted: programs send the right one with each request, from many connections.
    fn settle(&self, attempt: &PasswordAttempt, counted: u32, verdict: Option<&Verification>) {
        if let Some(Ok(None)) = verdict {
            self.wrong.fetch_add(counted.into(), Ordering::Relaxed);
        } else if let Some(failures) = &self.failures {
            failures.give_back(&attempt.name, attempt.address, counted);
        }
    }
}
