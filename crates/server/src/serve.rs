//! `frontdesk serve`: from a configuration to a service that answers, and to its end without losing a request.

use std::future::poll_fn;
use std::io;
use std::mem::ManuallyDrop;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use access::{PasswordLimits, PasswordVerifier, RefusalLog, RegistrationLimiter};
use actix_server::Server;
use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App, HttpServer, rt};
use anyhow::Context;
use lookup::Lookup;
use openssl::ssl::SslAcceptor;
use outbound::Fetcher;
use protocol::{Clock, Issuer, Secret};
use registration::Services;
use store::Store;
use telemetry::{Metrics, Traces};

use crate::config::{Config, ProviderConfig, ProvisionConfig, TlsMode, development_issuer};
use crate::deployment::Deployment;
use crate::http::connections::Connections;
use crate::http::descriptors::Descriptors;
use crate::http::listener::Listeners;
use crate::http::pipeline::RequestPipeline;
use crate::http::request_ids::RequestIdGenerator;
use crate::http::sockets::{addresses, listen};
use crate::http::static_routes::StaticRoutes;
use crate::management::{self, ManagementState};
use crate::metrics::{MetricSources, StoreHealth, client_documents, provisioning};
use crate::tasks::Deliveries;
use crate::terminal::startup_message;
use crate::tls::{CertificateSource, Hangups, ServedCertificate};
use crate::{first_account, open_store, supervisor, tasks, tls, upstream};

pub use crate::http::sockets::resolve;
pub use crate::random;

/// Serves until a signal to stop arrives: prepare, open, bind, announce, run, drain.
///
/// # Errors
/// When the service cannot start, or stops by an error.
pub fn serve(config: Config, traces: Option<Traces>) -> anyhow::Result<()> {
    keys::install();
    // It is never dropped: that would wait for threads that hang on a database, and the process ends anyway.
    let system = ManuallyDrop::new(rt::System::new());
    // Before anything that takes time: a signal that asks for a reload must not end the start.
    let hangups = system
        .block_on(async { Hangups::listen() })
        .context("signals cannot be waited for")?;
    let (prepared, sockets) = prepare(config)?;
    let opened = open(prepared, traces)?;
    let outcome = system.block_on(async {
        // Before the service is announced: a signal that comes at once must stop it too.
        let stop = stop_signal().context("signals cannot be waited for")?;
        let bound = [&sockets.public, &sockets.management, &sockets.lookup].map(|of| addresses(of));
        let servers = bind(&opened, sockets)?;
        let deliveries = tasks::start(&opened.deployment, &opened.services, &opened.config);
        rt::spawn(hangups.reload(opened.certificate.clone(), opened.services.clock.clone()));
        announce(&opened, &bound);
        run(servers, deliveries, stop, Arc::clone(&opened.draining)).await
    });
    drain(&opened);
    outcome
}

/// The configuration after it was checked, and the objects that depend on it alone.
struct Prepared {
    config: Config,
    first_password: Option<Secret>,
    fetcher: Fetcher,
}

struct Sockets {
    public: Vec<TcpListener>,
    management: Vec<TcpListener>,
    lookup: Vec<TcpListener>,
}

/// Checks the configuration, and listens, before anything is created.
fn prepare(mut config: Config) -> anyhow::Result<(Prepared, Sockets)> {
    config
        .providers
        .iter()
        .try_for_each(ProviderConfig::check)?;
    let mut provisions = config
        .providers
        .iter()
        .filter_map(|one| one.provision.as_ref());
    provisions.try_for_each(ProvisionConfig::check_files)?;
    let first_password = config.admin_password()?;
    let fetcher = fetcher(&config)?;
    if let TlsMode::Files { certificate, key } = &config.tls {
        tls::acceptor(certificate, key)?;
    }
    let public = listen("listen", &config.listen, config.loopback_only)?;
    if config.development {
        settle_issuer(&mut config, &public)?;
    }
    let management = listen("management_listen", &config.management_listen, false)?;
    let lookup = match &config.lookup_listen {
        Some(address) => listen("lookup_listen", address, false)?,
        None => Vec::new(),
    };
    let prepared = Prepared {
        config,
        first_password,
        fetcher,
    };
    let sockets = Sockets {
        public,
        management,
        lookup,
    };
    Ok((prepared, sockets))
}

/// The service before it answers.
struct Opened {
    config: Config,
    services: Services,
    deployment: Deployment,
    lookup: Data<Lookup>,
    admin_password: Option<Secret>,
    acceptor: Option<SslAcceptor>,
    certificate: Option<ServedCertificate>,
    metrics: Metrics,
    request_ids: Arc<RequestIdGenerator>,
    descriptors: Descriptors,
    connections: Arc<Connections>,
    /// Apart from the public ones, so that strangers cannot use them up.
    lookup_connections: Arc<Connections>,
    draining: Arc<AtomicBool>,
    traces: Option<Traces>,
}

/// Opens the store, makes the first account and keys, and builds every document.
fn open(prepared: Prepared, traces: Option<Traces>) -> anyhow::Result<Opened> {
    let Prepared {
        config,
        first_password,
        fetcher,
    } = prepared;
    let store = open_store::open(&config)?;
    let clock = Clock::system();
    let admin_password = first_account::make(first_password, config.development, &store, &clock)?;
    let services = services(&config, store, fetcher, clock)?;
    let upstreams = upstream::open(&config, &services)?;
    let deployment = Deployment::new(&config, &services, upstreams)?;
    let lookup = Data::new(lookup(&config, &services, &deployment));
    let (certificate, acceptor) = certificate(&config, &services.clock)?.unzip();
    let descriptors = Descriptors::raise(&config.limits, config.database.max_connections());
    let [connections, lookup_connections] = Connections::with_lookup(
        &config.limits,
        descriptors.connections,
        config.lookup_listen.is_some(),
        &config.proxies,
    );
    Ok(Opened {
        metrics: Metrics::new()?,
        request_ids: RequestIdGenerator::new(random(), config.proxies.clone())?,
        config,
        services,
        deployment,
        lookup,
        admin_password,
        acceptor,
        certificate,
        descriptors,
        connections,
        lookup_connections,
        draining: Arc::new(AtomicBool::new(false)),
        traces,
    })
}

/// Makes the objects that all providers share.
fn services(
    config: &Config,
    store: Store,
    fetcher: Fetcher,
    clock: Clock,
) -> anyhow::Result<Services> {
    let limits = &config.limits;
    let password_limits = PasswordLimits {
        threads: std::thread::available_parallelism().map_or(2, usize::from),
        waiting: limits.passwords_waiting.try_into().unwrap_or(usize::MAX),
        failures: limits.failed_logins_per_minute,
    };
    let random = random();
    let passwords = PasswordVerifier::new(store.clone(), password_limits, &random)
        .map_err(anyhow::Error::msg)?;
    let limiter =
        RegistrationLimiter::new(limits.registrations_per_minute, limits.updates_per_minute);
    Ok(Services {
        store,
        fetcher,
        clock,
        random,
        limiter: Arc::new(limiter),
        passwords: Arc::new(passwords),
        refusals: Arc::new(RefusalLog::default()),
    })
}

/// Makes the state of the lookup, which is there also where it has no listener.
fn lookup(config: &Config, services: &Services, deployment: &Deployment) -> Lookup {
    Lookup::new(
        services.store.clone(),
        services.clock.clone(),
        deployment.documents().cloned().collect(),
        config.lookup.max_age,
        config.limits.failed_logins_per_minute,
        Arc::clone(&services.refusals),
    )
}

struct Servers {
    public: Server,
    management: Server,
    lookup: Option<Server>,
}

/// Starts the servers on their sockets.
fn bind(opened: &Opened, sockets: Sockets) -> io::Result<Servers> {
    let management = ManagementState {
        store: opened.services.store.clone(),
        draining: Arc::clone(&opened.draining),
        metrics: opened.metrics.clone(),
        sources: Arc::new(sources(opened)),
    };
    let static_routes = opened.deployment.static_routes(&opened.metrics);
    let (deployment, lookup) = (opened.deployment.clone(), opened.lookup.clone());
    let body_limits = opened.config.limits.body();
    let public = application_server(
        opened,
        &opened.connections,
        Some(static_routes),
        sockets.public,
        move |config: &mut ServiceConfig| deployment.mount(config),
    )?;
    let lookup_sockets = Some(sockets.lookup).filter(|sockets| !sockets.is_empty());
    let lookup = lookup_sockets.map(|sockets| {
        let connections = &opened.lookup_connections;
        application_server(
            opened,
            connections,
            None,
            sockets,
            move |config: &mut ServiceConfig| {
                lookup::mount(config, &lookup, body_limits);
            },
        )
    });
    Ok(Servers {
        public,
        management: private(management, sockets.management)?,
        lookup: lookup.transpose()?,
    })
}

/// Returns the sources of /metrics, and starts to watch the store.
fn sources(opened: &Opened) -> MetricSources {
    MetricSources {
        services: opened.services.clone(),
        deployment: opened.deployment.clone(),
        lookup: opened.lookup.clone(),
        connections: Arc::clone(&opened.connections),
        store_health: StoreHealth::start(opened.services.store.clone()),
        documents: client_documents::count(
            opened.services.store.clone(),
            opened.deployment.accepted_documents().next().is_some(),
        ),
        provisioning: provisioning::count(
            opened.services.store.clone(),
            opened.deployment.provisioners().next().is_some(),
        ),
        draining: Arc::clone(&opened.draining),
        certificate: opened.certificate.clone(),
        traces: opened.traces.clone(),
    }
}

/// Tells the operator and the supervisor that the service answers.
fn announce(opened: &Opened, bound: &[Vec<SocketAddr>; 3]) {
    tracing::info!(
        descriptors = opened.descriptors.limit,
        connections = opened.descriptors.connections,
        "open connections are limited"
    );
    startup_message::print(
        &opened.config,
        &opened.deployment,
        bound,
        opened.admin_password.as_ref(),
    );
    supervisor::ready();
}

/// Serves until `stop`, and then until the requests in progress are answered, and the deliveries in progress have ended.
async fn run(
    servers: Servers,
    deliveries: Deliveries,
    stop: impl Future<Output = ()> + 'static,
    draining: Arc<AtomicBool>,
) -> anyhow::Result<()> {
    let (public, management) = (servers.public.handle(), servers.management.handle());
    let lookup = servers.lookup.as_ref().map(Server::handle);
    rt::spawn(servers.management);
    let lookup_server = servers.lookup.map(rt::spawn);
    let stopping = deliveries.stopping();
    rt::spawn(async move {
        stop.await;
        tracing::info!("stopping: finishing requests in progress");
        draining.store(true, Ordering::Relaxed);
        supervisor::stopping();
        stopping();
        if let Some(lookup) = lookup {
            rt::spawn(lookup.stop(true));
        }
        public.stop(true).await;
    });
    let served = servers.public.await;
    if let Some(lookup) = lookup_server {
        lookup.await??;
    }
    deliveries.end().await;
    management.stop(false).await;
    Ok(served?)
}

/// Saves the refusals in memory, and closes the store.
fn drain(opened: &Opened) {
    let Services {
        store, refusals, ..
    } = &opened.services;
    if let Err(error) = store.record_refusals(refusals.take_all()).wait() {
        tracing::warn!("the last refusals were not saved to the audit trail: {error}");
    }
    store.close();
    if let Some(traces) = &opened.traces {
        traces.end();
    }
    tracing::info!("stopped");
}

/// Starts a server of the public kind: counted connections, TLS as configured, and the pipeline around the routes.
fn application_server(
    opened: &Opened,
    connections: &Arc<Connections>,
    static_routes: Option<StaticRoutes>,
    sockets: Vec<TcpListener>,
    mount: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> io::Result<Server> {
    let limits = opened.config.limits.clone();
    let pipeline = Arc::new(RequestPipeline {
        static_routes,
        request_ids: Arc::clone(&opened.request_ids),
        limits: limits.clone(),
        metrics: opened.metrics.clone(),
        // After this header a browser accepts no certificate that it does not trust.
        strict_transport_security: matches!(opened.config.tls, TlsMode::Files { .. }),
        traces: opened.traces.clone(),
    });
    let mut listeners = Listeners::new(Arc::clone(connections), &limits);
    // Each socket is handed over: a copy that stays open would still accept connections while the service stops.
    for socket in sockets {
        let (mount, pipeline) = (mount.clone(), Arc::clone(&pipeline));
        let application = move || {
            let mount = mount.clone();
            Arc::clone(&pipeline).wrap(App::new().configure(move |config| mount(config)))
        };
        listeners = listeners.add(socket, opened.acceptor.clone(), application)?;
    }
    Ok(listeners.run())
}

fn private(management: ManagementState, listeners: Vec<TcpListener>) -> io::Result<Server> {
    let management = Data::new(management);
    let headers = || DefaultHeaders::new().add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    let mut server = HttpServer::new(move || {
        App::new()
            .configure(|config| management::mount(config, &management))
            .wrap(headers())
    })
    .workers(1)
    .disable_signals();
    for listener in listeners {
        server = server.listen(listener)?;
    }
    Ok(server.run())
}

/// Returns the certificate in service with the TLS settings of the listeners, or nothing if TLS is left to a proxy.
fn certificate(
    config: &Config,
    clock: &Clock,
) -> anyhow::Result<Option<(ServedCertificate, SslAcceptor)>> {
    let source = match &config.tls {
        TlsMode::Off => return Ok(None),
        TlsMode::Files { certificate, key } => CertificateSource::Files {
            certificate: certificate.clone(),
            key: key.clone(),
        },
        TlsMode::SelfSigned => CertificateSource::SelfSigned {
            data: config.data.clone(),
            names: names(config),
        },
    };
    let certificate = ServedCertificate::open(source, clock.now())?;
    let acceptor = certificate.acceptor(clock.now())?;
    Ok(Some((certificate, acceptor)))
}

/// Returns the names for a generated certificate: this machine's, the issuers' hosts and the domains.
fn names(config: &Config) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    for provider in &config.providers {
        names.push(provider.issuer.host().to_owned());
        names.extend(
            provider
                .domains
                .iter()
                .map(|domain| domain.host().to_string()),
        );
    }
    names
}

/// Sets the issuer of development mode, which has the port that was taken.
fn settle_issuer(config: &mut Config, listeners: &[TcpListener]) -> anyhow::Result<()> {
    let port = listeners
        .first()
        .and_then(|listener| listener.local_addr().ok())
        .map_or(0, |address| address.port());
    for provider in &mut config.providers {
        provider.issuer =
            Issuer::parse(&development_issuer(&config.tls, port)).map_err(anyhow::Error::msg)?;
    }
    Ok(())
}

/// Returns the fetcher of addresses that clients name.
///
/// # Errors
/// The certificate authority of `outbound.ca` cannot be used.
pub fn fetcher(config: &Config) -> anyhow::Result<Fetcher> {
    let ca = config.outbound_authority()?;
    let settings = outbound::FetchSettings {
        allow: config.outbound_allow.clone(),
        ca,
        ..outbound::FetchSettings::default()
    };
    Ok(Fetcher::new(settings)?)
}

/// Listens for the signals to stop from now on; the future resolves at the first.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use actix_web::rt::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    Ok(poll_fn(move |context| match terminate.poll_recv(context) {
        Poll::Ready(_) => Poll::Ready(()),
        Poll::Pending => interrupt.poll_recv(context).map(drop),
    }))
}
