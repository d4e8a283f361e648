//! The generated pages in `docs/` are what the tables say. `UPDATE_PAGES=1 cargo test -p server --test pages`
//! writes them.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use std::fs;
use std::path::Path;

/// Compares a page with the one that is checked in, or writes it.
fn keep(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name);
    #[expect(
        clippy::disallowed_methods,
        reason = "a switch for the person at the terminal, not a setting of the program"
    )]
    if std::env::var_os("UPDATE_PAGES").is_some() {
        fs::write(&path, page).expect("docs can be written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "docs/{name} is not what the tables say; UPDATE_PAGES=1 cargo test -p server --test pages writes it"
    );
}

/// The pages say what the tables say.
#[test]
fn pages_match_the_tables() {
    keep("configuration.md", &server::pages::configuration());
    keep("outside.md", &server::pages::outside());
    keep("openapi.json", &server::openapi::page());
    keep("monitoring/README.md", &server::pages::monitoring());
}
