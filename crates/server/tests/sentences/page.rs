//! `docs/conformance.md`, rendered from the tables.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::table::{ALL, Row, Table};

/// The page.
pub fn render() -> String {
    let mut page = String::from(
        "# Conformance\n\nEach sentence of the specifications that demands something of this service, in our words, and the tests that keep it;\n\
         or why it is not this service's to keep. Then what certification suites assert that needs no authorization endpoint, and what is\n\
         promised beyond the specifications. Rendered from the tables in `crates/server/tests/sentences`; a test compares, and\n\
         sees that every test named here exists and cites its section.\n\n\
         | | sentences | kept by tests | not ours |\n|---|---|---|---|\n",
    );
    for Table { title, rows, .. } in &ALL {
        let ours = rows.iter().filter(|row| !row.tests.is_empty()).count();
        let _ = writeln!(
            page,
            "| {title} | {} | {ours} | {} |",
            rows.len(),
            rows.len() - ours
        );
    }
    for Table {
        title, head, rows, ..
    } in &ALL
    {
        let _ = write!(
            page,
            "\n## {title}\n\n| {head} | | sentence | kept by, or why not |\n|---|---|---|---|\n"
        );
        for row in *rows {
            let section = if *head == "section" { "§" } else { "" };
            let _ = writeln!(
                page,
                "| {section}{} | {} | {} | {} |",
                row.at,
                row.level,
                row.says,
                proof(row)
            );
        }
    }
    page
}

/// Each test as a link to its file, and the note.
fn proof(row: &Row) -> String {
    let tests = row.tests.iter().filter_map(|test| test.split_once("::"));
    let mut cell: Vec<String> = tests
        .map(|(file, function)| format!("[`{function}`](../crates/{file})"))
        .collect();
    if !row.note.is_empty() {
        cell.push(row.note.to_owned());
    }
    cell.join("<br>")
}

/// Compares the page with the one that is checked in, or writes it.
pub fn keep(page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/conformance.md");
    #[expect(
        clippy::disallowed_methods,
        reason = "a switch for the person at the terminal, not a setting of the program"
    )]
    if std::env::var_os("UPDATE_PAGES").is_some() {
        fs::write(&path, page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "docs/conformance.md is not what the tables say; UPDATE_PAGES=1 cargo test -p server --test sentences writes it"
    );
}
