//! Providers, state and routes: where the features meet.

use std::sync::Arc;

use actix_web::http::{Method, StatusCode, header};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, guard};
use admission::Policy;
use keys::{KeyError, KeyRing, Snapshot};
use oauth_http::peer::Proxies;
use oauth_http::{BodyLimits, Failure, cors};
use oidc_discovery::Discovery;
use protocol::{ErrorCode, Issuer};
use registration::{Registration, RegistrationCounts, Services};
use store::Actor;
use telemetry::Metrics;
use webfinger::Directory;

use crate::config::{Config, ProviderConfig};
use crate::direct::Direct;
use crate::provider::addresses;
use crate::{host, provider};

/// The actor in the audit trail for accounts and keys that are made when the service starts for the first time.
pub const FIRST_START: &str = "first start";

/// Everything the routes need, made once and shared by every worker.
#[derive(Clone)]
pub struct Site {
    providers: Vec<Provider>,
    directory: Data<Directory>,
    body: Data<BodyLimits>,
    proxies: Data<Proxies>,
}

/// One provider's share of it.
#[derive(Clone)]
struct Provider {
    host: String,
    discovery: Data<Discovery>,
    registration: Data<Registration>,
    /// Where its WSO2 doors are.
    doors: Vec<String>,
    placeholders: Vec<(&'static str, &'static str)>,
    keys: KeyRing,
}

/// Why a site cannot be put together: one sentence.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// A member of a provider's document.
    #[error("the provider {issuer}: {invalid}; set it in [provider.metadata]{hint}")]
    Metadata {
        /// Whose.
        issuer: String,
        /// Which and why.
        invalid: protocol::Invalid,
        /// What else sets it.
        hint: String,
    },
    /// The domains of two providers.
    #[error("provider.domains: {0}")]
    Domains(#[from] webfinger::DirectoryError),
    /// A provider's keys.
    #[error("the keys of {issuer} cannot be used: {error}")]
    Keys {
        /// Whose.
        issuer: String,
        /// Why.
        error: KeyError,
    },
}

impl Site {
    /// Puts the site together: every document is frozen here.
    ///
    /// # Errors
    /// One sentence that names the provider and what is wrong with it.
    pub fn new(config: &Config, services: &Services) -> Result<Self, SiteError> {
        let directory = Data::new(Directory::new(
            config
                .providers
                .iter()
                .map(ProviderConfig::hosted)
                .collect(),
        )?);
        let providers = config
            .providers
            .iter()
            .map(|provider| Provider::new(provider, config, services))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            providers,
            directory,
            body: Data::new(config.limits.body()),
            proxies: Data::new(config.proxies.clone()),
        })
    }

    /// Adds every route. Providers on one host are told apart by their paths and `Host` is ignored; providers on several
    /// hosts are chosen by it.
    pub fn mount(&self, config: &mut ServiceConfig) {
        config
            .app_data(self.directory.clone())
            .app_data(self.body.clone())
            .app_data(self.proxies.clone());
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
            config.default_service(web::to(nothing_here));
            return;
        }
        for name in &hosts {
            let name = (*name).to_owned();
            let own: Vec<Provider> = self
                .providers
                .iter()
                .filter(|provider| provider.host == name)
                .cloned()
                .collect();
            let here = move |context: &guard::GuardContext<'_>| {
                host::of(context.head()).is_some_and(|host| host == name)
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
            nothing_at_host(request, Arc::clone(&known))
        }));
    }

    /// What is answered ahead of those routes.
    pub fn direct(&self, metrics: &Metrics) -> Direct {
        let of = |provider: &Provider| {
            let pages = oidc_discovery::documents(&provider.discovery, &provider.doors).into_iter();
            pages
                .map(|(path, page)| (provider.registration.policy.issuer.clone(), path, page))
                .collect::<Vec<_>>()
        };
        Direct::new(
            self.providers.iter().flat_map(of).collect(),
            self.directory.clone(),
            metrics,
        )
    }

    /// Reads every provider's keys again, and freezes what follows from those that changed. Blocks on the store.
    ///
    /// # Errors
    /// The first provider's whose keys cannot be read or do not sign; its documents stay as they were.
    pub fn reload_keys(&self) -> Result<(), KeyError> {
        for provider in &self.providers {
            if provider.keys.reload()? {
                provider.discovery.refresh()?;
            }
        }
        Ok(())
    }

    /// Of every provider: its issuer, what became of registrations there, and its keys.
    pub fn counted(&self) -> impl Iterator<Item = (&Issuer, &RegistrationCounts, Arc<Snapshot>)> {
        self.providers.iter().map(|provider| {
            (
                &provider.registration.policy.issuer,
                &provider.registration.counts,
                provider.keys.snapshot(),
            )
        })
    }

    /// Every placeholder: its address and the setting that names the real one.
    pub fn placeholders(&self) -> Vec<(String, &'static str)> {
        let all = |provider: &Provider| {
            let issuer = provider.registration.policy.issuer.clone();
            provider
                .placeholders
                .iter()
                .map(move |(member, path)| (issuer.endpoint(path), *member))
                .collect::<Vec<_>>()
        };
        self.providers.iter().flat_map(all).collect()
    }
}

impl Provider {
    fn new(
        provider: &ProviderConfig,
        config: &Config,
        services: &Services,
    ) -> Result<Self, SiteError> {
        let issuer = provider.issuer.clone();
        let offer = provider::offer(provider).map_err(|invalid| SiteError::Metadata {
            issuer: issuer.to_string(),
            hint: crate::settings::all()
                .find(|setting| setting.key == format!("provider.metadata.{}", invalid.member))
                .map_or_else(String::new, |setting| {
                    format!(" or as {}", setting.variable)
                }),
            invalid,
        })?;
        let unusable = |error| SiteError::Keys {
            issuer: provider.issuer.to_string(),
            error,
        };
        let store = services.store.acting_as(Actor::process(FIRST_START));
        let keys =
            KeyRing::open(store, issuer.clone(), services.clock.clone()).map_err(unusable)?;
        let discovery = Discovery::new(
            issuer.clone(),
            &offer.metadata,
            keys.clone(),
            provider.signed_metadata,
            config.max_age,
        )
        .map_err(unusable)?;
        let registration = Registration {
            policy: Policy {
                provider: offer.metadata.clone(),
                issuer: issuer.clone(),
                native_schemes: provider.native_schemes.clone(),
                trusted: provider.trusted.clone(),
            },
            access: provider.access,
            secret_lifetime: provider.secret_lifetime,
            client_lifetime: provider.client_lifetime,
            services: services.clone(),
            counts: RegistrationCounts::default(),
        };
        Ok(Self {
            host: issuer.host().to_owned(),
            doors: addresses::doors(&config.providers, provider),
            discovery: Data::new(discovery),
            registration: Data::new(registration),
            placeholders: offer.placeholders,
            keys,
        })
    }

    fn mount(&self, config: &mut ServiceConfig) {
        oidc_discovery::mount(config, &self.discovery, &self.doors);
        registration::mount(config, &self.registration, &self.doors);
        for (member, path) in &self.placeholders {
            let path = format!("{}/{path}", self.registration.policy.issuer.path());
            let member = *member;
            config.service(
                web::resource(path)
                    .to(move || async move { Err::<HttpResponse, _>(placeholder(member)) }),
            );
        }
    }
}

fn placeholder(member: &str) -> Failure {
    let setting = crate::settings::named(&format!("provider.metadata.{member}"));
    Failure::new(
        ErrorCode::NotImplemented,
        format!(
            "There is no authorization server behind this address; {setting} names the real one."
        ),
    )
}

/// A page may learn that there is nothing, and ask so in the way it asks for what there is: clients try addresses of
/// documents.
async fn nothing_here(request: HttpRequest) -> Result<HttpResponse, Failure> {
    let asks_first = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if asks_first {
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
    Err(
        Failure::new(ErrorCode::NotFound, "There is nothing at this address.")
            .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    )
}

async fn nothing_at_host(
    request: HttpRequest,
    known: Arc<[String]>,
) -> Result<HttpResponse, Failure> {
    if host::of(request.head()).is_some_and(|host| known.contains(&host)) {
        return nothing_here(request).await;
    }
    Err(Failure::new(
        ErrorCode::MisdirectedRequest,
        "This deployment does not serve that host.",
    )
    .status(StatusCode::MISDIRECTED_REQUEST))
}
