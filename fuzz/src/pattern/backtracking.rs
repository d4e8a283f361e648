//! A reading as most engines do it, which try one way after another: for how long they take.

use super::reading::Expression;

/// True if the whole text is matched. Absent when that takes more steps than these.
pub fn matches_within(steps: u32, expression: &Expression, text: &str) -> Option<bool> {
    let text: Vec<char> = text.chars().collect();
    let mut attempt = Attempt { text: &text, steps };
    let matched = attempt.expression(expression, 0, &mut |attempt, at| at == attempt.text.len());
    (attempt.steps > 0).then_some(matched)
}

struct Attempt<'a> {
    text: &'a [char],
    /// The steps that are left.
    steps: u32,
}

/// The rest of the expression, from a place in the text on.
type Then<'t, 'a> = &'t mut dyn FnMut(&mut Attempt<'a>, usize) -> bool;

impl<'a> Attempt<'a> {
    fn expression(&mut self, expression: &Expression, at: usize, then: Then<'_, 'a>) -> bool {
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

    fn sequence(&mut self, parts: &[Expression], at: usize, then: Then<'_, 'a>) -> bool {
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
        then: Then<'_, 'a>,
    ) -> bool {
        let once_more = most != Some(0)
            && self.expression(what, at, &mut |attempt, next| {
                // Nothing more often is nothing still.
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
