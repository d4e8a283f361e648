//! The help and the manual: short where an operator looks for a flag, complete where a setting is looked for.

use std::collections::BTreeMap;
use std::fs;
use std::process::Output;

use server::setting::ValueKind;
use server::settings;
use tempfile::TempDir;

use crate::support::frontdesk;
use crate::text;

fn run(arguments: &[&str]) -> Output {
    frontdesk().args(arguments).output().unwrap()
}

/// Every command that does something, with the words that lead to it.
const COMMANDS: [&[&str]; 31] = [
    &["serve"],
    &["init"],
    &["migrate"],
    &["check"],
    &["health"],
    &["account", "add"],
    &["account", "list"],
    &["account", "remove"],
    &["account", "password"],
    &["token", "issue"],
    &["token", "list"],
    &["token", "revoke"],
    &["client", "list"],
    &["client", "export"],
    &["client", "import"],
    &["client", "show"],
    &["client", "delete"],
    &["client", "reissue"],
    &["key", "list"],
    &["key", "rotate"],
    &["audit"],
    &["provider", "list"],
    &["provider", "show"],
    &["provision", "status"],
    &["provision", "reconcile"],
    &["provision", "retry"],
    &["provision", "check"],
    &["backup"],
    &["restore"],
    &["purge"],
    &["try"],
];

/// The help of a command has its own flags and an example; the settings are at `serve`, `check` and
/// `help settings` only. There a secret is described too, but not as a flag.
#[test]
fn help_has_own_options_and_an_example() {
    for words in COMMANDS {
        let output = run(&[words, &["--help"]].concat());
        assert_eq!(output.status.code(), Some(0));
        let help = text(&output.stdout);
        let (_, example) = help
            .split_once("\nExample:\n")
            .unwrap_or_else(|| panic!("{help}"));
        assert!(
            example
                .trim()
                .starts_with(&format!("frontdesk {}", words.join(" "))),
            "{example}"
        );
        let with_settings = words == ["serve"] || words == ["check"];
        assert_eq!(
            help.contains("--management-listen"),
            with_settings,
            "{help}"
        );
        assert!(help.contains("--config <FILE>"), "{help}");
        assert_eq!(help.contains("--json"), words != ["serve"], "{help}");
        if !with_settings {
            assert!(help.lines().count() <= 40, "{help}");
        }
    }
    for words in [
        &["help", "settings"][..],
        &["settings"],
        &["settings", "--help"],
    ] {
        let output = run(words);
        assert_eq!(
            (output.status.code(), text(&output.stderr)),
            (Some(0), String::new())
        );
        let all = text(&output.stdout);
        for setting in settings::all() {
            let is_secret = setting.kind == ValueKind::Secret;
            assert_eq!(
                all.contains(&format!("--{} <VALUE>", setting.flag())),
                !is_secret
            );
            let described = format!("[key: {}; variable: {};", setting.key, setting.variable);
            assert!(all.contains(&described), "{words:?}: {all}");
        }
    }
}

/// An example is a command line that the program understands.
#[test]
fn examples_are_understood() {
    for words in COMMANDS {
        let help = text(&run(&[words, &["--help"]].concat()).stdout);
        let example = help.split_once("\nExample:\n").unwrap().1.trim();
        let own = example.split(['|', '<', '>']).next().unwrap();
        let mut arguments: Vec<&str> = own.split_whitespace().skip(1).collect();
        // The help ends the program before anything is done.
        arguments.push("--help");
        let quoted = example.contains('"');
        let output = run(&arguments);
        assert!(
            quoted || output.status.code() == Some(0),
            "{example}: {}",
            text(&output.stderr)
        );
    }
}

/// The options of a manual page, each with its text.
fn options(page: &str) -> BTreeMap<String, String> {
    let items = page.split("\n.TP\n").skip(1);
    items
        .filter_map(|item| {
            let (head, body) = item.split_once('\n')?;
            let body = body.split("\n.").next().unwrap_or_default().to_owned();
            Some((head.replace("\\-", "-"), body))
        })
        .collect()
}

/// Every option and setting in the manual has its text, each setting its variable and default, and each
/// page its exit codes.
#[test]
fn manual_pages_are_complete() {
    let folder = TempDir::new().unwrap();
    let output = run(&["man", folder.path().to_str().unwrap()]);
    assert_eq!(
        (output.status.code(), text(&output.stderr)),
        (Some(0), String::new())
    );
    let pages: BTreeMap<String, String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let page = fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), page)
        })
        .collect();
    for words in COMMANDS {
        assert!(
            pages.contains_key(&format!("frontdesk-{}.1", words.join("-"))),
            "{words:?}"
        );
    }
    for (name, page) in &pages {
        for (option, body) in options(page) {
            assert!(!body.trim().is_empty(), "{name}: {option}");
        }
        assert!(!page.contains(".SH EXTRA"), "{name}");
        let (_, codes) = page
            .split_once("\n.SH \"EXIT STATUS\"\n")
            .unwrap_or_else(|| panic!("{page}"));
        for code in ["0", "1", "2", "141"] {
            assert!(
                codes.contains(&format!("\n\\fB{code}\\fR\n")),
                "{name}: {codes}"
            );
        }
    }
    for name in [
        "frontdesk-serve.1",
        "frontdesk-check.1",
        "frontdesk-settings.1",
    ] {
        let page = pages[name].replace("\\-", "-").replace("\\*(Aq", "'");
        for setting in settings::all() {
            assert!(
                page.contains(setting.variable) && page.contains(&format!("key: {};", setting.key)),
                "{name}: {}",
                setting.key
            );
            assert!(
                page.contains(&format!("default: {}]", setting.default_text())),
                "{name}: {}",
                setting.key
            );
        }
    }
    assert!(!pages["frontdesk-client-list.1"].contains("FRONTDESK\\_LISTEN"));
}
