//! The systemd unit that is delivered: systemd accepts it, and its commands work.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use support::{PATIENCE, Setup};
use tempfile::TempDir;

/// The program's path in the unit.
const INSTALLED: &str = "/usr/local/bin/frontdesk";

/// The settings of each section that systemd 250 knows and the unit may use. `systemd.unit(5)`, `systemd.service(5)`,
/// `systemd.exec(5)`, `systemd.kill(5)`, `systemd.resource-control(5)`.
const KNOWN: [(&str, &str); 3] = [
    (
        "Unit",
        "Description Documentation After Before Wants Requires",
    ),
    (
        "Service",
        "Type NotifyAccess ExecStart ExecReload WatchdogSec TimeoutStartSec TimeoutStopSec Restart RestartSec \
         LoadCredential Environment DynamicUser SupplementaryGroups StateDirectory StateDirectoryMode WorkingDirectory \
         UMask AmbientCapabilities CapabilityBoundingSet NoNewPrivileges ProtectSystem ProtectHome PrivateTmp \
         PrivateDevices PrivateUsers ProtectClock ProtectHostname ProtectKernelLogs ProtectKernelModules \
         ProtectKernelTunables ProtectControlGroups ProtectProc ProcSubset RestrictAddressFamilies RestrictNamespaces \
         RestrictRealtime RestrictSUIDSGID RemoveIPC LockPersonality MemoryDenyWriteExecute SystemCallArchitectures \
         SystemCallFilter SystemCallErrorNumber LimitNOFILE LimitCORE",
    ),
    ("Install", "WantedBy"),
];

fn unit() -> String {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/systemd/frontdesk.service"
    );
    fs::read_to_string(path).unwrap()
}

/// The settings of the unit with their sections, in their order. `systemd.syntax(7)`.
fn settings(unit: &str) -> Vec<(String, String, String)> {
    let mut section = String::new();
    let mut settings = Vec::new();
    for line in unit.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        assert!(!line.ends_with('\\'), "{line}");
        let name = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if let Some(name) = name {
            name.clone_into(&mut section);
        } else {
            let (key, value) = line.split_once('=').unwrap();
            settings.push((section.clone(), key.to_owned(), value.to_owned()));
        }
    }
    settings
}

/// The one value of a setting of the service.
#[track_caller]
fn value(unit: &str, name: &str) -> String {
    let all = settings(unit).into_iter();
    let mut values = all
        .filter_map(|(section, key, value)| (section == "Service" && key == name).then_some(value));
    let value = values.next().unwrap();
    assert_eq!(values.next(), None, "{name}");
    value
}

/// The unit has known settings only; systemd itself says so where it is installed.
#[test]
fn unit_is_valid() {
    let unit = unit();
    for (section, key, _) in settings(&unit) {
        let known = KNOWN.iter().find(|(name, _)| *name == section);
        assert!(
            known.is_some_and(|(_, keys)| keys.split(' ').any(|known| known == key)),
            "[{section}] {key}"
        );
    }
    for (name, expected) in [
        ("Type", "notify"),
        ("ExecReload", "/bin/kill -HUP $MAINPID"),
        ("DynamicUser", "yes"),
        ("NoNewPrivileges", "yes"),
    ] {
        assert_eq!(value(&unit, name), expected);
    }
    verify(&unit);
}

/// Has systemd read the unit, with this program in place of the one that is installed, and without its commented settings as
/// well as with them.
fn verify(unit: &str) {
    let present = Command::new("systemd-analyze").arg("--version").output();
    if !present.is_ok_and(|output| output.status.success()) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let uncommented = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') => setting.to_owned(),
        _ => line.to_owned(),
    };
    let lines: Vec<String> = unit.lines().map(uncommented).collect();
    let commented = lines.join("\n") + "\n";
    assert_ne!(commented.trim(), unit.trim());
    for text in [unit, &commented] {
        let path = folder.path().join("frontdesk.service");
        fs::write(
            &path,
            text.replace(INSTALLED, env!("CARGO_BIN_EXE_frontdesk")),
        )
        .unwrap();
        assert_eq!(complaints(&path), "", "{text}");
    }
    // The same command does find a setting that does not exist.
    let path = folder.path().join("wrong.service");
    let wrong = unit.replace("ExecReload=", "ExecReloaded=");
    fs::write(
        &path,
        wrong.replace(INSTALLED, env!("CARGO_BIN_EXE_frontdesk")),
    )
    .unwrap();
    assert!(complaints(&path).contains("ExecReloaded"));
}

/// The complaints of systemd about a unit; lines about other units are left out.
fn complaints(unit: &Path) -> String {
    let output = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(unit)
        .output()
        .unwrap();
    let name = unit.file_name().unwrap().to_str().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = said.lines().filter(|line| line.contains(name)).collect();
    lines.join("\n")
}

/// The program takes the arguments of `ExecStart`.
#[test]
fn exec_start_takes_its_arguments() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("frontdesk.toml");
    let text = "[[provider]]\nissuer = \"http://localhost:9443\"\n";
    fs::write(&file, text).unwrap();
    let unit = unit();
    let start =
        value(&unit, "ExecStart").replace("/etc/frontdesk/frontdesk.toml", file.to_str().unwrap());
    let mut words = start.split(' ');
    assert_eq!(words.next(), Some(INSTALLED));
    let arguments: Vec<&str> = words.collect();
    let sentence = Setup::new()
        .with("FRONTDESK_LISTEN", "192.0.2.1:9443")
        .refused(folder.path(), &arguments);
    assert!(
        sentence.contains("192.0.2.1:9443, which cannot be listened on"),
        "{sentence}"
    );
}

/// The command of `ExecReload` has the service read its certificate again.
#[test]
fn exec_reload_reloads() {
    let server = Setup::new().with("FRONTDESK_TLS", "self-signed").start();
    let reload = value(&unit(), "ExecReload").replace("$MAINPID", &server.id().to_string());
    let mut words = reload.split(' ');
    let done = Command::new(words.next().unwrap())
        .args(words)
        .status()
        .unwrap();
    assert!(done.success());
    let begun = Instant::now();
    while !server.log().contains("the certificate was read again") {
        assert!(begun.elapsed() < PATIENCE, "{}", server.log());
        std::thread::yield_now();
    }
    assert_eq!(server.managed("/readyz").status(), 200);
}
