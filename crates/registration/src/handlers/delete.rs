//! Client deletion. RFC 7592 §2.3.

use actix_web::HttpResponse;
use actix_web::web::Data;
use oauth_http::Failure;
use store::audit::AuditEvent;

use crate::managed_client::ManagedClient;
use crate::{Refusal, Registration, outcome, response};

/// Deletes a client.
///
/// # Errors
/// 401 when another request deleted it first.
pub(crate) async fn delete(
    managed: ManagedClient,
    registration: Data<Registration>,
) -> Result<HttpResponse, Failure> {
    let id = &managed.client.data.id;
    let work = async {
        let store = managed.store(&registration);
        if registration.delete(&store, id).await? {
            Ok(response::deleted())
        } else {
            Err(Refusal::WrongCredentials(None).into())
        }
    };
    outcome::record(
        &registration,
        AuditEvent::ManagementRefused,
        &managed.actor(),
        Some(id),
        work,
    )
    .await
}
