//! Moduli of RSA keys: of a length that is safe and can be afforded, and not divided at once. RFC 7518 §6.3, §3.3.

use std::sync::LazyLock;

use openssl::bn::BigNumRef;
use openssl::error::ErrorStack;

/// How short a modulus may be, in bits.
const BITS_MIN: i32 = 2048;

/// How long; a longer one would cost whoever verifies with it dearly.
const BITS_MAX: i32 = 16384;

/// The odd primes below 1000. The factors of a key have a thousand bits, and nobody makes one with such a small factor but
/// to mislead or by a fault.
static SMALL_PRIMES: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut primes: Vec<u32> = Vec::new();
    for number in (3..1000).step_by(2) {
        if primes.iter().all(|prime| number % prime != 0) {
            primes.push(number);
        }
    }
    primes
});

/// Whether a modulus has a length that is accepted.
pub fn has_length(modulus: &BigNumRef) -> bool {
    (BITS_MIN..=BITS_MAX).contains(&modulus.num_bits())
}

/// Whether a small prime divides a modulus.
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
            product.checked_mul(key.n(), &BigNum::from_u32(factor).unwrap(), &mut openssl::bn::BigNumContext::new().unwrap()).unwrap();
            assert!(has_small_factor(&product).unwrap(), "{factor}");
        }
    }
}
