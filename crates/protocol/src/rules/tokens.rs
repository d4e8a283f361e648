//! Rules about the signing and the delivery of tokens, requests and responses.

use super::{grants, refuse};
use crate::ClientMetadata;
use crate::admit::AdmissionRules;
use crate::member::InvalidMember;
use crate::response_type::ResponseType;
use crate::values::{DeliveryMode, GrantType, SigningAlgorithm};

/// The maximum number of elements of `request_uris`.
pub const REQUEST_URIS_MAX: usize = 10;

pub(super) fn unsigned_id_tokens(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    let code_only = agreed
        .response_types
        .iter()
        .flatten()
        .all(ResponseType::is_code_only);
    if agreed.id_token_signed_response_alg == Some(SigningAlgorithm::None) && !code_only {
        return refuse(
            "id_token_signed_response_alg",
            "must not be none with a response type other than code",
        );
    }
    Ok(())
}

pub(super) fn signed_authorization_responses(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    match agreed.authorization_signed_response_alg {
        Some(SigningAlgorithm::None) => {
            refuse("authorization_signed_response_alg", "must not be none")
        }
        _ => Ok(()),
    }
}

pub(super) fn signed_request_objects(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    if agreed.require_signed_request_object == Some(true)
        && agreed.request_object_signing_alg == Some(SigningAlgorithm::None)
    {
        return refuse(
            "request_object_signing_alg",
            "must not be none when require_signed_request_object is true",
        );
    }
    Ok(())
}

pub(super) fn few_request_uris(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    if agreed
        .request_uris
        .as_ref()
        .is_some_and(|uris| uris.len() > REQUEST_URIS_MAX)
    {
        return refuse(
            "request_uris",
            format!("must have at most {REQUEST_URIS_MAX} elements"),
        );
    }
    Ok(())
}

pub(super) fn delivery_mode_of_ciba(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    if grants(agreed).contains(&GrantType::Ciba) && agreed.backchannel_token_delivery_mode.is_none()
    {
        return refuse(
            "backchannel_token_delivery_mode",
            "is required for the CIBA grant",
        );
    }
    Ok(())
}

pub(super) fn notification_endpoint_of_ciba(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    match agreed.backchannel_token_delivery_mode {
        Some(DeliveryMode::Ping | DeliveryMode::Push)
            if agreed.backchannel_client_notification_endpoint.is_none() =>
        {
            refuse(
                "backchannel_client_notification_endpoint",
                "is required for the delivery modes ping and push",
            )
        }
        _ => Ok(()),
    }
}

pub(super) fn own_key_for_ciba(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    match &agreed.backchannel_authentication_request_signing_alg {
        Some(algorithm) if *algorithm == SigningAlgorithm::None || algorithm.is_symmetric() => {
            refuse(
                "backchannel_authentication_request_signing_alg",
                "must be an asymmetric algorithm",
            )
        }
        _ => Ok(()),
    }
}
