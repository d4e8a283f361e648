//! The authentication of an unregistration: accounts only.

use actix_web::HttpRequest;
use actix_web::web::Data;
use oauth_http::authorization::AuthScheme;
use oauth_http::{Credentials, Failure, peer};
use store::Account;
use store::audit::AuditEvent;

use crate::outcome::{self, LoginAttempt};
use crate::refusal::Challenge;
use crate::{Refusal, Registration};

/// Returns the account of the caller.
///
/// # Errors
/// 401 without an account's password. The challenge has Basic alone: there is no other scheme here. RFC 9110 §11.6.1.
pub(super) async fn account(
    request: &HttpRequest,
    registration: &Data<Registration>,
) -> Result<Account, Failure> {
    let (presented, address) = (
        Credentials::from_wso2_request(request),
        peer::client_address(request),
    );
    let attempt = LoginAttempt::from_credentials(&presented);
    let work = async {
        let found = match presented {
            Credentials::Missing => return Err(Refusal::NoCredentials(Challenge::Basic).into()),
            Credentials::Basic { name, password } => {
                registration.account(name, password, address).await?
            }
            Credentials::Bearer(_) | Credentials::Malformed(_) => None,
        };
        found.ok_or_else(|| Refusal::WrongCredentials(Some(AuthScheme::Basic)).into())
    };
    outcome::record_login(
        registration,
        AuditEvent::ManagementRefused,
        attempt,
        address,
        work,
    )
    .await
}
