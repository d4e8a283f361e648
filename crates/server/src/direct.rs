//! What is answered ahead of the routes: the documents, by host and exact path, and WebFinger.
//!
//! The same answers are mounted as routes, where whatever is not a plain GET or HEAD of one of these addresses ends up. This
//! spares the frequent requests the way through the router.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::web::Data;
use oidc_discovery::Page;
use protocol::Issuer;
use telemetry::{Metrics, RouteMetrics};
use webfinger::Directory;

use crate::host;

/// The addresses that are answered here.
pub struct Direct {
    hosts: Hosts,
    directory: Data<Directory>,
    webfinger: Arc<RouteMetrics>,
}

/// A document, with whose it is and what counts its requests.
struct Counted {
    issuer: Issuer,
    page: Page,
    metrics: Arc<RouteMetrics>,
}

enum Hosts {
    /// Every provider is on one host, and `Host` is ignored.
    One(Documents),
    /// The documents of each host.
    Several(HashMap<String, Documents>),
}

/// Documents by their paths, in order: a few comparisons find one sooner than a hash of the path does.
struct Documents(Vec<(String, Counted)>);

impl Documents {
    fn new(documents: HashMap<String, Counted>) -> Self {
        let mut documents: Vec<_> = documents.into_iter().collect();
        documents.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self(documents)
    }

    fn at(&self, path: &str) -> Option<&Counted> {
        let place = self
            .0
            .binary_search_by(|(known, _)| known.as_str().cmp(path))
            .ok()?;
        self.0.get(place).map(|(_, document)| document)
    }
}

impl Direct {
    /// Those of a site: each document with its issuer and its path. Where two claim one address the first has it.
    pub fn new(
        pages: Vec<(Issuer, String, Page)>,
        directory: Data<Directory>,
        metrics: &Metrics,
    ) -> Self {
        let mut hosts: HashMap<String, HashMap<String, Counted>> = HashMap::new();
        for (issuer, path, page) in pages {
            let metrics = metrics.route(&path);
            hosts
                .entry(issuer.host().to_owned())
                .or_default()
                .entry(path)
                .or_insert(Counted {
                    issuer,
                    page,
                    metrics,
                });
        }
        let mut hosts: HashMap<String, Documents> = hosts
            .into_iter()
            .map(|(host, documents)| (host, Documents::new(documents)))
            .collect();
        let only = if hosts.len() > 1 {
            None
        } else {
            hosts.drain().next()
        };
        let hosts = only.map_or(Hosts::Several(hosts), |(_, documents)| {
            Hosts::One(documents)
        });
        Self {
            hosts,
            directory,
            webfinger: metrics.route(webfinger::PATH),
        }
    }

    /// The issuer whose document is at the address, whatever the method.
    pub fn issuer(&self, head: &RequestHead) -> Option<&Issuer> {
        self.document(head, head.uri.path())
            .map(|document| &document.issuer)
    }

    /// The answer, and what counts it; nothing, for everything else.
    pub fn answer(&self, head: &RequestHead) -> Option<(HttpResponse, &RouteMetrics)> {
        if head.method != Method::GET && head.method != Method::HEAD {
            return None;
        }
        let path = head.uri.path();
        if path == webfinger::PATH {
            return Some((
                webfinger::answer(head.uri.query().unwrap_or_default(), &self.directory),
                &self.webfinger,
            ));
        }
        let Counted { page, metrics, .. } = self.document(head, path)?;
        Some((page.answer(&head.headers), metrics))
    }

    fn document(&self, head: &RequestHead, path: &str) -> Option<&Counted> {
        let documents = match &self.hosts {
            Hosts::One(documents) => documents,
            Hosts::Several(hosts) => hosts.get(&host::of(head)?)?,
        };
        documents.at(path)
    }
}
