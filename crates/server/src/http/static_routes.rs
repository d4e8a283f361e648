//! The answers that are given ahead of the router: documents, by host and path, and WebFinger. A slash at the end of a path makes
//! no difference.
//!
//! The same answers are mounted as routes, which serve every request but a plain GET or HEAD of these addresses. The
//! frequent requests are spared the router.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::web::Data;
use oidc_discovery::DocumentKind;
use protocol::Issuer;
use telemetry::{Metrics, RouteMetrics};
use webfinger::Directory;

use crate::http::host_header;

pub struct StaticRoutes {
    hosts: HostTable,
    directory: Data<Directory>,
    webfinger: Arc<RouteMetrics>,
}

/// A document with its issuer and the metrics of its requests.
struct StaticRoute {
    issuer: Issuer,
    document: DocumentKind,
    metrics: Arc<RouteMetrics>,
}

enum HostTable {
    /// All providers are on the same host, and `Host` is ignored.
    One(PathTable),
    Several(HashMap<String, PathTable>),
}

/// Routes sorted by path: a few comparisons find a route sooner than a hash of the path does.
struct PathTable(Vec<(String, StaticRoute)>);

impl PathTable {
    fn new(documents: HashMap<String, StaticRoute>) -> Self {
        let mut documents: Vec<_> = documents.into_iter().collect();
        documents.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self(documents)
    }

    fn at(&self, path: &str) -> Option<&StaticRoute> {
        let place = self
            .0
            .binary_search_by(|(known, _)| known.as_str().cmp(path))
            .ok()?;
        self.0.get(place).map(|(_, document)| document)
    }
}

impl StaticRoutes {
    /// Makes the table from the documents, each with its issuer and path. Of two documents with the same path the first is served.
    pub fn new(
        documents: Vec<(Issuer, String, DocumentKind)>,
        directory: Data<Directory>,
        metrics: &Metrics,
    ) -> Self {
        let mut hosts: HashMap<String, HashMap<String, StaticRoute>> = HashMap::new();
        for (issuer, path, document) in documents {
            let metrics = metrics.route(&path);
            hosts
                .entry(issuer.host().to_owned())
                .or_default()
                .entry(path)
                .or_insert(StaticRoute {
                    issuer,
                    document,
                    metrics,
                });
        }
        let mut hosts: HashMap<String, PathTable> = hosts
            .into_iter()
            .map(|(host, documents)| (host, PathTable::new(documents)))
            .collect();
        let only = if hosts.len() > 1 {
            None
        } else {
            hosts.drain().next()
        };
        let hosts = only.map_or(HostTable::Several(hosts), |(_, documents)| {
            HostTable::One(documents)
        });
        Self {
            hosts,
            directory,
            webfinger: metrics.route(webfinger::PATH),
        }
    }

    /// Returns the issuer of the document at the address, for every method.
    pub fn issuer(&self, head: &RequestHead) -> Option<&Issuer> {
        self.document(head, without_slash(head.uri.path()))
            .map(|document| &document.issuer)
    }

    /// Returns the answer and the metrics of its route, or `None` when the router must answer.
    pub fn answer(&self, head: &RequestHead) -> Option<(HttpResponse, &RouteMetrics)> {
        if head.method != Method::GET && head.method != Method::HEAD {
            return None;
        }
        let path = without_slash(head.uri.path());
        if path == webfinger::PATH {
            return Some((
                webfinger::answer(head.uri.query().unwrap_or_default(), &self.directory),
                &self.webfinger,
            ));
        }
        let StaticRoute {
            document, metrics, ..
        } = self.document(head, path)?;
        Some((document.respond(&head.headers), metrics))
    }

    fn document(&self, head: &RequestHead, path: &str) -> Option<&StaticRoute> {
        let documents = match &self.hosts {
            HostTable::One(documents) => documents,
            HostTable::Several(hosts) => hosts.get(&host_header::host(head)?)?,
        };
        documents.at(path)
    }
}

/// Returns the path without a slash at its end.
fn without_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}
