//! A second parser and matcher of the grammar of patterns: slow, and written directly from the definition of a match.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

use proptest::prelude::Rng;

/// A parsed pattern. A group is represented by its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// This character.
    Character(char),
    /// `.`: any character but the end of a line.
    Any,
    /// A character in one of these ranges, or in none of them.
    Class {
        /// True if the class begins with `^`.
        negated: bool,
        /// The first and the last character of each range.
        ranges: Vec<(char, char)>,
    },
    /// At least, and at most, so many of the expression.
    Repeated(Box<Self>, u32, Option<u32>),
    /// One after the other.
    Sequence(Vec<Self>),
    /// One of them.
    Alternatives(Vec<Self>),
}

impl Expression {
    /// Reads a pattern of the grammar, which has no anchors.
    pub fn read(pattern: &str) -> Self {
        let mut rest = pattern.chars().peekable();
        let expression = alternatives(&mut rest);
        assert_eq!(rest.next(), None, "{pattern}");
        expression
    }

    /// True if the whole text is matched.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        self.ends(&text, &BTreeSet::from([0])).contains(&text.len())
    }

    /// Returns the ends of the matches that begin at one of `starts`.
    fn ends(&self, text: &[char], starts: &BTreeSet<usize>) -> BTreeSet<usize> {
        match self {
            Self::Sequence(parts) => parts
                .iter()
                .fold(starts.clone(), |starts, part| part.ends(text, &starts)),
            Self::Alternatives(ways) => {
                ways.iter().flat_map(|way| way.ends(text, starts)).collect()
            }
            Self::Repeated(what, least, most) => {
                let mut from = starts.clone();
                for _ in 0..*least {
                    from = what.ends(text, &from);
                }
                let mut all = from.clone();
                for _ in *least..most.unwrap_or(u32::MAX) {
                    from = what.ends(text, &from);
                    if from.is_subset(&all) {
                        break;
                    }
                    all.extend(&from);
                }
                all
            }
            one => starts
                .iter()
                .filter(|start| text.get(**start).is_some_and(|found| one.has(*found)))
                .map(|start| start + 1)
                .collect(),
        }
    }

    /// True if the character is matched.
    pub(super) fn has(&self, found: char) -> bool {
        match self {
            Self::Character(character) => *character == found,
            Self::Any => found != '\n',
            Self::Class { negated, ranges } => {
                ranges
                    .iter()
                    .any(|(from, to)| (*from..=*to).contains(&found))
                    != *negated
            }
            _ => false,
        }
    }

    /// Writes a text that is matched, of printable ASCII; an impossible class is left out.
    pub fn sample(&self, random: &mut impl Rng, out: &mut String) {
        match self {
            Self::Sequence(parts) => parts.iter().for_each(|part| part.sample(random, out)),
            Self::Alternatives(ways) => {
                if let Some(way) = ways.get(below(random, ways.len())) {
                    way.sample(random, out);
                }
            }
            Self::Repeated(what, least, most) => {
                let more = most.map_or(2, |most| most - least).min(2);
                let times = u64::from(*least) + random.next_u64() % u64::from(more + 1);
                (0..times).for_each(|_| what.sample(random, out));
            }
            one => {
                let possible: Vec<char> = ('!'..='~')
                    .filter(|character| one.has(*character))
                    .collect();
                out.extend(possible.get(below(random, possible.len())));
            }
        }
    }
}

/// A random number below `end`.
pub fn below(random: &mut impl Rng, end: usize) -> usize {
    let end = u64::try_from(end).unwrap_or(1).max(1);
    usize::try_from(random.next_u64() % end).unwrap_or(0)
}

fn alternatives(rest: &mut Peekable<Chars<'_>>) -> Expression {
    let mut ways = vec![Vec::new()];
    while let Some(next) = rest.next_if(|next| *next != ')') {
        if next == '|' {
            ways.push(Vec::new());
            continue;
        }
        let atom = match next {
            '(' => {
                if rest.next_if_eq(&'?').is_some() {
                    assert_eq!(rest.next(), Some(':'));
                }
                let group = alternatives(rest);
                assert_eq!(rest.next(), Some(')'));
                group
            }
            '[' => class(rest),
            '\\' => Expression::Character(rest.next().expect("an escaped character")),
            '.' => Expression::Any,
            plain => Expression::Character(plain),
        };
        ways.last_mut()
            .expect("one at least")
            .push(repeated(atom, rest));
    }
    Expression::Alternatives(ways.into_iter().map(Expression::Sequence).collect())
}

fn repeated(atom: Expression, rest: &mut Peekable<Chars<'_>>) -> Expression {
    let (least, most) = match rest.next_if(|next| "*+?{".contains(*next)) {
        Some('*') => (0, None),
        Some('+') => (1, None),
        Some('?') => (0, Some(1)),
        Some(_) => {
            let braces: String = rest.by_ref().take_while(|next| *next != '}').collect();
            match braces.split_once(',') {
                None => (number(&braces), Some(number(&braces))),
                Some((least, "")) => (number(least), None),
                Some((least, most)) => (number(least), Some(number(most))),
            }
        }
        None => return atom,
    };
    Expression::Repeated(Box::new(atom), least, most)
}

fn number(digits: &str) -> u32 {
    digits.parse().expect("a number")
}

fn class(rest: &mut Peekable<Chars<'_>>) -> Expression {
    let negated = rest.next_if_eq(&'^').is_some();
    let members: Vec<char> = rest.by_ref().take_while(|next| *next != ']').collect();
    let mut members = members.as_slice();
    let mut ranges = Vec::new();
    loop {
        members = match members {
            [from, '-', to, rest @ ..] => {
                ranges.push((*from, *to));
                rest
            }
            [one, rest @ ..] => {
                ranges.push((*one, *one));
                rest
            }
            [] => return Expression::Class { negated, ranges },
        }
    }
}
