//! Hexadecimal digits in lower case. Every request and every registration makes identifiers of them, and `format!` is slower.

/// Returns the last hexadecimal digit of a number.
pub fn digit(number: u64) -> u8 {
    let digit = usize::try_from(number & 15)
        .ok()
        .and_then(|digit| b"0123456789abcdef".get(digit));
    digit.copied().unwrap_or(b'0')
}

/// Appends the last `digits` hexadecimal digits of a number to a text.
pub fn push(text: &mut String, number: u64, digits: u32) {
    text.extend(
        (0..digits)
            .rev()
            .map(|place| char::from(digit(number.checked_shr(4 * place).unwrap_or(0)))),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_as_many_digits_as_are_asked_for() {
        for number in [0, 9, 10, 0x0123_4567_89ab_cdef, u64::MAX] {
            let mut text = "x".to_owned();
            push(&mut text, number, 20);
            assert_eq!(text, format!("x{number:020x}"));
        }
        let mut text = String::new();
        push(&mut text, 0x12345, 3);
        assert_eq!(text, "345");
    }
}
