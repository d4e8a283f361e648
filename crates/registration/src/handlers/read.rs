//! Client read. OIDC Registration §4.2, RFC 7592 §2.1.

use actix_web::HttpResponse;
use actix_web::web::Data;
use store::ClientSummary;

use crate::managed_client::ManagedClient;
use crate::{Registration, response};

/// Answers with the client as it is registered.
pub(crate) async fn read(
    managed: ManagedClient<ClientSummary>,
    registration: Data<Registration>,
) -> HttpResponse {
    response::ok(managed.client, &managed.token, &registration.issuer)
}
