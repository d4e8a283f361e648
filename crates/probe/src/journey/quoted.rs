//! Text of another party inside our sentences.
//!
//! A secret is masked in what a server sent, which may repeat it, and never in our own words, which it may happen to be: the
//! password `wrong` is no reason to hide a word of an error message. The beginning and the end of quoted text are marked with
//! control characters until it is printed.

use std::fmt;

const BEGIN: char = '\u{2}';
const END: char = '\u{3}';

/// A text that a server sent, or that names a place where it is sent.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.replace([BEGIN, END], "\u{fffd}");
        write!(f, "{BEGIN}{text}{END}")
    }
}

/// Replaces the quoted parts of a text by what `change` makes of them, and removes the marks.
pub(super) fn replace_quoted(text: &str, change: impl Fn(&str) -> String) -> String {
    let mut parts = text.split(BEGIN);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (quoted, own) = part.split_once(END).unwrap_or((part, ""));
        replaced.push_str(&change(quoted));
        replaced.push_str(own);
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quoted text is found in a sentence, and cannot end its own quotation.
    #[test]
    fn quotation_cannot_be_ended_from_inside() {
        let hidden = |_: &str| "…".to_owned();
        let sentence = format!("a {} b {}", Quoted("secret"), Quoted("x\u{3}secret\u{2}"));
        assert_eq!(replace_quoted(&sentence, hidden), "a … b …");
        assert_eq!(replace_quoted("a", hidden), "a");
    }
}
