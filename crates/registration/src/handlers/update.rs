//! Client update. RFC 7592 §2.2.

use actix_web::HttpResponse;
use actix_web::web::Data;
use oauth_http::{Body, Failure};
use protocol::LegacyRedirects;
use store::audit::AuditEvent;

use crate::managed_client::ManagedClient;
use crate::steps::fetch_caller;
use crate::update::take_credentials;
use crate::{Registration, issue, outcome, response};

/// Replaces the metadata of a client as a whole.
///
/// # Errors
/// Every refusal that an update can have; nothing is changed then.
pub(crate) async fn update(
    managed: ManagedClient,
    body: Body,
    registration: Data<Registration>,
) -> Result<HttpResponse, Failure> {
    let ManagedClient { client, token, .. } = &managed;
    let data = &client.data;
    let work = async {
        let members = take_credentials(data, body.object().await?)?;
        let agreed = registration.agree(
            &registration.policy.load_full(),
            members,
            LegacyRedirects::Kept(data.metadata.members()),
            false,
            data.terms.as_deref(),
        )?;
        let caller = || fetch_caller(Some(&managed.rate_limit_key()), managed.limited);
        registration.check_sector(&agreed, caller).await?;
        let secret = issue::secret_change(&registration, data, &agreed)?;
        let store = managed.store(&registration);
        let replaced = registration.replace(&store, client, agreed, secret).await?;
        Ok(response::ok(replaced, token, &registration.issuer))
    };
    outcome::record(
        &registration,
        AuditEvent::ManagementRefused,
        &managed.actor(),
        Some(&data.id),
        work,
    )
    .await
}
