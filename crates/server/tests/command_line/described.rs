//! Exit codes, shell completions and manual pages.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::support::{Setup, frontdesk};

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs a command in an empty folder, with a configuration that would be refused.
fn unconfigured(arguments: &[&str]) -> Output {
    let folder = TempDir::new().unwrap();
    let output = frontdesk()
        .current_dir(folder.path())
        .env("FRONTDESK_DATABASE", "junk")
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "{arguments:?} makes nothing"
    );
    output
}

const CODES: [(u8, &str); 4] = [
    (0, "success"),
    (
        1,
        "failure; the last line on standard error gives the reason",
    ),
    (2, "usage error; nothing was done"),
    (141, "standard output was closed"),
];

/// The exit codes match the help and the documentation.
#[test]
fn exit_codes_match_help_and_pages() {
    let help = text(&unconfigured(&["--help"]).stdout);
    let documented = include_str!("../../../../docs/run.md");
    for (code, meaning) in CODES {
        assert!(
            help.contains(&format!("\n  {code:>3}  {meaning}\n")),
            "{help}"
        );
        assert!(
            documented.contains(&format!("\n| {code} | {meaning} |\n")),
            "{code}"
        );
    }
    let folder = TempDir::new().unwrap();
    let code = |arguments: &[&str]| {
        Setup::new()
            .command(folder.path(), arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
            .status
            .code()
    };
    for (arguments, expected) in [
        (&["migrate"][..], 0),
        (&["account", "list"], 0),
        (&["check"], 0),
        (&["--version"], 0),
        (&["client", "--help"], 0),
        (&["client", "show", "nobody"], 1),
        (&["account", "remove", "nobody"], 1),
        (&["account", "list", "--database", "junk"], 1),
        (&["try", "acct:alice@localhost:1"], 1),
        (&["check", "--tls", "junk"], 1),
        (&[], 2),
        (&["unknown"], 2),
        (&["client"], 2),
        (&["client", "show"], 2),
        (&["client", "list", "--unknown"], 2),
        (&["account", "add", "alice", "--role", "root"], 2),
        (&["completions", "cmd"], 2),
    ] {
        assert_eq!(code(arguments), Some(expected), "{arguments:?}");
    }
}

/// The completions for every shell are printed without a configuration.
#[test]
fn completions_need_no_configuration() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = unconfigured(&["completions", shell]);
        assert_eq!(
            (output.status.code(), text(&output.stderr).as_str()),
            (Some(0), ""),
            "{shell}"
        );
        let script = text(&output.stdout);
        for word in ["frontdesk", "reissue", "with-secret", "management-listen"] {
            assert!(script.contains(word), "{shell} knows {word}");
        }
    }
}

#[test]
fn the_completion_for_bash_is_a_script_that_completes() {
    let script = text(&unconfigured(&["completions", "bash"]).stdout);
    let bash = |arguments: &[&str], input: &str| {
        let mut child = Command::new("bash")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), text(&output.stderr).as_str()),
            (Some(0), "")
        );
        text(&output.stdout)
    };
    bash(&["-n"], &script);
    let asked = "COMP_WORDS=(frontdesk client re) COMP_CWORD=2; _frontdesk frontdesk re client; echo \"${COMPREPLY[@]}\"\n";
    assert_eq!(
        bash(&["--norc"], &format!("{script}\n{asked}")),
        "reissue\n"
    );
}

#[test]
fn the_manual_is_printed_or_written_page_by_page() {
    let output = unconfigured(&["man"]);
    assert_eq!(
        (output.status.code(), text(&output.stderr).as_str()),
        (Some(0), "")
    );
    let page = text(&output.stdout);
    assert!(
        page.contains("\n.TH frontdesk 1 ")
            && page.contains("\n.SH SUBCOMMANDS\n")
            && page.contains("\n.SH \"EXIT STATUS\"\n"),
        "{page}"
    );
    for secret in ["sealing\\-key ", "admin\\-password "] {
        assert!(
            !page.contains(secret),
            "nobody is told to write a secret on the command line: {page}"
        );
    }

    let folder = TempDir::new().unwrap();
    let pages = folder.path().join("man1");
    let output = unconfigured(&["man", pages.to_str().unwrap()]);
    assert_eq!(
        (
            output.status.code(),
            text(&output.stdout).as_str(),
            text(&output.stderr).as_str()
        ),
        (Some(0), "", "")
    );
    for (name, heading) in [
        ("frontdesk.1", "frontdesk 1 "),
        ("frontdesk-client-reissue.1", "frontdesk-client-reissue 1 "),
    ] {
        let page = fs::read_to_string(pages.join(name)).unwrap();
        assert!(page.contains(&format!(".TH {heading}")), "{page}");
    }
    let taken = folder.path().join("taken");
    fs::write(&taken, "").unwrap();
    let output = unconfigured(&["man", taken.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = format!(
        "frontdesk: the manual pages cannot be written to {}: File exists (os error 17)\n",
        taken.display()
    );
    assert_eq!(text(&output.stderr), said);
}
