//! The names of the scopes that a copy must have.

use protocol::Object;
use serde_json::Value;

use crate::connector::DesiredClient;

/// The default scopes of a client that asks for scopes. Without `basic` its tokens have no `sub`.
const DEFAULT_SCOPES: [&str; 4] = ["basic", "acr", "roles", "web-origins"];

/// The names of a copy's scopes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ScopeNames {
    pub(super) default: Vec<String>,
    pub(super) optional: Vec<String>,
}

/// The names of a realm's scopes, and those that a client without the member `scope` has.
pub(super) struct RealmScopes {
    pub(super) known: Vec<String>,
    pub(super) defaults: ScopeNames,
}

impl ScopeNames {
    /// Returns the scopes of a client with the member `scope`, united with those of the template. `None` for a client without
    /// it, which has the realm's default scopes.
    pub(super) fn new(wanted: &DesiredClient<'_>, template: &Object) -> Option<Self> {
        let members: Object = serde_json::from_str(wanted.metadata.json()).unwrap_or_default();
        let scope = members.get("scope")?.as_str()?;
        let mut names = Self {
            default: DEFAULT_SCOPES.map(str::to_owned).to_vec(),
            optional: Vec::new(),
        };
        names.unite(template);
        for name in scope.split(' ').filter(|name| *name != "openid") {
            if !names.default.iter().any(|known| known == name) {
                push(&mut names.optional, name);
            }
        }
        Some(names)
    }

    /// Adds the scopes of the template.
    pub(super) fn unite(&mut self, template: &Object) {
        for name in texts(template.get("defaultClientScopes")) {
            push(&mut self.default, name);
        }
        for name in texts(template.get("optionalClientScopes")) {
            if !self.default.iter().any(|known| known == name) {
                push(&mut self.optional, name);
            }
        }
    }
}

/// Returns true if the template names scopes.
pub(super) fn names_scopes(template: &Object) -> bool {
    template.contains_key("defaultClientScopes") || template.contains_key("optionalClientScopes")
}

fn push(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

pub(super) fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}
