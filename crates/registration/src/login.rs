//! Passwords of accounts: verified in turn, remembered for a moment, and not guessed at leisure. RFC 7617 §4.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::web::Data;
use oauth_http::{Failure, blocking};
use protocol::Secret;
use store::{Account, PasswordMemory, Store};

use crate::guesses::Guesses;
use crate::password_queue::{Answer, Attempt, NotAdmitted, PasswordQueue, Verdict, Verifier};
use crate::proofs::Proofs;
use crate::refusal::{WAITING_PASSWORDS, WRONG_PASSWORDS};
use crate::{Random, Refusal, Registration};

/// The passwords of this process's accounts: those that wait, those that were right, and how many were wrong.
pub struct Logins(PasswordQueue<Accounts>);

/// The limits on passwords.
#[derive(Debug, Clone, Copy)]
pub struct LoginLimits {
    /// The number of threads that verify passwords.
    pub threads: usize,
    /// The maximum number of passwords that wait for each of them.
    pub waiting: usize,
    /// The number of times a minute that one account's password may be wrong from one address, and all accounts' ten times as
    /// often; 0 for any number.
    pub failures: u32,
}

struct Accounts {
    store: Store,
    guesses: Option<Guesses>,
    proofs: Proofs,
    wrong: AtomicU64,
    suspended: AtomicU64,
}

impl Logins {
    /// Starts the threads.
    ///
    /// # Errors
    /// When there is no randomness, or a thread cannot be started.
    pub fn new(store: Store, limits: LoginLimits, random: &Random) -> Result<Self, String> {
        let accounts = Accounts {
            store,
            guesses: NonZeroU32::new(limits.failures).map(Guesses::per_minute),
            proofs: Proofs::new(random)?,
            wrong: AtomicU64::new(0),
            suspended: AtomicU64::new(0),
        };
        let threads = limits.threads.max(1);
        let queue = PasswordQueue::start(accounts, threads, limits.waiting.saturating_mul(threads));
        queue
            .map(Self)
            .map_err(|error| format!("no thread for passwords can be started: {error}"))
    }

    /// Forgets what is over.
    pub fn tidy(&self) {
        let (accounts, now) = (self.0.verifier(), Instant::now());
        accounts.proofs.tidy(now);
        if let Some(guesses) = &accounts.guesses {
            guesses.tidy(now);
        }
    }

    /// Passwords that were wrong.
    pub fn wrong(&self) -> u64 {
        self.0.verifier().wrong.load(Ordering::Relaxed)
    }

    /// Attempts that were not looked at, because too many before them were wrong.
    pub fn suspended(&self) -> u64 {
        self.0.verifier().suspended.load(Ordering::Relaxed)
    }

    /// Passwords that wait to be verified.
    pub fn waiting(&self) -> usize {
        self.0.waiting()
    }

    fn too_many(&self, wait: Duration) -> Refusal {
        self.0.verifier().suspended.fetch_add(1, Ordering::Relaxed);
        Refusal::TooMany(WRONG_PASSWORDS, wait)
    }
}

impl Verifier for Accounts {
    fn count(&self, attempt: &Attempt) -> Result<(), Duration> {
        self.guesses.as_ref().map_or(Ok(()), |guesses| {
            guesses.count(&attempt.name, attempt.address, Instant::now())
        })
    }

    fn verify(&self, attempt: &Attempt, memory: &mut PasswordMemory) -> Verdict {
        let found = self.store.verify_account(
            &attempt.provider,
            &attempt.name,
            &attempt.password,
            memory,
        )?;
        if let Some(account) = &found {
            self.proofs
                .add(&attempt.provider, account, attempt.digest, Instant::now());
        }
        Ok(found)
    }

    /// Only a password that was wrong stays counted: programs send the right one with each request, from many connections.
    fn settle(&self, attempt: &Attempt, counted: u32, verdict: Option<&Verdict>) {
        if let Some(Ok(None)) = verdict {
            self.wrong.fetch_add(counted.into(), Ordering::Relaxed);
        } else if let Some(guesses) = &self.guesses {
            guesses.give_back(&attempt.name, attempt.address, counted);
        }
    }
}

/// Returns the account with that name and password, asked for from that address.
///
/// # Errors
/// 429 when passwords were wrong too often from there, the account's or all together; 503 when too many wait, or the store is down.
pub(crate) async fn account(
    registration: &Data<Registration>,
    name: String,
    password: Secret,
    address: Option<IpAddr>,
) -> Result<Option<Account>, Failure> {
    let logins = &registration.logins;
    let provider = registration.policy.issuer.clone();
    let digest = logins
        .0
        .verifier()
        .proofs
        .digest(&provider, &name, &password);
    if let Some(account) = remembered(registration, &name, digest).await? {
        return Ok(Some(account));
    }
    let _span = tracing::info_span!("password");
    let waiting = match logins.0.admit(Attempt {
        provider,
        name: name.clone(),
        password,
        digest,
        address,
    }) {
        Ok(waiting) => waiting,
        Err(NotAdmitted::Full) => return Err(Refusal::Busy(WAITING_PASSWORDS).into()),
        // The same attempt may have been proved a moment ago, when it was no longer there to be joined.
        Err(NotAdmitted::TooMany(wait)) => match remembered(registration, &name, digest).await? {
            Some(account) => return Ok(Some(account)),
            None => return Err(logins.too_many(wait).into()),
        },
    };
    match (waiting.answer.await, waiting.wait) {
        (Ok(Answer::Verified(Ok(None))), Some(wait)) => Err(logins.too_many(wait).into()),
        (Ok(Answer::Verified(verdict)), _) => Ok(verdict.map_err(Refusal::from)?),
        (Ok(Answer::Displaced), _) => Err(Refusal::Busy(WAITING_PASSWORDS).into()),
        (Err(_), _) => Err(Failure::server_error("a password could not be verified")),
    }
}

/// Returns the account whose password was proved a moment ago and has not been changed since.
async fn remembered(
    registration: &Data<Registration>,
    name: &str,
    digest: [u8; 32],
) -> Result<Option<Account>, Failure> {
    let proofs = &registration.logins.0.verifier().proofs;
    let Some(revision) =
        proofs.revision(&registration.policy.issuer, name, &digest, Instant::now())
    else {
        return Ok(None);
    };
    let (store, name) = (registration.store.clone(), name.to_owned());
    let found = blocking(move || store.account(&name)).await?.ok().flatten();
    Ok(found.filter(|account| {
        account.revision == revision && account.is_known_at(&registration.policy.issuer)
    }))
}
