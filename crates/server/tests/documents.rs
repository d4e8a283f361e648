//! README, the pages of `docs/` and the others do what they say: every block of code that can be run is run against the real
//! binary, every link leads somewhere, every sentence that is quoted is the program's own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod support;

#[path = "documents/block.rs"]
mod block;
#[path = "documents/compose.rs"]
mod compose;
#[path = "documents/converter.rs"]
mod converter;
#[path = "documents/page.rs"]
mod page;
#[path = "documents/source.rs"]
mod source;
#[path = "documents/world.rs"]
mod world;

use std::fs;
use std::path::Path;
use std::thread;

use page::Page;
use world::World;

/// Returns the root of the source, with the pages.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Every page that is kept with the source.
fn pages() -> Vec<Page> {
    let mut names: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| {
        Path::new(name)
            .extension()
            .is_some_and(|extension| extension == "md")
    });
    for folder in ["docs", "interop", "migrations"] {
        files(folder, "md", &mut names);
    }
    names.sort();
    let pages: Vec<Page> = names.iter().map(|name| Page::read(root(), name)).collect();
    for known in [
        "README.md",
        "docs/run.md",
        "docs/recipes/mcp/README.md",
        "migrations/README.md",
    ] {
        assert!(
            names.iter().any(|name| name == known),
            "{known} is not among {names:?}"
        );
    }
    pages
}

/// The files below a folder that end so.
fn files(folder: &str, wanted: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{folder}/{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            files(&name, wanted, names);
        } else if Path::new(&name)
            .extension()
            .is_some_and(|extension| extension == wanted)
        {
            names.push(name);
        }
    }
}

/// Every block of code runs, or gives a reason.
#[test]
fn every_code_block_runs_or_has_reason() {
    let pages = pages();
    let wrong: Vec<String> = thread::scope(|scope| {
        let running: Vec<_> = pages
            .iter()
            .map(|page| scope.spawn(|| block::run_all(page)))
            .collect();
        running
            .into_iter()
            .flat_map(|page| page.join().unwrap())
            .collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Every configuration in a recipe is accepted by `frontdesk check`. Traefik's own files are left
/// out.
#[test]
fn recipe_configurations_pass_check() {
    let mut names = Vec::new();
    files("docs/recipes", "toml", &mut names);
    names.retain(|name| !name.contains("/traefik/"));
    assert!(names.len() >= 3, "{names:?}");
    let world = World::new();
    let wrong: Vec<String> = names
        .iter()
        .filter_map(
            |name| match world.run(&format!("frontdesk check --config {name}")) {
                Ok(said) if said.ends_with("no problems found\n") => None,
                Ok(said) | Err(said) => Some(format!("{name}: {said}")),
            },
        )
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each compose file has known keys, documented variables, no volume without a name, and ports that a variable replaces.
#[test]
fn compose_files_are_sound() {
    let mut names = vec!["docker-compose.yml".to_owned()];
    files("docs/recipes", "yml", &mut names);
    assert!(names.len() >= 3, "{names:?}");
    let wrong: Vec<String> = names
        .iter()
        .flat_map(|name| {
            let text = fs::read_to_string(root().join(name)).unwrap();
            compose::faults(name, &text)
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every kind of fault in a compose file is found.
#[test]
fn compose_faults_are_found() {
    let sound = fs::read_to_string(root().join("docker-compose.yml")).unwrap();
    for (from, to, fault) in compose::FAULTS {
        assert_eq!(sound.matches(from).count(), 1, "{from}");
        assert_eq!(
            compose::faults("docker-compose.yml", &sound.replacen(from, to, 1)),
            [format!("docker-compose.yml: {fault}")],
            "{to}"
        );
    }
}

/// Every link between pages leads to an existing page and section.
#[test]
fn links_between_pages_work() {
    let pages = pages();
    let mut wrong = Vec::new();
    for page in &pages {
        for link in page
            .links
            .iter()
            .filter(|link| !link.target.contains("://") && !link.target.starts_with("mailto:"))
        {
            let (path, anchor) = link.target.split_once('#').unwrap_or((&link.target, ""));
            let name = if path.is_empty() {
                page.name.clone()
            } else {
                page.beside(path)
            };
            if !root().join(&name).exists() {
                wrong.push(format!("{}:{}: there is no {name}", page.name, link.line));
            } else if !anchor.is_empty() {
                match pages.iter().find(|other| other.name == name) {
                    Some(other) if other.anchors.contains(anchor) => {}
                    _ => wrong.push(format!(
                        "{}:{}: {name} has no heading #{anchor}",
                        page.name, link.line
                    )),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The pages quote the messages of the program in its own words.
#[test]
fn quoted_messages_are_the_programs() {
    let sources = source::all();
    let pages = pages();
    let page = pages
        .iter()
        .find(|page| page.name == "docs/troubleshooting.md")
        .unwrap();
    let quoted: Vec<_> = page
        .seen
        .iter()
        .filter(|quoted| quoted.text.contains(' '))
        .collect();
    assert!(quoted.len() > 20, "{quoted:?}");
    let parts = |text: &str| {
        text.split('…')
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
    };
    let wrong: Vec<String> = quoted
        .iter()
        .filter(|quoted| {
            let parts = parts(&quoted.text);
            let said = parts
                .iter()
                .all(|part| sources.iter().any(|source| source.contains(part)));
            // A word or two are everywhere.
            !said || parts.iter().all(|part| part.len() < 12)
        })
        .map(|quoted| {
            format!(
                "{}:{}: nothing in the program says `{}`",
                page.name, quoted.line, quoted.text
            )
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
