//! Candidate texts for a pattern: some that match, and some that nearly match.

use proptest::prelude::Rng;

use super::ELSEWHERE;
use super::reading::{Expression, below};

/// Returns candidates of printable ASCII for an expression, without duplicates.
pub fn candidates(expression: &Expression, random: &mut impl Rng) -> Vec<String> {
    let mut all: Vec<String> = ELSEWHERE.map(str::to_owned).into();
    for _ in 0..8 {
        let mut text = String::new();
        expression.sample(random, &mut text);
        all.push(changed(&text, random));
        all.push(format!("x{text}"));
        all.push(text + "/");
    }
    for _ in 0..8 {
        let mut text = String::new();
        expression.sample(random, &mut text);
        all.push(text);
    }
    all.sort();
    all.dedup();
    all
}

/// Returns the text with one character changed, added or removed.
fn changed(text: &str, random: &mut impl Rng) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = below(random, characters.len());
    let other = ('!'..='~').nth(below(random, 94)).unwrap_or('x');
    match below(random, 3) {
        0 => characters.insert(at, other),
        1 if at < characters.len() => drop(characters.remove(at)),
        _ => characters
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|one| *one = other),
    }
    characters.into_iter().collect()
}
