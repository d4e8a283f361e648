//! The compose files, read as docker compose reads them: with anchors and merge keys.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use yaml_rust2::{Yaml, YamlLoader};

use crate::root;

/// The keys that a service may have: a misspelt one would be ignored by some programs.
const SERVICE_KEYS: &[&str] = &[
    "build",
    "cap_add",
    "cap_drop",
    "command",
    "depends_on",
    "entrypoint",
    "environment",
    "healthcheck",
    "image",
    "mem_limit",
    "network_mode",
    "networks",
    "pids_limit",
    "ports",
    "profiles",
    "read_only",
    "restart",
    "security_opt",
    "stop_grace_period",
    "tmpfs",
    "ulimits",
    "user",
    "volumes",
];

/// Changes of docker-compose.yml, and the fault that each is.
pub const FAULTS: &[(&str, &str, &str)] = &[
    (
        "name: frontdesk\n",
        "version: \"3\"\nname: frontdesk\n",
        "version is not a known key",
    ),
    (
        "    user: \"101:101\"\n",
        "    usr: \"101:101\"\n",
        "nginx: usr is not a known key",
    ),
    (
        "    networks: [database]\n",
        "    networks: [databases]\n",
        "db: databases is not declared",
    ),
    (
        "      replica-2:\n        condition",
        "      replica-3:\n        condition",
        "nginx: replica-3 is not declared",
    ),
    (
        "      FRONTDESK_ISSUER: ${FRONTDESK_ISSUER:-https://localhost:9443}\n    entrypoint",
        "      FRONTDESK_ISSUER: ${FRONTDESK_HOST:-https://localhost:9443}\n    entrypoint",
        "certificate: FRONTDESK_HOST is neither a setting nor in docs/run.md",
    ),
    (
        "      - alone:/data\n",
        "      - other:/data\n",
        "alone: the volume other is not declared",
    ),
    (
        "      - tls:/run/tls:ro\n",
        "      - /run/tls\n",
        "nginx: the volume /run/tls has no name",
    ),
    (
        "    tmpfs: [/var/lib/postgresql/data]\n",
        "",
        "secrets: the image's volume /var/lib/postgresql/data has no name",
    ),
    (
        "    ports: [\"${FRONTDESK_PUBLISH:-9443}:9443\"]\n    volumes:\n      - alone",
        "    ports: [\"9443:9443\"]\n    volumes:\n      - alone",
        "alone: the port 9443:9443 is not FRONTDESK_PUBLISH",
    ),
];

/// Returns the faults of a compose file.
pub fn faults(name: &str, text: &str) -> Vec<String> {
    let document = match YamlLoader::load_from_str(text) {
        Ok(documents) => documents.into_iter().next().unwrap_or(Yaml::Null),
        Err(error) => return vec![format!("{name}: {error}")],
    };
    let file = ComposeFile::new(&document);
    let mut faults = file.unknown_keys();
    for (service, keys) in &file.services {
        let found = file.service_faults(keys);
        faults.extend(found.into_iter().map(|fault| format!("{service}: {fault}")));
    }
    faults
        .into_iter()
        .map(|fault| format!("{name}: {fault}"))
        .collect()
}

/// The keys of a mapping, with those of its merge keys.
type Mapping = BTreeMap<String, Yaml>;

struct ComposeFile {
    keys: Mapping,
    services: BTreeMap<String, Mapping>,
}

impl ComposeFile {
    fn new(document: &Yaml) -> Self {
        let keys = mapping(document);
        let services = keys
            .get("services")
            .map(mapping)
            .unwrap_or_default()
            .into_iter()
            .map(|(service, keys)| (service, mapping(&keys)))
            .collect();
        Self { keys, services }
    }

    fn unknown_keys(&self) -> Vec<String> {
        self.keys
            .keys()
            .filter(|key| {
                !["name", "services", "networks", "volumes"].contains(&key.as_str())
                    && !key.starts_with("x-")
            })
            .map(|key| format!("{key} is not a known key"))
            .collect()
    }

    fn service_faults(&self, keys: &Mapping) -> Vec<String> {
        let mut faults: Vec<String> = keys
            .keys()
            .filter(|key| !SERVICE_KEYS.contains(&key.as_str()))
            .map(|key| format!("{key} is not a known key"))
            .collect();
        faults.extend(self.undeclared(keys));
        faults.extend(undocumented(keys));
        faults.extend(self.volume_faults(keys));
        faults.extend(port_faults(keys));
        faults
    }

    /// Returns the services and networks that a service names and the file lacks.
    fn undeclared(&self, keys: &Mapping) -> Vec<String> {
        let networks = self.declared("networks");
        names(keys, "depends_on")
            .into_iter()
            .filter(|name| !self.services.contains_key(name))
            .chain(
                names(keys, "networks")
                    .into_iter()
                    .filter(|name| name != "default" && !networks.contains(name)),
            )
            .map(|name| format!("{name} is not declared"))
            .collect()
    }

    fn declared(&self, section: &str) -> BTreeSet<String> {
        names(&self.keys, section).into_iter().collect()
    }

    /// Returns the mounts without a declared name or an existing file, and the volumes of the image that get no name.
    fn volume_faults(&self, keys: &Mapping) -> Vec<String> {
        let declared = self.declared("volumes");
        let mut faults = Vec::new();
        let mut mounted: Vec<String> = names(keys, "tmpfs");
        for mount in names(keys, "volumes") {
            let mut parts = mount.split(':');
            match (parts.next(), parts.next()) {
                (Some(source), Some(target)) => {
                    if !source.starts_with('.') && !declared.contains(source) {
                        faults.push(format!("the volume {source} is not declared"));
                    }
                    mounted.push(target.to_owned());
                }
                _ => faults.push(format!("the volume {mount} has no name")),
            }
        }
        faults.extend(
            image_volumes(keys)
                .into_iter()
                .filter(|volume| !mounted.contains(volume))
                .map(|volume| format!("the image's volume {volume} has no name")),
        );
        faults
    }
}

/// Returns the volumes that the image of a service declares.
fn image_volumes(keys: &Mapping) -> Vec<String> {
    if keys.contains_key("build") {
        let dockerfile = fs::read_to_string(root().join("Dockerfile")).unwrap();
        return dockerfile
            .lines()
            .filter_map(|line| line.strip_prefix("VOLUME "))
            .flat_map(str::split_whitespace)
            .map(str::to_owned)
            .collect();
    }
    match keys.get("image").and_then(Yaml::as_str) {
        Some(image) if image.starts_with("postgres:") => {
            vec!["/var/lib/postgresql/data".to_owned()]
        }
        Some(image) if image.starts_with("nginx:") => Vec::new(),
        other => panic!("which volumes has {other:?}?"),
    }
}

/// Returns the variables that are neither settings nor described in docs/run.md.
fn undocumented(keys: &Mapping) -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/run.md")).unwrap();
    let environment = keys.get("environment").map(mapping).unwrap_or_default();
    let mut variables: BTreeSet<String> = environment.keys().cloned().collect();
    for value in keys.values().chain(environment.values()) {
        interpolated(value, &mut variables);
    }
    let is_postgres = keys
        .get("image")
        .and_then(Yaml::as_str)
        .is_some_and(|image| image.starts_with("postgres:"));
    variables
        .into_iter()
        .filter(|name| {
            let is_known = server::settings::all().any(|setting| setting.variable == name)
                || page.contains(&format!("`{name}"))
                || (is_postgres && name.starts_with("POSTGRES_"));
            !is_known
        })
        .map(|name| format!("{name} is neither a setting nor in docs/run.md"))
        .collect()
}

/// Collects the names in `${NAME…}`; `$$` is a dollar for the container's shell.
fn interpolated(value: &Yaml, variables: &mut BTreeSet<String>) {
    for text in texts(value) {
        for part in text.replace("$$", "").split("${").skip(1) {
            let name = part.split([':', '-', '?', '}']).next().unwrap_or(part);
            variables.insert(name.to_owned());
        }
    }
}

/// Returns the ports that an operator cannot choose, which Docker Compose only ever adds to. The demonstration has its ports in its
/// addresses, and is for this machine only.
fn port_faults(keys: &Mapping) -> Vec<String> {
    let is_demo = names(keys, "profiles") == ["demo"];
    names(keys, "ports")
        .into_iter()
        .filter(|port| !is_demo || !port.starts_with("127.0.0.1:"))
        .filter(|port| !port.starts_with("${FRONTDESK_PUBLISH:-") || !port.ends_with("}:9443"))
        .map(|port| format!("the port {port} is not FRONTDESK_PUBLISH"))
        .collect()
}

/// Returns a mapping with the keys of its merge keys, which its own override.
fn mapping(yaml: &Yaml) -> Mapping {
    let Some(pairs) = yaml.as_hash() else {
        return Mapping::new();
    };
    let mut merged = Mapping::new();
    for (key, value) in pairs {
        let key = key.as_str().unwrap_or("a key that is no text").to_owned();
        if key != "<<" {
            merged.insert(key, value.clone());
            continue;
        }
        let bases = value
            .as_vec()
            .cloned()
            .unwrap_or_else(|| vec![value.clone()]);
        for base in &bases {
            for (key, value) in mapping(base) {
                merged.entry(key).or_insert(value);
            }
        }
    }
    merged
}

/// Returns the texts of a list, or the keys of a mapping.
fn names(keys: &Mapping, key: &str) -> Vec<String> {
    match keys.get(key) {
        Some(Yaml::Array(elements)) => elements.iter().flat_map(texts).collect(),
        Some(value) => mapping(value).into_keys().collect(),
        None => Vec::new(),
    }
}

/// Returns every text in a value, without the keys.
fn texts(value: &Yaml) -> Vec<String> {
    match value {
        Yaml::String(text) => vec![text.clone()],
        Yaml::Array(elements) => elements.iter().flat_map(texts).collect(),
        Yaml::Hash(_) => mapping(value).values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
