//! The error descriptions that published WSO2 clients compare with.

use admission::Rejection;
use oauth_http::Failure;
use protocol::ErrorCode;

use crate::Refusal;
use crate::refusal::INVALID_REDIRECT_URIS;

/// Returns the answer to a WSO2 client. For redirect URIs it is a single fixed text.
pub(super) fn failure(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Rejected(Rejection::Invalid(invalid)) if invalid.is_about_redirect_uris() => {
            Failure::new(ErrorCode::InvalidRedirectUri, INVALID_REDIRECT_URIS)
                .with_subject(invalid.member)
        }
        refusal => refusal.into(),
    }
}
