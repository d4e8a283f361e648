//! The scopes of a copy after its creation: each is added or removed by a call of its own. The scopes of the realm are read
//! with each list, so that a copy of the list can be compared.

use std::time::Instant;

use protocol::lock;
use serde_json::Value;
use ureq::http::Method;

use super::copies::scope_ids;
use super::realm_connector::KeycloakConnector;
use super::scope_names::{RealmScopes, ScopeNames, names_scopes, texts};
use crate::connector::{ConnectorError, DesiredClient, ListedCopy};

/// The two kinds of client scopes, as they stand in paths.
const KINDS: [&str; 2] = ["default-client-scopes", "optional-client-scopes"];

impl KeycloakConnector {
    /// Reads the scopes of the realm, for [`Self::has_scopes`].
    pub(super) fn read_scopes(&self, deadline: Instant) -> Result<(), ConnectorError> {
        let known = scope_ids(&self.scope_list(&["client-scopes"], deadline)?);
        let scopes = RealmScopes {
            known: known.into_iter().map(|(name, _)| name).collect(),
            defaults: self.realm_defaults(deadline)?,
        };
        *lock(&self.scopes) = Some(scopes);
        Ok(())
    }

    /// Returns true if a copy of the list has the wanted scopes, apart from those that the realm does not have.
    pub(super) fn has_scopes(&self, wanted: &DesiredClient<'_>, copy: &ListedCopy) -> bool {
        let held = lock(&self.scopes);
        let Some(realm) = &*held else {
            return true;
        };
        let names = ScopeNames::new(wanted, self.template.members())
            .unwrap_or_else(|| realm.defaults.clone());
        [
            ("defaultClientScopes", names.default),
            ("optionalClientScopes", names.optional),
        ]
        .into_iter()
        .all(|(field, mut wanted)| {
            wanted.retain(|name| realm.known.contains(name));
            let mut present: Vec<&str> = texts(copy.members.get(field)).collect();
            wanted.sort_unstable();
            present.sort_unstable();
            wanted == present
        })
    }

    /// Returns the scopes that a new copy is made with, or `None` for those that the realm gives by itself.
    pub(super) fn first_scopes(
        &self,
        wanted: &DesiredClient<'_>,
        deadline: Instant,
    ) -> Result<Option<ScopeNames>, ConnectorError> {
        let template = self.template.members();
        match ScopeNames::new(wanted, template) {
            None if names_scopes(template) => self.realm_defaults(deadline).map(Some),
            names => Ok(names),
        }
    }

    /// Removes and adds scopes of a copy until it has the wanted scopes. Deletions go first, since a scope is of a kind only.
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
