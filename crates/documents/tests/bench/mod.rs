//! Providers with a store of their own, and a server of documents on loopback.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use admission::{DocumentRedirects, Policy};
use documents::{
    DocumentAccess, DocumentServices, DocumentSettings, Documents, Purpose, Resolution,
    ResolveFailure, ResolvedDocument,
};
use outbound::{
    ClientDocumentFetcher, ClientDocumentLimits, FetchLimits, FetchSettings, Fetcher, Keep,
};
use protocol::json::JsonLimits;
use protocol::{ClientId, Clock, Issuer, ProviderMetadata, Timestamp};
use serde_json::{Value, json};
use store::{ClientDocument, DatabaseUrl, DocumentLimits, SealingKey, Store};
use tempfile::TempDir;

use crate::site::{Answer, Site};

pub const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub const HOUR: u64 = 3600;
pub const DAY: u64 = 24 * HOUR;

/// Changes the answer of the server.
pub type Answers = Arc<Mutex<Box<dyn Fn(&str) -> Answer + Send>>>;

/// A server of documents, and everything that providers share.
pub struct Bench {
    pub site: Site,
    pub clock: Clock,
    pub store: Store,
    pub services: DocumentServices,
    answers: Answers,
    _folder: TempDir,
}

/// Returns the path of a request.
pub fn path(head: &str) -> &str {
    head.split(' ').nth(1).unwrap()
}

impl Bench {
    /// Starts a server that serves a good document at every path.
    pub fn new() -> Self {
        Self::with(&ClientDocumentLimits {
            per_minute: 0,
            ..ClientDocumentLimits::default()
        })
    }

    pub fn with(limits: &ClientDocumentLimits) -> Self {
        let answers: Answers = Arc::new(Mutex::new(Box::new(|_| Answer::Silence)));
        let current = Arc::clone(&answers);
        let site = Site::answering(move |_, head| (current.lock().unwrap())(head));
        let port = site.port;
        let allow = ["documents.example", "other.documents.example"]
            .map(|host| format!("{host}:{port}").parse().unwrap());
        let settings = FetchSettings {
            allow: allow.to_vec(),
            ca: Some(site.certificate.clone()),
            limits: FetchLimits {
                connect: Duration::from_secs(10),
                total: Duration::from_secs(10),
                bucket: Duration::ZERO,
                ..FetchLimits::default()
            },
        };
        let loopback = Arc::new(|_: &str| Ok(vec![[127, 0, 0, 1].into()]));
        let fetcher = Fetcher::with_resolver(settings, loopback).unwrap();
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite://{}", folder.path().join("store.db").display());
        let key = SealingKey::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        let store = Store::open(&url.parse::<DatabaseUrl>().unwrap(), key.unwrap()).unwrap();
        store.migrate().unwrap();
        let clock = Clock::fixed(NOW);
        let services = DocumentServices {
            store: store.clone(),
            documents: Some(ClientDocumentFetcher::new(&fetcher, limits).unwrap()),
            fetcher,
            clock: clock.clone(),
        };
        let bench = Self {
            site,
            clock,
            store,
            services,
            answers,
            _folder: folder,
        };
        bench.serve(json!({}));
        bench
    }

    /// Answers as `choose` says for the head of a request.
    pub fn answer(&self, choose: impl Fn(&str) -> Answer + Send + 'static) {
        *self.answers.lock().unwrap() = Box::new(choose);
    }

    /// Serves the smallest good document with further members at every path, without headers about its lifetime.
    pub fn serve(&self, more: Value) {
        let origin = self.origin();
        self.answer(move |head| Answer::json("", &document(&origin, path(head), &more)));
    }

    pub fn origin(&self) -> String {
        format!("https://documents.example:{}", self.site.port)
    }

    /// Returns the identifier with that path.
    pub fn id(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    pub fn after(&self, seconds: u64) -> Timestamp {
        let now = NOW.plus(Duration::from_secs(seconds));
        self.clock.set(now);
        now
    }

    pub fn row(&self, id: &str) -> Option<ClientDocument> {
        let id = ClientId::new(id);
        self.store.find_document(&issuer(), &id).unwrap()
    }

    /// Returns the documents of a provider that accepts any.
    pub fn open(&self) -> Arc<Documents> {
        self.documents(settings(DocumentAccess::Open))
    }

    pub fn documents(&self, settings: DocumentSettings) -> Arc<Documents> {
        let policy = Arc::new(policy(&settings.issuer, &json!({})));
        Arc::new(Documents::new(settings, self.services.clone(), policy))
    }
}

pub fn issuer() -> Issuer {
    Issuer::parse("https://op.example").unwrap()
}

/// Returns the policy of a provider with the default offer, in which `members` are configured.
pub fn policy(issuer: &Issuer, members: &Value) -> Policy {
    let provider = ProviderMetadata::default_offer(issuer.clone())
        .configure(members.as_object().unwrap().clone())
        .unwrap();
    Policy {
        provider,
        any_scope: false,
        issuer: issuer.clone(),
        native_schemes: Vec::new(),
        open_terms: None,
        trusted: Vec::new(),
    }
}

pub fn settings(access: DocumentAccess) -> DocumentSettings {
    DocumentSettings {
        issuer: issuer(),
        access,
        hosts: Vec::new(),
        redirects: DocumentRedirects::OwnHost,
        keep: Keep {
            min: Duration::from_mins(5),
            max: Duration::from_hours(24),
        },
        stale: Duration::from_hours(1),
        pass: Vec::new(),
        limits: DocumentLimits {
            documents: 10_000,
            unproven_per_host: 100,
        },
        json: JsonLimits::default(),
    }
}

/// Returns the text of a document at an address; a member that is null is left out.
pub fn document(origin: &str, path: &str, more: &Value) -> String {
    let mut document = json!({
        "client_id": format!("{origin}{path}"),
        "client_name": "A client",
        "redirect_uris": [format!("{origin}/cb")],
        "token_endpoint_auth_method": "none",
    });
    let members = document.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        members.insert(name.clone(), value.clone());
        if value.is_null() {
            members.remove(name);
        }
    }
    document.to_string()
}

/// Resolves an identifier.
pub fn resolve(documents: &Arc<Documents>, id: &str, purpose: Purpose) -> Resolution {
    run(documents.resolve(id, purpose)).unwrap()
}

/// Resolves an identifier for a login, after the rest of its address.
pub fn authorize(documents: &Arc<Documents>, id: &str) -> Resolution {
    loop {
        match resolve(documents, id, Purpose::Authorize) {
            Resolution::Failed(ResolveFailure::Busy(_)) => std::thread::yield_now(),
            resolution => return resolution,
        }
    }
}

pub fn found(resolution: Resolution) -> ResolvedDocument {
    match resolution {
        Resolution::Document(found) => *found,
        other => panic!("no document: {other:?}"),
    }
}

pub fn failure(resolution: Resolution) -> ResolveFailure {
    match resolution {
        Resolution::Failed(failure) => failure,
        other => panic!("no failure: {other:?}"),
    }
}

/// Waits for a future on a runtime like that of a worker thread.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(work)
}
