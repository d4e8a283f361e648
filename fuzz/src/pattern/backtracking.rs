//! A backtracking matcher, as most engines are, which counts its steps.

use super::reading::Expression;

/// Returns true if the expression matches the whole text, and `None` if that takes more than the given number of steps.
pub fn matches_within(steps: u32, expression: &Expression, text: &str) -> Option<bool> {
    let text: Vec<char> = text.chars().collect();
    let mut attempt = Matcher { text: &text, steps };
    let matched = attempt.expression(expression, 0, &mut |attempt, at| at == attempt.text.len());
    (attempt.steps > 0).then_some(matched)
}

struct Matcher<'a> {
    text: &'a [char],
    /// The steps that are left.
    steps: u32,
}

/// The rest of the expression, from a place in the text on.
type Continuation<'t, 'a> = &'t mut dyn FnMut(&mut Matcher<'a>, usize) -> bool;

impl<'a> Matcher<'a> {
    fn expression(
        &mut self,
        expression: &Expression,
        at: usize,
        then: Continuation<'_, 'a>,
    ) -> bool {
        self.steps = self.steps.saturating_sub(1);
        if self.steps == 0 {
            return false;
        }
        match expression {
            Expression::Sequence(parts) => self.sequence(parts, at, then),
            Expression::Alternatives(ways) => ways.iter().any(|way| self.expression(way, at, then)),
            Expression::Repeated(what, least, most) => self.repeated(what, *least, *most, at, then),
            one => self.text.get(at).is_some_and(|found| one.has(*found)) && then(self, at + 1),
        }
    }

    fn sequence(&mut self, parts: &[Expression], at: usize, then: Continuation<'_, 'a>) -> bool {
        match parts {
            [] => then(self, at),
            [first, rest @ ..] => self.expression(first, at, &mut |attempt, at| {
                attempt.sequence(rest, at, then)
            }),
        }
    }

    fn repeated(
        &mut self,
        what: &Expression,
        least: u32,
        most: Option<u32>,
        at: usize,
        then: Continuation<'_, 'a>,
    ) -> bool {
        let once_more = most != Some(0)
            && self.expression(what, at, &mut |attempt, next| {
                // Repeating an empty match has no effect.
                (next > at || least > 0)
                    && attempt.repeated(
                        what,
                        least.saturating_sub(1),
                        most.map(|most| most - 1),
                        next,
                        then,
                    )
            });
        once_more || (least == 0 && then(self, at))
    }
}
