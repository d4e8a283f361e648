//! `frontdesk serve`: from a configuration to a service that answers, and back to nothing without losing a request.

use std::future::poll_fn;
use std::io;
use std::mem::ManuallyDrop;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use access::{PasswordLimits, PasswordVerifier, RefusalLog, RegistrationLimiter};
use actix_server::Server;
use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::Data;
use actix_web::{App, HttpServer, rt};
use openssl::ssl::SslAcceptor;
use outbound::Fetcher;
use protocol::{Clock, Issuer, Secret, Timestamp};
use registration::Random;
use socket2::{Domain, Socket, Type};
use store::{By, Role, Store};

use crate::config::{Config, ProviderConfig, Tls, development_issuer};
use crate::connections::Connections;
use crate::descriptors::Descriptors;
use crate::front::Front;
use crate::listener::Listeners;
use crate::management::{self, Management};
use crate::metrics::{Metrics, Sources, Watch};
use crate::request_id::RequestIds;
use crate::settings::named;
use crate::traces::Traces;
use crate::wiring::{Means, Site};
use crate::{open, start_up, supervisor, tasks, tls};

/// The account that is made at first start.
const ADMINISTRATOR: &str = "admin";

/// What the audit trail says of what is made then.
const START: &str = "first start";

/// Serves until a signal says stop, and traces requests if there is somebody to tell.
///
/// # Errors
/// One sentence that names what keeps the service from starting.
pub fn serve(mut config: Config, traces: Option<Traces>) -> Result<(), String> {
    keys::install();
    let clock = Clock::system();
    // What the operator gave is looked at before anything is made.
    config
        .providers
        .iter()
        .try_for_each(ProviderConfig::check)
        .map_err(|error| error.to_string())?;
    let first_password = config.admin_password().map_err(|error| error.to_string())?;
    let fetcher = fetcher(&config)?;
    if let Tls::Files { certificate, key } = &config.tls {
        tls::acceptor(certificate, key).map_err(|error| error.to_string())?;
    }
    let listeners = listen("listen", &config.listen, config.development)?;
    if config.development {
        settle_issuer(&mut config, &listeners)?;
    }
    let management_listeners = listen("management_listen", &config.management_listen, false)?;
    let store = open::store(&config)?;
    let admin_password = administrator(first_password, config.development, &store, &clock)?;
    let limiter = Arc::new(RegistrationLimiter::new(
        config.limits.registrations_per_minute,
        config.limits.updates_per_minute,
    ));
    let login_limits = PasswordLimits {
        threads: std::thread::available_parallelism().map_or(2, usize::from),
        waiting: config
            .limits
            .passwords_waiting
            .try_into()
            .unwrap_or(usize::MAX),
        failures: config.limits.failed_logins_per_minute,
    };
    let passwords = Arc::new(PasswordVerifier::new(
        store.clone(),
        login_limits,
        &*random(),
    )?);
    let refusals = Arc::new(RefusalLog::default());
    let means = Means {
        store: store.by(By::hand(START)),
        fetcher: fetcher.clone(),
        clock: clock.clone(),
        random: random(),
        limiter: Arc::clone(&limiter),
        passwords: Arc::clone(&passwords),
        refusals: Arc::clone(&refusals),
    };
    let site = Site::new(&config, &means).map_err(|error| error.to_string())?;
    let (acceptor, certificate_end) = acceptor(&config, &clock)?.unzip();
    let metrics = Metrics::new().map_err(|error| error.to_string())?;
    let ids = RequestIds::new(random(), config.proxies.clone())?;
    let draining = Arc::new(AtomicBool::new(false));
    let descriptors = Descriptors::raise(&config.limits, config.database.max_connections());
    let connections = Connections::new(
        &config.limits,
        descriptors.connections,
        config.proxies.clone(),
    );

    // It is never taken down: that would wait for whoever hangs on a database that does not answer, and the process ends anyway.
    let system = ManuallyDrop::new(rt::System::new());
    let outcome = system.block_on(async {
        // Before anybody is told that the service is there: a signal that comes at once must stop it as well as any other.
        let stop =
            stop_signal().map_err(|error| format!("signals cannot be waited for: {error}"))?;
        let (public_addresses, private_addresses) =
            (addresses(&listeners), addresses(&management_listeners));
        let sources = Sources {
            clock: clock.clone(),
            store: store.clone(),
            site: site.clone(),
            fetcher,
            limiter: Arc::clone(&limiter),
            passwords: Arc::clone(&passwords),
            refusals: Arc::clone(&refusals),
            connections: Arc::clone(&connections),
            watch: Watch::start(store.clone()),
            draining: Arc::clone(&draining),
            certificate_end,
            traces: traces.clone(),
        };
        let management = Management {
            store: store.clone(),
            draining: Arc::clone(&draining),
            metrics: metrics.clone(),
            sources: Arc::new(sources),
        };
        let front = Arc::new(Front {
            direct: site.direct(&metrics),
            ids: Arc::clone(&ids),
            limits: config.limits,
            metrics: metrics.clone(),
            // A browser that was told so once lets nobody past a certificate it does not trust.
            strict: matches!(config.tls, Tls::Files { .. }),
            traces: traces.clone(),
        });
        let public = public(&site, &front, connections, listeners, acceptor.as_ref())
            .map_err(|error| error.to_string())?;
        let private =
            private(management, management_listeners).map_err(|error| error.to_string())?;
        tasks::start(
            site.clone(),
            &store,
            clock.clone(),
            (limiter, passwords),
            (config.keep_retired, config.keep_audit),
        );
        tasks::write_trail(store.clone(), Arc::clone(&refusals));
        tracing::info!(
            descriptors = descriptors.limit,
            connections = descriptors.connections,
            "open connections are limited"
        );
        start_up::tell(
            &config,
            &site,
            &public_addresses,
            &private_addresses,
            admin_password.as_ref(),
        );
        supervisor::ready();
        let (public_handle, private_handle) = (public.handle(), private.handle());
        rt::spawn(private);
        rt::spawn(async move {
            stop.await;
            tracing::info!("stopping: requests that are under way are finished first");
            draining.store(true, Ordering::Relaxed);
            supervisor::stopping();
            public_handle.stop(true).await;
        });
        let served = public.await;
        private_handle.stop(false).await;
        served.map_err(|error| error.to_string())
    });
    if let Err(error) = store.refused(refusals.take_all()).wait() {
        tracing::warn!("the last refusals are not in the audit trail: {error}");
    }
    store.close();
    if let Some(traces) = traces {
        traces.end();
    }
    tracing::info!("stopped");
    outcome
}

fn public(
    site: &Site,
    front: &Arc<Front>,
    connections: Arc<Connections>,
    sockets: Vec<TcpListener>,
    acceptor: Option<&SslAcceptor>,
) -> io::Result<Server> {
    let mut listeners = Listeners::new(connections, front.limits);
    // Each socket is handed over: one that somebody kept would still take connections while the service stops.
    for socket in sockets {
        let (site, front) = (site.clone(), Arc::clone(front));
        let application =
            move || Arc::clone(&front).before(App::new().configure(|config| site.mount(config)));
        listeners = listeners.add(socket, acceptor.cloned(), application)?;
    }
    Ok(listeners.run())
}

fn private(management: Management, listeners: Vec<TcpListener>) -> io::Result<Server> {
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

/// The TLS settings of the listeners with when the certificate ends; nothing, where TLS is left to a proxy.
fn acceptor(config: &Config, clock: &Clock) -> Result<Option<(SslAcceptor, Timestamp)>, String> {
    let (certificate, key) = match &config.tls {
        Tls::Off => return Ok(None),
        Tls::Files { certificate, key } => (certificate.clone(), key.clone()),
        Tls::SelfSigned => {
            let made = tls::development_certificates(&config.data, &names(config), clock.now())
                .map_err(|error| error.to_string())?;
            (made.certificate, made.key)
        }
    };
    let acceptor = tls::acceptor(&certificate, &key)
        .map_err(|error| error.to_string())?
        .build();
    if let Some(concern) =
        tls::concern(&certificate, clock.now()).map_err(|error| error.to_string())?
    {
        tracing::warn!("{concern}");
    }
    let end = tls::end(&certificate).map_err(|error| error.to_string())?;
    Ok(Some((acceptor, end)))
}

/// The names a certificate of our own making is for: this machine's, the issuers' hosts and the hosted domains.
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

/// In development mode the issuer follows from the port that was really taken.
fn settle_issuer(config: &mut Config, listeners: &[TcpListener]) -> Result<(), String> {
    let port = listeners
        .first()
        .and_then(|listener| listener.local_addr().ok())
        .map_or(0, |address| address.port());
    for provider in &mut config.providers {
        provider.issuer =
            Issuer::parse(&development_issuer(&config.tls, port)).map_err(str::to_owned)?;
    }
    Ok(())
}

/// The addresses of a setting: every address of a name.
///
/// # Errors
/// One sentence that names the setting, when there are none or when they may be loopback addresses only and are not.
pub fn resolve(key: &str, text: &str, loopback_only: bool) -> Result<Vec<SocketAddr>, String> {
    let addresses: Vec<SocketAddr> = text
        .to_socket_addrs()
        .map_err(|error| {
            format!(
                "{} must be an address and a port such as 0.0.0.0:9443, not {text:?}: {error}",
                named(key)
            )
        })?
        .collect();
    if loopback_only && addresses.iter().any(|address| !address.ip().is_loopback()) {
        return Err(format!(
            "development mode listens on loopback only, and {} is {text}; set {} to serve others",
            named(key),
            named("provider.issuer")
        ));
    }
    Ok(addresses)
}

/// Takes the addresses a setting names, as far as this machine has them.
fn listen(key: &str, text: &str, loopback_only: bool) -> Result<Vec<TcpListener>, String> {
    let addresses = resolve(key, text, loopback_only)?;
    let mut taken: Vec<TcpListener> = Vec::new();
    let mut refused = None;
    for mut address in addresses {
        if let Some(first) = taken
            .first()
            .and_then(|listener| listener.local_addr().ok())
            .filter(|_| address.port() == 0)
        {
            address.set_port(first.port());
        }
        match bind(address) {
            Ok(listener) => taken.push(listener),
            Err(error)
                if error.kind() == io::ErrorKind::AddrNotAvailable
                    || error.kind() == io::ErrorKind::Unsupported =>
            {
                refused = Some(error);
            }
            Err(error) => {
                return Err(format!(
                    "{} is {text}, and {address} cannot be listened on: {error}",
                    named(key)
                ));
            }
        }
    }
    match (taken.is_empty(), refused) {
        (true, Some(error)) => Err(format!(
            "{} is {text}, which cannot be listened on: {error}",
            named(key)
        )),
        _ => Ok(taken),
    }
}

/// The number of connections that the kernel keeps until they are accepted. With the 128 of the standard library a burst from one
/// address makes the kernel drop what others begin.
const BACKLOG: i32 = 1024;

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn addresses(listeners: &[TcpListener]) -> Vec<SocketAddr> {
    listeners
        .iter()
        .filter_map(|listener| listener.local_addr().ok())
        .collect()
}

/// Makes the first account when there is none and a password for it. Returns a password that was made up here.
fn administrator(
    given: Option<Secret>,
    development: bool,
    store: &Store,
    clock: &Clock,
) -> Result<Option<Secret>, String> {
    let wrong =
        |error: store::StoreError| format!("the account {ADMINISTRATOR} cannot be made: {error}");
    if store.has_accounts().map_err(wrong)? {
        return Ok(None);
    }
    let (password, made_up) = match (given, development) {
        (Some(password), _) => (password, false),
        (None, true) => (Secret::new(crate::random_text(&random(), 18)?), true),
        (None, false) => return Ok(None),
    };
    match store.by(By::hand(START)).add_account(
        ADMINISTRATOR,
        Role::Administrator,
        None,
        &password,
        clock.now(),
    ) {
        // Another replica that started at the same time was first.
        Err(store::StoreError::Conflict) => Ok(None),
        Err(error) => Err(wrong(error)),
        Ok(()) => Ok(made_up.then_some(password)),
    }
}

fn fetcher(config: &Config) -> Result<Fetcher, String> {
    let ca = config
        .outbound_authority()
        .map_err(|error| error.to_string())?;
    let settings = outbound::Settings {
        allow: config.outbound_allow.clone(),
        ca,
        ..outbound::Settings::default()
    };
    Fetcher::new(settings).map_err(|error| error.to_string())
}

/// Randomness from OpenSSL.
pub fn random() -> Random {
    Arc::new(|buffer| openssl::rand::rand_bytes(buffer).map_err(|error| error.to_string()))
}

/// Listens for the signals to stop from now on; the future is done at the first.
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
