//! Octet key pairs: each is a point of its curve, and none is of small order, whose shared secret or signatures can be
//! computed without a private key. RFC 8037 §2, RFC 7748 §6, RFC 8032 §5.1.3, §5.2.3.
//!
//! A point is judged by the one coordinate that is sent. On an Edwards curve a·x² + y² = 1 + d·x²·y² that is y: x² follows
//! from it, and must be a square. The double of a point has y = 0, so that the point is of order 8, where a·x² = y². On a
//! Montgomery curve v² = u³ + A·u² + u it is u, and the double of a point has u = 1, so that the point is of order 8, where
//! (u² - 1)² = 4·u·(u² + A·u + 1).

use openssl::bn::{BigNum, BigNumContext};
use openssl::error::ErrorStack;

/// The two shapes of curves.
enum CurveForm {
    /// The sign of x stands in the highest bit. The coefficient a is 1, or -1 where it is negative; d is a hexadecimal number.
    Edwards { negative: bool, d: &'static str },
    /// The coefficient A.
    Montgomery { a: u32 },
}

/// A curve over a prime field.
pub struct OctetPairCurve {
    shape: CurveForm,
    /// The prime, in hexadecimal.
    prime: &'static str,
    /// The length of a public key, in bytes.
    width: usize,
}

const P25519: &str = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed";
const P448: &str = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffe\
    ffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

const ED25519: OctetPairCurve = OctetPairCurve {
    shape: CurveForm::Edwards {
        negative: true,
        d: "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3",
    },
    prime: P25519,
    width: 32,
};
// The coefficient d is -39081.
const ED448: OctetPairCurve = OctetPairCurve {
    shape: CurveForm::Edwards {
        negative: false,
        d: "-98a9",
    },
    prime: P448,
    width: 57,
};
const X25519: OctetPairCurve = OctetPairCurve {
    shape: CurveForm::Montgomery { a: 486_662 },
    prime: P25519,
    width: 32,
};
const X448: OctetPairCurve = OctetPairCurve {
    shape: CurveForm::Montgomery { a: 156_326 },
    prime: P448,
    width: 56,
};

impl OctetPairCurve {
    /// Returns the curve of a name (`crv`), and true if its keys sign.
    pub fn named(name: &str) -> Option<(Self, bool)> {
        match name {
            "Ed25519" => Some((ED25519, true)),
            "Ed448" => Some((ED448, true)),
            "X25519" => Some((X25519, false)),
            "X448" => Some((X448, false)),
            _ => None,
        }
    }

    /// Returns true if some bytes have the length of a public key.
    pub fn has_width(&self, key: &[u8]) -> bool {
        key.len() == self.width
    }

    /// Returns true if a public key is the only encoding of a point of the curve, and the order of the point is not small.
    ///
    /// # Errors
    /// When there is no memory for the numbers.
    pub fn has_point(&self, key: &[u8]) -> Result<bool, ErrorStack> {
        let mut big_endian: Vec<u8> = key.iter().rev().copied().collect();
        if let (CurveForm::Edwards { .. }, Some(highest)) = (&self.shape, big_endian.first_mut()) {
            *highest &= 0x7f;
        }
        let coordinate = BigNum::from_slice(&big_endian)?;
        let mut field = PrimeField {
            prime: BigNum::from_hex_str(self.prime)?,
            context: BigNumContext::new()?,
        };
        if coordinate >= field.prime {
            return Ok(false);
        }
        match &self.shape {
            CurveForm::Edwards { negative, d } => {
                field.has_edwards(*negative, &BigNum::from_hex_str(d)?, &coordinate)
            }
            CurveForm::Montgomery { a } => {
                field.has_montgomery(&BigNum::from_u32(*a)?, &coordinate)
            }
        }
    }
}

/// The numbers modulo a prime.
struct PrimeField {
    prime: BigNum,
    context: BigNumContext,
}

impl PrimeField {
    fn has_edwards(&mut self, negative: bool, d: &BigNum, y: &BigNum) -> Result<bool, ErrorStack> {
        let one = BigNum::from_u32(1)?;
        let a = if negative {
            self.difference(&BigNum::new()?, &one)?
        } else {
            BigNum::from_u32(1)?
        };
        let y2 = self.product(y, y)?;
        let dy2 = self.product(d, &y2)?;
        // x² is the first by the second, and a square where their product is one.
        let (above, below) = (self.difference(&one, &y2)?, self.difference(&a, &dy2)?);
        let x2 = self.product(&above, &below)?;
        let twice = self.sum(&y2, &y2)?;
        let half = self.difference(&twice, &one)?;
        let of_order_8 = self.product(&a, &half)? == self.product(&dy2, &y2)?;
        let of_order_4 = y2.num_bits() == 0 || y2 == one;
        Ok(!of_order_4 && !of_order_8 && self.is_square(&x2)?)
    }

    fn has_montgomery(&mut self, a: &BigNum, u: &BigNum) -> Result<bool, ErrorStack> {
        let one = BigNum::from_u32(1)?;
        let u2 = self.product(u, u)?;
        let au = self.product(a, u)?;
        let sum = self.sum(&u2, &au)?;
        let sum = self.sum(&sum, &one)?;
        let v2 = self.product(u, &sum)?;
        let root = self.difference(&u2, &one)?;
        let of_order_8 = self.product(&root, &root)? == self.product(&BigNum::from_u32(4)?, &v2)?;
        let of_order_4 = u2.num_bits() == 0 || u2 == one;
        Ok(!of_order_4 && !of_order_8 && self.is_square(&v2)?)
    }

    /// Euler's criterion, for a number that is not 0.
    fn is_square(&mut self, number: &BigNum) -> Result<bool, ErrorStack> {
        let (mut half, mut power) = (BigNum::new()?, BigNum::new()?);
        half.rshift1(&self.prime)?;
        power.mod_exp(number, &half, &self.prime, &mut self.context)?;
        Ok(power == BigNum::from_u32(1)?)
    }

    fn product(&mut self, one: &BigNum, other: &BigNum) -> Result<BigNum, ErrorStack> {
        let mut product = BigNum::new()?;
        product.mod_mul(one, other, &self.prime, &mut self.context)?;
        Ok(product)
    }

    fn sum(&mut self, one: &BigNum, other: &BigNum) -> Result<BigNum, ErrorStack> {
        let mut sum = BigNum::new()?;
        sum.mod_add(one, other, &self.prime, &mut self.context)?;
        Ok(sum)
    }

    fn difference(&mut self, one: &BigNum, other: &BigNum) -> Result<BigNum, ErrorStack> {
        let mut difference = BigNum::new()?;
        difference.mod_sub(one, other, &self.prime, &mut self.context)?;
        Ok(difference)
    }
}

#[cfg(test)]
mod tests {
    use openssl::pkey::PKey;

    use super::*;

    fn has_point(name: &str, key: &[u8]) -> bool {
        let (curve, _) = OctetPairCurve::named(name).unwrap();
        assert!(curve.has_width(key), "{name}");
        curve.has_point(key).unwrap()
    }

    fn bytes(hexadecimal: &str) -> Vec<u8> {
        BigNum::from_hex_str(&format!("01{hexadecimal}"))
            .unwrap()
            .to_vec()
            .split_off(1)
    }

    #[test]
    fn generated_keys_are_points_of_their_curves() {
        for _ in 0..100 {
            for (name, key) in [
                ("Ed25519", PKey::generate_ed25519()),
                ("Ed448", PKey::generate_ed448()),
                ("X25519", PKey::generate_x25519()),
                ("X448", PKey::generate_x448()),
            ] {
                let key = key.unwrap().raw_public_key().unwrap();
                assert!(has_point(name, &key), "{name} {key:?}");
            }
        }
    }

    /// RFC 8032 §7.1, §7.4, RFC 7748 §6.1, §6.2.
    #[test]
    fn keys_of_the_specifications_are_points() {
        for (name, key) in [
            (
                "Ed25519",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            ),
            (
                "Ed25519",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            ),
            (
                "Ed448",
                "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
            ),
            (
                "X25519",
                "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
            ),
            (
                "X25519",
                "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
            ),
            (
                "X448",
                "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0",
            ),
        ] {
            assert!(has_point(name, &bytes(key)), "{name} {key}");
        }
    }

    #[test]
    fn points_of_small_order_are_refused() {
        let edwards = [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "0100000000000000000000000000000000000000000000000000000000000080",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        ];
        let montgomery = [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ];
        for (name, keys) in [("Ed25519", &edwards[..]), ("X25519", &montgomery[..])] {
            for key in keys {
                assert!(!has_point(name, &bytes(key)), "{name} {key}");
            }
        }
        let one = |width: usize| [&[1][..], &vec![0; width - 1]].concat();
        let minus_one = || bytes(&format!("fe{}fe{}", "ff".repeat(27), "ff".repeat(27)));
        for key in [vec![0; 56], one(56), minus_one()] {
            assert!(!has_point("X448", &key), "{key:?}");
            for sign in [0, 0x80] {
                assert!(
                    !has_point("Ed448", &[&key[..], &[sign]].concat()),
                    "{key:?}"
                );
            }
        }
    }

    #[test]
    fn every_point_has_one_spelling() {
        // The prime and what is above it, and a number without a root.
        for last in ["7f", "ff"] {
            for first in ["ed", "ee", "f0", "ff"] {
                let key = bytes(&format!("{first}{}{last}", "ff".repeat(30)));
                assert!(
                    !has_point("Ed25519", &key) && !has_point("X25519", &key),
                    "{key:?}"
                );
            }
        }
        for key in [[0xff; 57].to_vec(), [&[0xff; 56][..], &[0]].concat()] {
            assert!(!has_point("Ed448", &key) && !has_point("X448", &key[..56]));
        }
        let on_curve = |name: &str, width: usize| {
            (2_u8..200)
                .filter(|first| has_point(name, &[&[*first][..], &vec![0; width - 1]].concat()))
                .count()
        };
        for (name, width) in [("Ed25519", 32), ("X25519", 32), ("Ed448", 57), ("X448", 56)] {
            let some = on_curve(name, width);
            assert!(
                (60..140).contains(&some),
                "{name}: about half of all numbers are of a point, and {some} of 198 are"
            );
        }
        // A key with one of the bits that mean nothing.
        let mut key = PKey::generate_ed448().unwrap().raw_public_key().unwrap();
        key[56] |= 1;
        assert!(!has_point("Ed448", &key));
    }
}
