//! Chance, from the operating system.

use openssl::rand::rand_bytes;

use crate::error::StoreError;

/// As many random bytes as asked for.
pub fn bytes<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    rand_bytes(&mut bytes).map_err(|_| no_randomness())?;
    Ok(bytes)
}

/// Bytes in hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// What is said when there are none.
pub fn no_randomness() -> StoreError {
    StoreError::Unavailable("the operating system gave no random bytes".to_owned())
}
