//! The hosts that are written in a pattern.

/// Escapes the dots between the labels of every host, because an unescaped dot matches any character and so a host of another
/// owner. `None` if a host is not written literally up to the slash after it.
pub fn escape_dots(pattern: &str) -> Option<String> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        if before.ends_with("(?://") {
            // The colon belongs to the group and not to a scheme.
            rest = after;
            continue;
        }
        let mut end = 0;
        let mut escaped = false;
        for character in after.chars() {
            match character {
                '.' if !escaped => out.push_str("\\."),
                '.' | '\\' | '-' | '_' | ':' => out.push(character),
                _ if character.is_ascii_alphanumeric() && !escaped => out.push(character),
                _ => break,
            }
            escaped = character == '\\' && !escaped;
            end += character.len_utf8();
        }
        rest = after.get(end..).filter(|rest| rest.starts_with('/'))?;
    }
    out.push_str(rest);
    Some(out)
}
