//! A provisioner with its store and its authorization server.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use protocol::{
    ClientId, ClientSecret, Clock, Issuer, RegisteredMetadata, RegistrationAccessToken, Timestamp,
};
use provisioning::http::HttpConnector;
use provisioning::{
    Connector, CopyTemplate, ProvisionError, Provisioner, ProvisionerServices, ProvisionerSettings,
};
use serde_json::{Value, json};
use store::{
    Client, ClientData, ClientSummary, DatabaseUrl, NewClient, ProvisioningFilter, ProvisioningRow,
    SealingKey, SecretChange, Store,
};
use tempfile::TempDir;

use crate::support::scripted::hydra::Hydra;
use crate::support::{random, trust};

pub const START: i64 = 1_800_000_000;
pub const PATIENCE: Duration = Duration::from_millis(1500);

/// The scopes that the provider offers.
pub const SCOPES: [&str; 2] = ["openid", "profile"];

pub struct Bench<S = Hydra> {
    pub server: S,
    pub store: Store,
    pub clock: Clock,
    pub provisioner: Arc<Provisioner>,
    url: DatabaseUrl,
    seal: SealingKey,
    folder: TempDir,
    made: AtomicUsize,
}

pub fn issuer() -> Issuer {
    Issuer::parse("https://login.example.com").unwrap()
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(START + seconds)
}

pub fn settings() -> ProvisionerSettings {
    ProvisionerSettings {
        issuer: issuer(),
        ready: provisioning::Ready::Wait,
        patience: PATIENCE,
        at_most: 0,
        on_delete: provisioning::OnDelete::Delete,
        reconcile: Duration::from_mins(15),
        scopes_supported: SCOPES.map(str::to_owned).to_vec(),
    }
}

pub fn connector(hydra: &Hydra, template: CopyTemplate) -> Arc<dyn Connector> {
    Arc::new(HttpConnector::new(
        hydra.at.clone(),
        trust(),
        None,
        template,
        random(),
    ))
}

/// A copy with our mark, as it is listed.
pub fn marked_copy(id: &str) -> Value {
    json!({
        "client_id": id, "owner": "frontdesk",
        "metadata": { "frontdesk": { "issuer": issuer().as_str(), "revision": "1" } },
    })
}

/// The metadata of a confidential client of the code flow, with these members besides.
pub fn metadata(members: &Value) -> RegisteredMetadata {
    let mut metadata = json!({
        "redirect_uris": ["https://rp.example/cb"],
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
    });
    for (name, value) in members.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    RegisteredMetadata::from_stored(metadata.to_string()).unwrap()
}

impl Bench {
    /// A provisioner of Hydra's admin API with `wait`.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut ProvisionerSettings)) -> Self {
        let hydra = Hydra::start();
        let connector = connector(&hydra, CopyTemplate::default());
        Self::of(hydra, connector, change)
    }

    pub fn is_there(&self, id: &ClientId) -> bool {
        self.server.client(id.as_str()).is_some()
    }
}

impl<S> Bench<S> {
    pub fn of(
        server: S,
        connector: Arc<dyn Connector>,
        change: impl FnOnce(&mut ProvisionerSettings),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url: DatabaseUrl = format!("sqlite://{}", folder.path().join("store.db").display())
            .parse()
            .unwrap();
        let seal = SealingKey::from_base64(SealingKey::generate().unwrap().reveal()).unwrap();
        let store = Store::open(&url, seal.clone()).unwrap();
        store.migrate().unwrap();
        let clock = Clock::fixed(at(0));
        let mut settings = settings();
        change(&mut settings);
        let services = ProvisionerServices {
            store: store.clone(),
            clock: clock.clone(),
            random: random(),
        };
        Self {
            provisioner: Arc::new(Provisioner::new(settings, connector, services)),
            server,
            store,
            clock,
            url,
            seal,
            folder,
            made: AtomicUsize::new(0),
        }
    }

    /// Another process with the same store and settings.
    pub fn other_process(
        &self,
        connector: Arc<dyn Connector>,
        change: impl FnOnce(&mut ProvisionerSettings),
    ) -> Arc<Provisioner> {
        assert!(self.folder.path().exists());
        let mut settings = self.provisioner.settings().clone();
        change(&mut settings);
        let services = ProvisionerServices {
            store: Store::open(&self.url, self.seal.clone()).unwrap(),
            clock: self.clock.clone(),
            random: random(),
        };
        Arc::new(Provisioner::new(settings, connector, services))
    }

    /// A client with a new identifier.
    pub fn new_client(&self, members: &Value) -> NewClient {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        NewClient {
            data: ClientData {
                id: ClientId::new(format!("client{number:04}")),
                provider: issuer(),
                metadata: metadata(members),
                secret: Some(ClientSecret::new(format!("secret-{number}"))),
                issued_at: self.clock.now(),
                secret_expires_at: None,
                expires_at: None,
                owner: None,
                composed_name: None,
                terms: None,
            },
            token: Some(RegistrationAccessToken::new(format!("rat_{number}"))),
        }
    }

    pub async fn register(&self, members: &Value) -> Result<ClientSummary, ProvisionError> {
        let new = self.new_client(members);
        self.provisioner.register(&self.store, new, None).await
    }

    /// Registers a client where the server is well.
    pub async fn registered(&self, members: &Value) -> Client {
        let summary = self.register(members).await.unwrap();
        self.client(&summary.id).unwrap()
    }

    pub async fn replace(
        &self,
        client: &Client,
        members: &Value,
    ) -> Result<Client, ProvisionError> {
        let change = SecretChange::Keep;
        self.provisioner
            .replace(&self.store, client, metadata(members), change)
            .await
    }

    pub fn client(&self, id: &ClientId) -> Option<Client> {
        self.store.client(id).unwrap()
    }

    pub fn row(&self, id: &ClientId) -> Option<ProvisioningRow> {
        self.store.provisioning_row(&issuer(), id).unwrap()
    }

    /// The state of the row of a client; none without a row.
    pub fn state(&self, id: &ClientId) -> Option<&'static str> {
        self.row(id).map(|row| row.state.as_str())
    }

    pub fn rows(&self) -> Vec<ProvisioningRow> {
        self.store
            .provisioning_rows(&ProvisioningFilter::default(), None, 1000)
            .unwrap()
            .into_iter()
            .map(|listed| listed.row.unwrap())
            .collect()
    }

    /// The texts of the audit trail.
    pub fn audit(&self) -> Vec<String> {
        let rows = self.store.audit(None, None, None, 1000).unwrap();
        rows.into_iter().map(|row| row.event).collect()
    }

    /// Moves the clock.
    pub fn pass(&self, seconds: i64) {
        self.clock.set(Timestamp::from_seconds(
            self.clock.now().seconds() + seconds,
        ));
        self.provisioner.wake();
    }

    /// Runs the deliverer until a condition holds, while the clock goes on. The server is not asked for a list.
    pub async fn deliver_until(&self, what: &str, holds: impl Fn() -> bool) {
        let deliverer = tokio::spawn(Arc::clone(&self.provisioner).run());
        let limit = Instant::now() + Duration::from_secs(20);
        while !holds() {
            assert!(Instant::now() < limit, "{what}: {:?}", self.rows());
            self.pass(5);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.provisioner.stop();
        deliverer.await.unwrap();
    }
}

/// Runs a test.
pub fn run<F: Future>(test: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(test)
}

/// The time to wait, of an error that says when to come again.
pub fn wait_of<T: std::fmt::Debug>(result: Result<T, ProvisionError>) -> Duration {
    match result {
        Err(
            ProvisionError::Unavailable { retry_after, .. } | ProvisionError::Full { retry_after },
        ) => retry_after,
        other => panic!("{other:?}"),
    }
}
