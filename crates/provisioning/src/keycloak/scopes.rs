//! The scopes of a copy after its creation: each is added or removed by a call of its own.

use std::time::Instant;

use protocol::Object;
use serde_json::Value;
use ureq::http::Method;

use super::{KeycloakConnector, scope_ids};
use crate::connector::{ConnectorError, DesiredClient};

/// The default scopes of a client that asks for scopes. Without `basic` its tokens have no `sub`.
const DEFAULT_SCOPES: [&str; 4] = ["basic", "acr", "roles", "web-origins"];

/// The two kinds of client scopes, as they stand in paths.
const KINDS: [&str; 2] = ["default-client-scopes", "optional-client-scopes"];

/// The names of a copy's scopes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ScopeNames {
    pub(super) default: Vec<String>,
    pub(super) optional: Vec<String>,
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
    fn unite(&mut self, template: &Object) {
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

impl KeycloakConnector {
    /// Removes and adds scopes of a copy until it has the wanted ones. Deletions go first, since a scope is of one kind only.
    pub(super) fn change_scopes(
        &self,
        wanted: &DesiredClient<'_>,
        id: &str,
        deadline: Instant,
    ) -> Result<(), ConnectorError> {
        let names = match ScopeNames::new(wanted, self.template.members()) {
            Some(names) => names,
            None => self.realm_defaults(deadline)?,
        };
        let known = scope_ids(&self.scope_list(&["client-scopes"], deadline)?);
        let mut missing = Vec::new();
        for (kind, wanted_names) in KINDS.into_iter().zip([&names.default, &names.optional]) {
            let present = scope_ids(&self.scope_list(&["clients", id, kind], deadline)?);
            for (name, scope) in &present {
                if !wanted_names.contains(name) {
                    self.change_scope(&Method::DELETE, id, kind, scope, deadline)?;
                }
            }
            let is_absent = |name: &&String| !present.iter().any(|(held, _)| held == *name);
            for name in wanted_names.iter().filter(is_absent) {
                if let Some((_, scope)) = known.iter().find(|(known, _)| known == name) {
                    missing.push((kind, scope.clone()));
                }
            }
        }
        missing.iter().try_for_each(|(kind, scope)| {
            self.change_scope(&Method::PUT, id, kind, scope, deadline)
        })
    }

    /// Returns the scopes that the realm gives to a client which names none.
    fn realm_defaults(&self, deadline: Instant) -> Result<ScopeNames, ConnectorError> {
        let names = |path: &str| -> Result<Vec<String>, ConnectorError> {
            let list = self.scope_list(&[path], deadline)?;
            Ok(scope_ids(&list).into_iter().map(|(name, _)| name).collect())
        };
        let mut defaults = ScopeNames {
            default: names("default-default-client-scopes")?,
            optional: names("default-optional-client-scopes")?,
        };
        defaults.unite(self.template.members());
        Ok(defaults)
    }

    fn scope_list(&self, path: &[&str], deadline: Instant) -> Result<Vec<Value>, ConnectorError> {
        let response = self.call(&Method::GET, path, &[], None, deadline)?;
        self.expect_array(&response)
    }

    fn change_scope(
        &self,
        method: &Method,
        id: &str,
        kind: &str,
        scope: &str,
        deadline: Instant,
    ) -> Result<(), ConnectorError> {
        let response = self.call(method, &["clients", id, kind, scope], &[], None, deadline)?;
        match response.status {
            204 | 404 => Ok(()),
            _ => self.expect_array(&response).map(|_| ()),
        }
    }
}

fn push(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}
