//! The deployment: the providers of a configuration with their state and routes. Here the features meet.

use std::iter::zip;
use std::sync::Arc;

use access::DocumentLimiter;
use actix_web::http::{Method, StatusCode, header};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, guard};
use admission::Policy;
use arc_swap::ArcSwap;
use authorize::{Hop, HopServices};
use documents::{DocumentAccess, DocumentServices, Documents};
use keys::{KeyError, KeyRing, Snapshot};
use oauth_http::peer::{Proxies, UnthrottledNetworks};
use oauth_http::{BodyLimits, Failure, cors};
use oidc_discovery::Discovery;
use protocol::error_code::NOTHING_HERE;
use protocol::{ErrorCode, Issuer, TokenTerms};
use provisioning::{Provisioner, ProvisionerServices};
use registration::{Registration, RegistrationCounts, Services};
use store::Actor;
use telemetry::Metrics;
use webfinger::Directory;

use crate::client_documents;
use crate::commands::error_text;
use crate::config::{Config, ProviderConfig};
use crate::http::host_header;
use crate::http::static_routes::StaticRoutes;
use crate::provider::addresses;
use crate::provider::{self, ProviderOffer};
use crate::provision;
use crate::upstream::{OpenedUpstream, Upstream};

/// The actor in the audit trail for accounts and keys that are made when the service starts for the first time.
pub const FIRST_START: &str = "first start";

/// The actor in the audit trail for changes that authorization requests cause.
const HOP: &str = "authorization hop";

/// The state of the routes, made once and shared by every worker.
#[derive(Clone)]
pub struct Deployment {
    providers: Vec<ProviderRoutes>,
    /// The limit on fetches of documents that an address causes.
    pub document_limiter: Arc<DocumentLimiter>,
    directory: Data<Directory>,
    body: Data<BodyLimits>,
    proxies: Data<Proxies>,
    unthrottled: Data<UnthrottledNetworks>,
}

/// The state of a provider's routes.
#[derive(Clone)]
struct ProviderRoutes {
    host: String,
    discovery: Data<Discovery>,
    registration: Data<Registration>,
    /// The path prefixes of its WSO2 endpoints.
    wso2_prefixes: Vec<String>,
    placeholders: Vec<(&'static str, &'static str)>,
    hop: Option<Data<Hop>>,
    documents: Arc<Documents>,
    keys: KeyRing,
    upstream: Option<Arc<Upstream>>,
}

/// The error of a deployment that cannot be made: a sentence.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// A member of a provider's document.
    #[error("the provider {issuer}: {invalid}; set it in [provider.metadata]{hint}")]
    Metadata {
        issuer: String,
        invalid: protocol::InvalidMember,
        /// The variable that sets the member as well.
        hint: String,
    },
    #[error("provider.domains: {0}")]
    Domains(#[from] webfinger::DirectoryError),
    /// The fetcher of client documents.
    #[error("{0}")]
    Fetcher(#[from] outbound::FetchSettingsError),
    /// A sentence about a provisioner.
    #[error("{0}")]
    Provision(String),
    #[error("the keys of {issuer} cannot be used: {error}")]
    Keys { issuer: String, error: KeyError },
}

impl Deployment {
    /// Makes the deployment. Every document is rendered here.
    ///
    /// # Errors
    /// Names the provider and its fault.
    pub fn new(
        config: &Config,
        services: &Services,
        upstreams: Vec<Option<OpenedUpstream>>,
    ) -> Result<Self, DeploymentError> {
        let directory = Data::new(Directory::new(
            config
                .providers
                .iter()
                .map(ProviderConfig::hosted)
                .collect(),
        )?);
        let fetcher = client_documents::fetcher(config, &services.fetcher)?;
        let documents = client_documents::services(services, fetcher);
        let limiter = Arc::new(DocumentLimiter::new(config.limits.documents_per_minute));
        let providers = zip(&config.providers, upstreams)
            .map(|(provider, upstream)| {
                let documents = documents.clone();
                ProviderRoutes::new(provider, config, services, documents, &limiter, upstream)
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            providers,
            document_limiter: limiter,
            directory,
            body: Data::new(config.limits.body()),
            proxies: Data::new(config.proxies.clone()),
            unthrottled: Data::new(UnthrottledNetworks(config.limits.unthrottled.clone())),
        })
    }

    /// Adds every route. Providers on the same host are distinguished by their paths and `Host` is ignored; providers on several
    /// hosts are chosen by it.
    pub fn mount(&self, config: &mut ServiceConfig) {
        config
            .app_data(self.directory.clone())
            .app_data(self.body.clone())
            .app_data(self.proxies.clone())
            .app_data(self.unthrottled.clone());
        webfinger::mount(config);
        let mut hosts: Vec<&str> = self
            .providers
            .iter()
            .map(|provider| provider.host.as_str())
            .collect();
        hosts.sort_unstable();
        hosts.dedup();
        if let [_] = hosts.as_slice() {
            self.providers
                .iter()
                .for_each(|provider| provider.mount(config));
            config.default_service(web::to(not_found));
            return;
        }
        for name in &hosts {
            let name = (*name).to_owned();
            let own: Vec<ProviderRoutes> = self
                .providers
                .iter()
                .filter(|provider| provider.host == name)
                .cloned()
                .collect();
            let here = move |context: &guard::GuardContext<'_>| {
                host_header::host(context.head()).is_some_and(|host| host == name)
            };
            config.service(
                web::scope("")
                    .guard(guard::fn_guard(here))
                    .configure(move |config| {
                        for provider in &own {
                            provider.mount(config);
                        }
                    }),
            );
        }
        let known: Arc<[String]> = hosts.iter().map(|name| (*name).to_owned()).collect();
        config.default_service(web::to(move |request: HttpRequest| {
            unknown_host(request, Arc::clone(&known))
        }));
    }

    /// Returns the answers that are given ahead of those routes.
    pub fn static_routes(&self, metrics: &Metrics) -> StaticRoutes {
        let documents = |provider: &ProviderRoutes| {
            let pages =
                oidc_discovery::documents(&provider.discovery, &provider.wso2_prefixes).into_iter();
            pages
                .map(|(path, page)| (provider.registration.issuer.clone(), path, page))
                .collect::<Vec<_>>()
        };
        StaticRoutes::new(
            self.providers.iter().flat_map(documents).collect(),
            self.directory.clone(),
            metrics,
        )
    }

    /// Reads every provider's keys again, and renders the documents of those that changed. Blocks on the store.
    ///
    /// # Errors
    /// Fails at the first provider with keys that cannot be read or do not sign; its documents stay as they were.
    pub fn reload_keys(&self) -> Result<(), KeyError> {
        for provider in &self.providers {
            if provider.keys.reload()? {
                provider.discovery.refresh()?;
            }
        }
        Ok(())
    }

    /// Puts documents of servers behind in force that another process took into the store. Blocks on the store.
    ///
    /// # Errors
    /// The store does not answer.
    pub fn reload_upstreams(&self) -> anyhow::Result<()> {
        for provider in &self.providers {
            if let Some(upstream) = &provider.upstream {
                upstream.follow(&|offer| provider.put(upstream.provider(), offer))?;
            }
        }
        Ok(())
    }

    /// Asks the server behind the provider with this issuer for its document. Blocks on the network and on the store.
    ///
    /// # Errors
    /// The store does not answer.
    pub fn refresh_upstream(&self, issuer: &Issuer) -> anyhow::Result<()> {
        for provider in &self.providers {
            if let Some(upstream) = &provider.upstream
                && provider.registration.issuer == *issuer
            {
                upstream.refresh(&|offer| provider.put(upstream.provider(), offer))?;
            }
        }
        Ok(())
    }

    /// Returns the servers behind providers.
    pub fn upstreams(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.providers
            .iter()
            .filter_map(|provider| provider.upstream.as_ref())
    }

    /// Returns the provisioners of providers.
    pub fn provisioners(&self) -> impl Iterator<Item = &Arc<Provisioner>> {
        self.providers
            .iter()
            .filter_map(|provider| provider.registration.provisioner.as_ref())
    }

    /// Returns the issuer, the registration counts and the keys of every provider.
    pub fn counts(&self) -> impl Iterator<Item = (&Issuer, &RegistrationCounts, Arc<Snapshot>)> {
        self.providers.iter().map(|provider| {
            (
                &provider.registration.issuer,
                &provider.registration.counts,
                provider.keys.snapshot(),
            )
        })
    }

    /// Returns the authorization hop of each provider with one.
    pub fn hops(&self) -> impl Iterator<Item = &Data<Hop>> {
        self.providers
            .iter()
            .filter_map(|provider| provider.hop.as_ref())
    }

    /// Returns the client ID metadata documents of every provider, in the order of the configuration.
    pub fn documents(&self) -> impl Iterator<Item = &Arc<Documents>> {
        self.providers.iter().map(|provider| &provider.documents)
    }

    /// Returns the documents of each provider that accepts some, with its provisioner.
    pub fn accepted_documents(
        &self,
    ) -> impl Iterator<Item = (&Arc<Documents>, Option<&Arc<Provisioner>>)> {
        let accepting = self
            .providers
            .iter()
            .filter(|one| one.documents.settings().access != DocumentAccess::Closed);
        accepting.map(|one| (&one.documents, one.registration.provisioner.as_ref()))
    }

    /// Returns every placeholder: its address and the member that names the real one.
    pub fn placeholders(&self) -> Vec<(String, &'static str)> {
        let all = |provider: &ProviderRoutes| {
            let issuer = provider.registration.issuer.clone();
            provider
                .placeholders
                .iter()
                .map(move |(member, path)| (issuer.endpoint(path), *member))
                .collect::<Vec<_>>()
        };
        self.providers.iter().flat_map(all).collect()
    }
}

impl ProviderRoutes {
    fn new(
        provider: &ProviderConfig,
        config: &Config,
        services: &Services,
        documents: DocumentServices,
        limiter: &Arc<DocumentLimiter>,
        upstream: Option<OpenedUpstream>,
    ) -> Result<Self, DeploymentError> {
        let issuer = provider.issuer.clone();
        let (upstream, offer) = match upstream {
            Some(OpenedUpstream { upstream, offer }) => (Some(upstream), offer),
            None => (None, configured_offer(provider)?),
        };
        let unusable = |error| DeploymentError::Keys {
            issuer: provider.issuer.to_string(),
            error,
        };
        let store = services.store.acting_as(Actor::process(FIRST_START));
        let keys =
            KeyRing::open(store, issuer.clone(), services.clock.clone()).map_err(unusable)?;
        let discovery = Discovery::new(
            issuer.clone(),
            &offer.metadata,
            &offer.extra,
            keys.clone(),
            provider.signed_metadata && upstream.is_none(),
            config.max_age,
        )
        .map_err(unusable)?;
        let store = services.store.acting_as(Actor::process(provision::ACTOR));
        let provisioner_services = ProvisionerServices {
            store,
            clock: services.clock.clone(),
            random: Arc::clone(&services.random),
        };
        let provisioner = provision::provisioner(config, provider, &offer, provisioner_services)
            .map_err(|error| DeploymentError::Provision(error_text(&error)))?;
        let policy = Arc::new(policy(provider, &offer));
        let documents =
            client_documents::documents(provider, &config.limits, documents, Arc::clone(&policy));
        let registration = Registration {
            issuer: issuer.clone(),
            policy: ArcSwap::new(policy),
            access: provider.access,
            secret_lifetime: provider.secret_lifetime,
            client_lifetime: provider.client_lifetime,
            provisioner,
            services: services.clone(),
            counts: RegistrationCounts::default(),
        };
        let hop = offer.hop_target.map(|target| {
            let services = HopServices {
                documents: Arc::clone(&documents),
                provisioner: registration.provisioner.clone(),
                store: services.store.acting_as(Actor::process(HOP)),
                clock: services.clock.clone(),
                limiter: Arc::clone(limiter),
                refusals: Arc::clone(&services.refusals),
            };
            Data::new(Hop::new(issuer.clone(), target, services))
        });
        Ok(Self {
            hop,
            documents,
            host: issuer.host().to_owned(),
            wso2_prefixes: addresses::wso2_prefixes(&config.providers, provider),
            discovery: Data::new(discovery),
            registration: Data::new(registration),
            placeholders: offer.placeholders,
            keys,
            upstream,
        })
    }

    /// Puts another document in force: for requests that begin from now on, and in discovery.
    fn put(&self, config: &ProviderConfig, offer: &ProviderOffer) -> anyhow::Result<()> {
        if let Some(provisioner) = &self.registration.provisioner {
            provisioner.set_scopes_supported(offer.scopes());
        }
        let policy = Arc::new(policy(config, offer));
        self.documents.put_policy(Arc::clone(&policy));
        self.registration.policy.store(policy);
        if let (Some(hop), Some(target)) = (&self.hop, &offer.hop_target) {
            hop.set_target(target.clone());
        }
        Ok(self.discovery.replace(&offer.metadata, &offer.extra)?)
    }

    fn mount(&self, config: &mut ServiceConfig) {
        oidc_discovery::mount(config, &self.discovery, &self.wso2_prefixes);
        registration::mount(config, &self.registration, &self.wso2_prefixes);
        if let Some(hop) = &self.hop {
            authorize::mount(config, hop);
        }
        for (member, path) in &self.placeholders {
            let path = format!("{}/{path}", self.registration.issuer.path());
            let member = *member;
            config.service(
                web::resource(path)
                    .to(move || async move { Err::<HttpResponse, _>(placeholder(member)) }),
            );
        }
    }
}

/// Returns the rules of a provider with this document.
pub fn policy(provider: &ProviderConfig, offer: &ProviderOffer) -> Policy {
    Policy {
        provider: offer.policy(),
        any_scope: offer.any_scope(),
        issuer: provider.issuer.clone(),
        native_schemes: provider.native_schemes.clone(),
        open_terms: TokenTerms::for_open_registration(provider.redirect_hosts.clone())
            .map(Arc::new),
        trusted: provider.trusted.clone(),
    }
}

fn configured_offer(provider: &ProviderConfig) -> Result<ProviderOffer, DeploymentError> {
    provider::offer(provider).map_err(|invalid| DeploymentError::Metadata {
        issuer: provider.issuer.to_string(),
        hint: crate::settings::all()
            .find(|setting| setting.key == format!("provider.metadata.{}", invalid.member))
            .map_or_else(String::new, |setting| {
                format!(" or as {}", setting.variable)
            }),
        invalid,
    })
}

fn placeholder(member: &str) -> Failure {
    let setting = crate::settings::named(&format!("provider.metadata.{member}"));
    Failure::new(
        ErrorCode::NotImplemented,
        format!("This endpoint is a placeholder; set {setting} to the real endpoint."),
    )
}

/// Answers 404 with CORS, since clients in browsers try several addresses of a document.
async fn not_found(request: HttpRequest) -> Result<HttpResponse, Failure> {
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if is_preflight {
        let mut answer = HttpResponse::NoContent();
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, cors::ALLOWED_HEADERS),
        ] {
            answer.insert_header((name, value));
        }
        return Ok(answer.finish());
    }
    Err(Failure::new(ErrorCode::NotFound, NOTHING_HERE)
        .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
}

async fn unknown_host(request: HttpRequest, known: Arc<[String]>) -> Result<HttpResponse, Failure> {
    if host_header::host(request.head()).is_some_and(|host| known.contains(&host)) {
        return not_found(request).await;
    }
    Err(Failure::new(
        ErrorCode::MisdirectedRequest,
        "This deployment does not serve that host.",
    )
    .status(StatusCode::MISDIRECTED_REQUEST))
}
