//! Moduli of RSA keys: of a length that is safe and can be afforded, and not divided at once. RFC 7518 §6.3, §3.3.

use std::sync::LazyLock;

use openssl::bn::BigNumRef;
use openssl::error::ErrorStack;

/// The minimum length of a modulus, in bits.
const BITS_MIN: i32 = 2048;

/// The maximum length of a modulus, in bits. A longer one would be expensive for the server that verifies with it.
const BITS_MAX: i32 = 16384;

/// The odd primes below 1000. The factors of a sound key have a thousand bits or more.
static SMALL_PRIMES: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut primes: Vec<u32> = Vec::new();
    for number in (3..1000).step_by(2) {
        if primes.iter().all(|prime| number % prime != 0) {
            primes.push(number);
        }
    }
    primes
});

/// Returns true if a modulus has a length that is accepted.
pub fn has_length(modulus: &BigNumRef) -> bool {
    (BITS_MIN..=BITS_MAX).contains(&modulus.num_bits())
}

/// Returns true if a prime below 1000 divides a modulus.
///
/// # Errors
/// When there is no memory for the division.
pub fn has_small_factor(modulus: &BigNumRef) -> Result<bool, ErrorStack> {
    if !modulus.is_bit_set(0) {
        return Ok(true);
    }
    for prime in SMALL_PRIMES.iter() {
        if modulus.mod_word(*prime)? == 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use openssl::bn::BigNum;
    use openssl::rsa::Rsa;

    use super::*;

    #[test]
    fn small_factors_are_found() {
        assert_eq!((SMALL_PRIMES.len(), SMALL_PRIMES.last()), (167, Some(&997)));
        let key = Rsa::generate(2048).unwrap();
        assert!(!has_small_factor(key.n()).unwrap());
        for factor in [2, 3, 5, 7, 541, 991, 997] {
            let mut product = BigNum::new().unwrap();
            product
                .checked_mul(
                    key.n(),
                    &BigNum::from_u32(factor).unwrap(),
                    &mut openssl::bn::BigNumContext::new().unwrap(),
                )
                .unwrap();
            assert!(has_small_factor(&product).unwrap(), "{factor}");
        }
    }
}
