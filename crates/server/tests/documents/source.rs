//! The texts of the source that pages quote.

use std::fs;
use std::path::Path;

use crate::root;

/// Every file of Rust in our crates: comments left out, and texts over several lines put together.
pub fn all() -> Vec<String> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        read(&folder.join("src"), &mut sources);
        read(&folder.join("tests"), &mut sources);
    }
    sources
}

fn read(folder: &Path, sources: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(said(&fs::read_to_string(path).unwrap()));
        }
    }
}

fn said(source: &str) -> String {
    let mut said = String::new();
    let mut goes_on = false;
    for line in source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        let line = if goes_on { line.trim_start() } else { line };
        let (line, more) = line
            .strip_suffix('\\')
            .map_or((line, false), |line| (line, true));
        said.push_str(&line.replace("\\\"", "\""));
        if !more {
            said.push('\n');
        }
        goes_on = more;
    }
    said
}
