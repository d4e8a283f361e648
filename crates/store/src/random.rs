//! Random bytes from the operating system.

use std::fmt::Write;

use openssl::rand::rand_bytes;

use crate::error::StoreError;

pub fn random_bytes<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    rand_bytes(&mut bytes).map_err(|_| no_random_bytes())?;
    Ok(bytes)
}

/// Returns bytes in hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Returns the error for missing random bytes.
pub fn no_random_bytes() -> StoreError {
    StoreError::Unavailable("the operating system gave no random bytes".to_owned())
}
