//! Texts of strangers, where a terminal or another line could be mistaken about them.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character ends lines, moves cursors, turns texts around or cannot be seen: none of which a stranger may do to
/// a log or a terminal. Unicode TR 36 §3.
fn deceives(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A text on one line, with such characters as `\u{1b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |text, character| text.extend(character.escape_unicode()))
}

/// JSON on one line, with such characters as `\u001b`: they can only stand in its strings.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    escaped(json, |text, character| {
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a text does not fail.
            let _ = write!(text, "\\u{unit:04x}");
        }
    })
}

fn escaped(text: &str, escape: impl Fn(&mut String, char)) -> Cow<'_, str> {
    // Nearly every text is ASCII, and of that only the control characters deceive.
    let harmless =
        if text.is_ascii() { !text.bytes().fold(false, |any, byte| any | byte.is_ascii_control()) } else { !text.contains(deceives) };
    if harmless {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match deceives(character) {
            true => escape(&mut visible, character),
            false => visible.push(character),
        }
    }
    Cow::Owned(visible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_deceives_is_spelled_out() {
        assert_eq!(visible("Grüße, 你好"), "Grüße, 你好");
        assert_eq!(visible("a\nb\r\u{1b}[2J\u{9b}2J\u{202e}x\u{7f}"), r"a\u{a}b\u{d}\u{1b}[2J\u{9b}2J\u{202e}x\u{7f}");
    }

    #[test]
    fn json_stays_json() {
        let json = serde_json::Value::from("a\u{9b}\u{202e}\u{e0041}\n").to_string();
        let shown = visible_json(&json);
        assert_eq!(shown, r#""a\u009b\u202e\udb40\udc41\n""#);
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), "a\u{9b}\u{202e}\u{e0041}\n");
    }
}
