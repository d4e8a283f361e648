//! Lookup tokens that were verified lately, so that most requests read no token from the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use protocol::{Timestamp, lock};
use store::LookupToken;

/// The time for which a verified token is not read again. A revocation counts after it.
const REREAD_AFTER: Duration = Duration::from_secs(1);

/// The maximum number of tokens that are kept.
const MAX_TOKENS: usize = 64;

/// The tokens that were verified lately, by their digests.
#[derive(Default)]
pub struct VerifiedTokens(Mutex<HashMap<TokenDigest, (Arc<LookupToken>, Instant)>>);

/// The SHA-256 digest of a token.
type TokenDigest = [u8; 32];

impl VerifiedTokens {
    pub(crate) fn find(&self, digest: &TokenDigest, now: Timestamp) -> Option<Arc<LookupToken>> {
        let held = lock(&self.0);
        let (token, read_at) = held.get(digest)?;
        (read_at.elapsed() < REREAD_AFTER && !token.has_expired(now)).then(|| Arc::clone(token))
    }

    pub(crate) fn replace(&self, digest: TokenDigest, found: Option<&Arc<LookupToken>>) {
        let mut held = lock(&self.0);
        match found {
            None => drop(held.remove(&digest)),
            Some(token) => {
                if held.len() >= MAX_TOKENS {
                    held.retain(|_, (_, read_at)| read_at.elapsed() < REREAD_AFTER);
                }
                if held.len() < MAX_TOKENS {
                    held.insert(digest, (Arc::clone(token), Instant::now()));
                }
            }
        }
    }
}
