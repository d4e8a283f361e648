//! Escaping of untrusted text for logs and terminals.
//!
//! Clients choose names and other texts that operators read. Control characters could forge log lines or move the cursor of a
//! terminal, and invisible characters or a change of the reading direction could make a text look like another. Unicode TR 36
//! §3, `Default_Ignorable_Code_Point` (Unicode §5.21), §23.7.

use std::borrow::Cow;
use std::fmt::Write;

/// Returns true for control characters, line separators, directional formatting, invisible characters and noncharacters.
pub fn deceives(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fdd0}'..='\u{fdef}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || u32::from(character) & 0xfffe == 0xfffe
}

/// Returns a text on a single line, with misleading characters escaped as `\u{1b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |text, character| {
        text.extend(character.escape_unicode());
    })
}

/// Escapes each line of a text, and keeps its line breaks.
pub fn visible_lines(text: &str) -> String {
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(visible).collect();
    lines.join("\n")
}

/// Returns an escaped text in quotes, so that its beginning and its end are recognisable.
pub fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', r"\\").replace('"', r#"\""#);
    format!("\"{}\"", visible(&escaped))
}

/// Returns a text unchanged if it is words separated by single spaces, otherwise escaped and in quotes.
pub fn plain(text: &str) -> Cow<'_, str> {
    let blank = |character: char| character.is_whitespace() && character != ' ';
    let strange = |character: char| {
        matches!(character, '"' | '\\') || blank(character) || deceives(character)
    };
    match text.split(' ').any(str::is_empty) || text.contains(strange) {
        true => Cow::Owned(quoted(text)),
        false => Cow::Borrowed(text),
    }
}

/// Escapes each line of a JSON text, and keeps its line breaks.
pub fn visible_json_lines(json: &str) -> String {
    let lines: Vec<Cow<'_, str>> = json.split('\n').map(visible_json).collect();
    lines.join("\n")
}

/// Returns JSON on a single line, with misleading characters, which occur only in its strings, escaped as `\u001b`.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    escaped(json, |text, character| {
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\u{unit:04x}");
        }
    })
}

fn escaped(text: &str, escape: impl Fn(&mut String, char)) -> Cow<'_, str> {
    // Most texts are ASCII, in which only control characters are misleading.
    let harmless = if text.is_ascii() {
        !text
            .bytes()
            .fold(false, |any, byte| any | byte.is_ascii_control())
    } else {
        !text.contains(deceives)
    };
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

    /// Deceptive characters are escaped.
    #[test]
    fn deceptive_characters_are_escaped() {
        assert_eq!(visible("Grüße, 你好"), "Grüße, 你好");
        assert_eq!(
            visible("a\nb\r\u{1b}[2J\u{9b}2J\u{202e}x\u{7f}"),
            r"a\u{a}b\u{d}\u{1b}[2J\u{9b}2J\u{202e}x\u{7f}"
        );
    }

    /// Texts of other parties are quoted.
    #[test]
    fn foreign_texts_are_quoted() {
        assert_eq!(quoted("A client"), r#""A client""#);
        assert_eq!(
            quoted("x\"  admin  \u{200b}\\"),
            r#""x\"  admin  \u{200b}\\""#
        );
        for text in [
            "alice",
            "id (a label)",
            "https://op.example/t/ä",
            "-",
            "a, b",
        ] {
            assert_eq!(plain(text), text);
        }
        for text in [
            "",
            "a  b",
            " a",
            "a ",
            "a\u{a0}b",
            "a\u{3000}\u{3000}b",
            "\"a\"",
            "a\\u{a}",
            "a\u{feff}",
            "a\nb",
        ] {
            assert!(
                plain(text).starts_with('"') && plain(text).ends_with('"'),
                "{text:?}"
            );
        }
        assert_eq!(visible_lines("a\u{2028}\nb\n"), "a\\u{2028}\nb\n");
    }

    #[test]
    fn json_stays_json() {
        let json = serde_json::Value::from("a\u{9b}\u{202e}\u{e0041}\n").to_string();
        let shown = visible_json(&json);
        assert_eq!(shown, r#""a\u009b\u202e\udb40\udc41\n""#);
        assert_eq!(
            serde_json::from_str::<String>(&shown).unwrap(),
            "a\u{9b}\u{202e}\u{e0041}\n"
        );
    }
}
