//! The lookup: an authorization server asks who a client is, and whether a redirect URI may be used.
//!
//! It has a listener of its own, and answers nothing without a lookup token. Identifiers of clients are query parameters, since
//! those that are URLs do not survive in paths.

#![warn(missing_docs)]

mod answer;
mod authenticate;
mod caller;
mod client;
mod counts;
mod query;
mod refusal;
mod uses;

use std::time::Duration;

use access::FailedSecrets;
use actix_web::web::{self, Data, ServiceConfig};
use oauth_http::BodyLimits;
use oauth_http::failure::method_not_allowed_route;
use protocol::{Clock, Issuer};
use store::Store;

pub use caller::TOKEN_PREFIX;
pub use counts::LookupCounts;

/// The path of the question about one client.
pub const CLIENTS: &str = "/clients";

/// The path of the question about a client secret.
pub const AUTHENTICATE: &str = "/clients/authenticate";

/// The path of reports of uses.
pub const USED: &str = "/clients/used";

/// The state of the lookup.
pub struct Lookup {
    /// The store.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The issuers of the providers whose clients can be looked up.
    pub providers: Vec<Issuer>,
    /// The time for which an answer may be used without asking again.
    pub max_age: Duration,
    /// The limit on wrong client secrets.
    pub failures: FailedSecrets,
    /// The tokens that were verified lately.
    pub tokens: caller::VerifiedTokens,
    /// The numbers of answers.
    pub counts: LookupCounts,
}

impl Lookup {
    /// Makes the state.
    pub fn new(
        store: Store,
        clock: Clock,
        providers: Vec<Issuer>,
        max_age: Duration,
        failed_secrets_per_minute: u32,
    ) -> Self {
        Self {
            counts: LookupCounts::new(&providers),
            store,
            clock,
            providers,
            max_age,
            failures: FailedSecrets::per_minute(failed_secrets_per_minute),
            tokens: caller::VerifiedTokens::default(),
        }
    }
}

/// Mounts the routes. `limits` are those of other requests; a report of uses has more elements.
pub fn mount(config: &mut ServiceConfig, lookup: &Data<Lookup>, limits: BodyLimits) {
    let mut limits = limits;
    limits.json.elements = limits.json.elements.max(2 * uses::MAX_CLIENTS);
    config
        .app_data(lookup.clone())
        .app_data(Data::new(limits))
        .service(
            web::resource(CLIENTS)
                .get(client::look_up)
                .default_service(method_not_allowed_route("GET")),
        )
        .service(
            web::resource(AUTHENTICATE)
                .post(authenticate::authenticate)
                .default_service(method_not_allowed_route("POST")),
        )
        .service(
            web::resource(USED)
                .post(uses::record)
                .default_service(method_not_allowed_route("POST")),
        )
        .default_service(web::to(refusal::not_found));
}
