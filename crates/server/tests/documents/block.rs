//! The kinds of blocks, and the test of each.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::page::{Block, Page};
use crate::root;
use crate::source;
use crate::support::{Postgres, Setup, variable};
use crate::world::World;

/// Programs whose commands stand in blocks that are run, or say why not.
const COMMANDS: &[&str] = &[
    "frontdesk ",
    "target/",
    "curl ",
    "make ",
    "docker ",
    "cargo ",
    "scripts/",
    "openssl ",
    "psql ",
    "$ ",
];

/// Tries every block of a page, one after the other in one place; what is wrong.
pub fn run_all(page: &Page) -> Vec<String> {
    let mut place = None;
    // What the last block of commands printed.
    let mut printed: Option<String> = None;
    let mut wrong = Vec::new();
    for block in &page.blocks {
        let before = printed.take();
        let outcome = match block.note.as_deref() {
            Some(note) if note.starts_with("not run: ") => parsed(block),
            Some(note) => {
                match note {
                    "in a folder of its own" => place = Some(World::new()),
                    "beside a running service" => place = Some(World::served()),
                    _ => wrong.push(format!(
                        "{}:{}: there is no note `{note}`",
                        page.name, block.line
                    )),
                }
                run(block, &mut place, before, &mut printed)
            }
            None => run(block, &mut place, before, &mut printed),
        };
        if let Err(reason) = outcome {
            wrong.push(format!(
                "{}:{}: {}\n{reason}",
                page.name,
                block.line,
                block.text.trim_end()
            ));
        }
    }
    wrong
}

fn run(
    block: &Block,
    place: &mut Option<World>,
    before: Option<String>,
    printed: &mut Option<String>,
) -> Result<(), String> {
    match block.kind.as_str() {
        "sh" => {
            *printed = Some(place.get_or_insert_with(World::new).run(&block.text)?);
            Ok(())
        }
        "toml" => configuration(block, place.get_or_insert_with(World::new)),
        "output" | "json" => match (before, &place) {
            (Some(before), Some(place)) if block.kind == "json" => {
                json(&place.localised(&block.text), &before)
            }
            (Some(before), Some(place)) => output(&place.localised(&block.text), &before),
            _ if block.kind == "json" => parsed(block),
            _ => Err("no commands that were run stand before it".to_owned()),
        },
        "env" => settings(&block.text),
        "sql" => statements(&block.text),
        "rust" => quoted(&block.text),
        "text" => match block.text.lines().find(|line| {
            COMMANDS
                .iter()
                .any(|command| line.trim_start().starts_with(command))
        }) {
            None => Ok(()),
            Some(line) => Err(format!("this is a command, and ```text is not run: {line}")),
        },
        "" => Err("the block says nothing of its kind".to_owned()),
        kind => Err(format!(
            "```{kind} is not run, and no comment says why: <!-- not run: … -->"
        )),
    }
}

/// Parses a block that is not run.
fn parsed(block: &Block) -> Result<(), String> {
    match block.kind.as_str() {
        "" => Err("the block says nothing of its kind".to_owned()),
        "json" => serde_json::from_str::<Value>(&block.text)
            .map(drop)
            .map_err(|error| error.to_string()),
        _ => Ok(()),
    }
}

/// A configuration: saved under the name its first line may give it, and looked at by the program.
fn configuration(block: &Block, world: &World) -> Result<(), String> {
    let first = block
        .text
        .lines()
        .next()
        .unwrap_or_default()
        .strip_prefix("# ")
        .unwrap_or_default();
    let name = if Path::new(first)
        .extension()
        .is_some_and(|extension| extension == "toml")
    {
        first
    } else {
        "block.toml"
    };
    let mut text = world.localised(&block.text);
    // A part of a file that says nothing of its provider is a part of this one.
    if !text.contains("[[provider]]") {
        text.push_str("\n[[provider]]\nissuer = \"http://localhost\"\n");
    }
    fs::write(world.at(name), text).unwrap();
    // What is wrong with a part is not that the rest is missing.
    let whole = name != "block.toml" || block.text.contains("authorization_endpoint");
    let endpoints = "FRONTDESK_AUTHORIZATION_ENDPOINT=https://login.example.com/a FRONTDESK_TOKEN_ENDPOINT=https://login.example.com/t ";
    let given = if whole { "" } else { endpoints };
    let told = world.run(&format!("{given}frontdesk check --config {name}"))?;
    if told.ends_with("no problems found\n") {
        Ok(())
    } else {
        Err(told)
    }
}

/// Lines that were printed in this order; `…` stands for anything.
fn output(shown: &str, printed: &str) -> Result<(), String> {
    let mut lines = printed.lines();
    for shown in shown
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && *line != "…")
    {
        if !lines.any(|line| like(shown, line.trim_end())) {
            return Err(format!(
                "nothing like `{shown}` was printed there:\n{printed}"
            ));
        }
    }
    Ok(())
}

/// Returns true if a text matches the one in the page, where `…` matches anything.
fn like(shown: &str, text: &str) -> bool {
    let Some((first, rest)) = shown.split_once('…') else {
        return shown == text;
    };
    let Some(text) = text.strip_prefix(first) else {
        return false;
    };
    text.char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .any(|at| like(rest, text.get(at..).unwrap()))
}

/// The last object that was printed has what is shown of it.
fn json(shown: &str, printed: &str) -> Result<(), String> {
    let shown: Value = serde_json::from_str(shown).map_err(|error| error.to_string())?;
    let begins = printed
        .char_indices()
        .filter(|(_, c)| *c == '{')
        .map(|(at, _)| at);
    let objects = begins.filter_map(|at| {
        serde_json::Deserializer::from_str(printed.get(at..).unwrap())
            .into_iter()
            .next()?
            .ok()
    });
    if objects
        .collect::<Vec<Value>>()
        .iter()
        .any(|object| has(object, &shown))
    {
        Ok(())
    } else {
        Err(format!("no such object was printed:\n{printed}"))
    }
}

fn has(value: &Value, shown: &Value) -> bool {
    match (value, shown) {
        (Value::Object(value), Value::Object(shown)) => shown
            .iter()
            .all(|(name, shown)| value.get(name).is_some_and(|value| has(value, shown))),
        (Value::Array(value), Value::Array(shown)) => {
            value.len() == shown.len() && value.iter().zip(shown).all(|(a, b)| has(a, b))
        }
        (Value::String(value), Value::String(shown)) => like(shown, value),
        _ => value == shown,
    }
}

/// Variables, each of which is a setting or PostgreSQL's own.
fn settings(text: &str) -> Result<(), String> {
    let page = fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, _) = line
            .split_once('=')
            .ok_or(format!("not NAME=VALUE: {line}"))?;
        let known = name
            .strip_suffix("_FILE")
            .is_some_and(|name| name == "FRONTDESK_SEALING_KEY");
        if !known && name != "PGPASSFILE" && !page.contains(&format!("`{name}`")) {
            return Err(format!("{name} is no setting"));
        }
    }
    Ok(())
}

/// Statements that a database of ours takes; they are taken back.
fn statements(text: &str) -> Result<(), String> {
    let database = Postgres::new();
    let folder = tempfile::TempDir::new().unwrap();
    let migrated = Setup::new()
        .on(&database)
        .command(folder.path(), &["migrate"])
        .output()
        .unwrap();
    assert!(
        migrated.status.success(),
        "{}",
        String::from_utf8_lossy(&migrated.stderr)
    );
    let name = database.url.rsplit('/').next().unwrap();
    let mut statements = text.replace("DATABASE frontdesk", &format!("DATABASE {name}"));
    for (parameter, value) in [
        (":client_id", "'id'"),
        (":issuer", "'issuer'"),
        (":algorithm", "'RS256'"),
        (":now", "0"),
    ] {
        statements = statements.replace(parameter, value);
    }
    let server = if text.contains("CREATE ROLE") {
        ""
    } else {
        "CREATE ROLE frontdesk_server;"
    };
    let beside = Path::new(&variable("TEST_POSTGRES_BIN").unwrap_or_default()).join("psql");
    let psql = if beside.exists() {
        beside
    } else {
        "psql".into()
    };
    let script = format!("BEGIN; {server} {statements}; ROLLBACK;");
    let output = std::process::Command::new(psql)
        .args(["-qX", "-v", "ON_ERROR_STOP=1", "-c", &script, &database.url])
        .output()
        .unwrap();
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Lines that stand in the source like that.
fn quoted(text: &str) -> Result<(), String> {
    let plain = |text: &str| {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let text = plain(text);
    let found = source::all()
        .iter()
        .any(|source| plain(source).contains(&text));
    if found {
        Ok(())
    } else {
        Err("the source has no such lines".to_owned())
    }
}
