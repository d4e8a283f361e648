//! Looks a named test up in its file, with the sentence in its doc comment.

use std::fs;
use std::path::Path;

/// A test as its file has it.
pub struct Test {
    /// The name and the doc comment.
    pub says: String,
}

/// The test function that `file::function` names, below `crates/`.
///
/// # Errors
/// What is missing.
pub fn find(named: &str) -> Result<Test, String> {
    let (file, function) = named
        .split_once("::")
        .ok_or_else(|| format!("{named}: is not file::function"))?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let text = fs::read_to_string(path).map_err(|error| format!("{named}: {error}"))?;
    let (mut doc, mut is_test) = (String::new(), false);
    for line in text.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("///") {
            doc = format!("{doc}{comment}");
        } else if line.starts_with("#[") {
            is_test |= line == "#[test]" || line == "#[actix_web::test]";
        } else {
            let name = line
                .strip_prefix("async ")
                .unwrap_or(line)
                .strip_prefix("fn ")
                .and_then(|rest| rest.split('(').next());
            if name == Some(function) {
                return if is_test {
                    Ok(Test {
                        says: format!("{function}: {doc}"),
                    })
                } else {
                    Err(format!("{named}: is no test"))
                };
            }
            (doc, is_test) = (String::new(), false);
        }
    }
    Err(format!("{named}: there is no such function"))
}

impl Test {
    /// Returns true if it cites a section of a specification, or a section inside that one. `RFC 7591 §2, §3.1` cites two
    /// sections of the same specification.
    pub fn cites(&self, specification: &str, section: &str) -> bool {
        let inside = format!("{section}.");
        let mut specified = false;
        for piece in self.says.split('§') {
            let cited: String = piece
                .chars()
                .take_while(|letter| letter.is_ascii_digit() || *letter == '.')
                .collect();
            let cited = cited.trim_end_matches('.');
            if specified && (cited == section || cited.starts_with(&inside)) {
                return true;
            }
            // After a section comes either another of the same specification or a name.
            let rest = piece.get(cited.len()..).unwrap_or_default().trim();
            if !matches!(rest, "," | "and" | ", and") {
                specified = rest.ends_with(specification);
            }
        }
        false
    }
}
