//! Password hashes of accounts, with Argon2id.
//!
//! A hash takes 19 MiB and 20 ms. If the memory is allocated anew for each password on many
//! threads, the allocator keeps it, so a caller that verifies passwords keeps one
//! [`PasswordMemory`] for each of its threads.

use argon2::password_hash::{PasswordHasher, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use openssl::memcmp;
use protocol::Secret;

use crate::error::StoreError;
use crate::random::no_random_bytes;

/// A hash of the default cost that is verified for an unknown account, so that it takes as long as
/// a wrong password.
pub(crate) const UNKNOWN_ACCOUNT_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$bm9ib2R5bm9ib2R5bm9ib2R5bm9ib2R5bm9ib2R5bm8";

/// The maximum memory cost of a stored hash, in KiB.
const MEMORY_COST_MAX: u32 = 128 * 1024;

/// The maximum number of passes of a stored hash.
const PASSES_MAX: u32 = 16;

/// The maximum output length of a stored hash, in bytes.
const OUTPUT_MAX: usize = 64;

/// Reusable memory for verifying passwords on a single thread.
#[derive(Default)]
pub struct PasswordMemory(Vec<Block>);

impl PasswordMemory {
    /// Returns the size in bytes.
    pub fn bytes(&self) -> usize {
        self.0.len().saturating_mul(Block::SIZE)
    }

    /// Returns true if `stored` is the hash of the password, or `None` if it is not a valid hash.
    pub(crate) fn verify(&mut self, password: &Secret, stored: &str) -> Option<bool> {
        let stored = PasswordHash::new(stored).ok()?;
        let params = Params::try_from(&stored).ok()?;
        if params.m_cost() > MEMORY_COST_MAX || params.t_cost() > PASSES_MAX {
            return None;
        }
        let algorithm = Algorithm::try_from(stored.algorithm.as_str()).ok()?;
        let version = stored
            .version
            .map_or(Ok(Version::default()), Version::try_from)
            .ok()?;
        let (salt, expected) = (stored.salt.as_ref()?, stored.hash.as_ref()?.as_ref());
        let mut buffer = [0; OUTPUT_MAX];
        let computed = buffer.get_mut(..expected.len())?;
        let blocks = self.blocks(params.block_count())?;
        Argon2::new(algorithm, version, params)
            .hash_password_into_with_memory(password.reveal().as_bytes(), salt, computed, blocks)
            .ok()?;
        let matches = memcmp::eq(computed, expected);
        // Memory for a hash of a higher cost is not kept.
        if self.0.len() > Params::default().block_count() {
            self.0 = Vec::new();
        }
        Some(matches)
    }

    fn blocks(&mut self, needed: usize) -> Option<&mut [Block]> {
        if self.0.len() < needed {
            self.0 = Vec::new();
            self.0 = vec![Block::default(); needed];
        }
        self.0.get_mut(..needed)
    }
}

/// Returns the hash of a password.
///
/// # Errors
/// [`StoreError::Refused`] for an empty password.
pub(crate) fn hash(password: &Secret) -> Result<String, StoreError> {
    if password.reveal().is_empty() {
        return Err(StoreError::Refused("a password must not be empty"));
    }
    Ok(Argon2::default()
        .hash_password(password.reveal().as_bytes())
        .map_err(|_| no_random_bytes())?
        .to_string())
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::CustomizedPasswordHasher;

    use super::*;

    fn hashed(password: &str, memory: u32, passes: u32) -> String {
        let params = Params::new(memory, passes, 1, None).unwrap();
        let hash = Argon2::default().hash_password_customized(
            password.as_bytes(),
            b"a salt of 16 by.",
            None,
            None,
            params,
        );
        hash.unwrap().to_string()
    }

    /// A login of an unknown account costs one password hash.
    #[test]
    fn unknown_account_costs_a_password_hash() {
        let fresh = hash(&Secret::new("hush")).unwrap();
        let cost = |hash: &str| {
            hash.split('$')
                .take(4)
                .map(ToOwned::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(cost(UNKNOWN_ACCOUNT_HASH), cost(&fresh));
        assert_eq!(UNKNOWN_ACCOUNT_HASH.len(), fresh.len());
        assert_eq!(
            PasswordMemory::default().verify(&Secret::new("nobody"), UNKNOWN_ACCOUNT_HASH),
            Some(false)
        );
    }

    #[test]
    fn memory_is_kept_between_passwords() {
        let mut memory = PasswordMemory::default();
        let stored = hash(&Secret::new("hush")).unwrap();
        assert_eq!(memory.bytes(), 0);
        for (password, right) in [("hush", true), ("wrong", false), ("hush", true)] {
            assert_eq!(
                memory.verify(&Secret::new(password), &stored),
                Some(right),
                "{password}"
            );
            assert_eq!(memory.bytes(), 19_456 * 1024);
        }
    }

    #[test]
    fn hash_of_another_cost_is_verified() {
        let mut memory = PasswordMemory::default();
        for (cost, passes) in [(8, 1), (64, 3), (40_000, 1), (19_456, 2)] {
            let stored = hashed("hush", cost, passes);
            assert_eq!(
                memory.verify(&Secret::new("hush"), &stored),
                Some(true),
                "{stored}"
            );
            assert_eq!(
                memory.verify(&Secret::new("hush "), &stored),
                Some(false),
                "{stored}"
            );
            assert!(
                memory.bytes() <= 19_456 * 1024,
                "{stored}: {}",
                memory.bytes()
            );
        }
    }

    #[test]
    fn hash_that_costs_too_much_is_refused() {
        let mut memory = PasswordMemory::default();
        for (from, to) in [
            ("m=19456", "m=131073"),
            ("m=19456", "m=4294967295"),
            ("t=2", "t=17"),
            ("argon2id", "bcrypt"),
            ("v=19", "v=7"),
        ] {
            assert_eq!(
                memory.verify(
                    &Secret::new("hush"),
                    &UNKNOWN_ACCOUNT_HASH.replace(from, to)
                ),
                None,
                "{to}"
            );
        }
        for damaged in [
            "",
            "hush",
            "$argon2id$v=19$m=19456,t=2,p=1",
            "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw",
        ] {
            assert_eq!(
                memory.verify(&Secret::new("hush"), damaged),
                None,
                "{damaged}"
            );
        }
        assert_eq!(memory.bytes(), 0);
    }
}
