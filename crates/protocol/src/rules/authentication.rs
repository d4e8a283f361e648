//! Rules about client authentication and the client's keys.

use super::{grants, refuse};
use crate::ClientMetadata;
use crate::admit::AdmissionRules;
use crate::member::InvalidMember;
use crate::values::{AuthMethod, GrantType, SigningAlgorithm, takes_a_secret};

pub(super) fn one_source_of_keys(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    if agreed.jwks.is_some() && agreed.jwks_uri.is_some() {
        refuse("jwks", "must not be combined with jwks_uri")
    } else {
        Ok(())
    }
}

pub(super) fn keys(agreed: &ClientMetadata, _: &AdmissionRules<'_>) -> Result<(), InvalidMember> {
    match &agreed.token_endpoint_auth_method {
        Some(method)
            if method.needs_keys() && agreed.jwks.is_none() && agreed.jwks_uri.is_none() =>
        {
            refuse("token_endpoint_auth_method", "requires jwks or jwks_uri")
        }
        _ => Ok(()),
    }
}

pub(super) fn one_certificate_subject(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    let subjects = || {
        agreed
            .present()
            .filter(|(row, _)| row.name.starts_with("tls_client_auth_"))
            .count()
    };
    if agreed.token_endpoint_auth_method == Some(AuthMethod::TlsClientAuth) && subjects() != 1 {
        return refuse(
            "token_endpoint_auth_method",
            "requires exactly one tls_client_auth_* member",
        );
    }
    Ok(())
}

pub(super) fn of_client_credentials(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    if agreed.token_endpoint_auth_method == Some(AuthMethod::None)
        && grants(agreed).contains(&GrantType::ClientCredentials)
    {
        return refuse(
            "token_endpoint_auth_method",
            "must not be none with the client credentials grant",
        );
    }
    Ok(())
}

pub(super) fn is_signed(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    match agreed.token_endpoint_auth_signing_alg {
        Some(SigningAlgorithm::None) => {
            refuse("token_endpoint_auth_signing_alg", "must not be none")
        }
        _ => Ok(()),
    }
}

pub(super) fn fits_its_method(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    let Some(algorithm) = &agreed.token_endpoint_auth_signing_alg else {
        return Ok(());
    };
    match agreed.token_endpoint_auth_method {
        Some(AuthMethod::ClientSecretJwt) if !algorithm.is_symmetric() => refuse(
            "token_endpoint_auth_signing_alg",
            "must be an HMAC algorithm with client_secret_jwt",
        ),
        Some(AuthMethod::PrivateKeyJwt) if algorithm.is_symmetric() => refuse(
            "token_endpoint_auth_signing_alg",
            "must not be an HMAC algorithm with private_key_jwt",
        ),
        _ => Ok(()),
    }
}

pub(super) fn no_secret_of_public_clients(
    agreed: &ClientMetadata,
    _: &AdmissionRules<'_>,
) -> Result<(), InvalidMember> {
    if agreed.token_endpoint_auth_method != Some(AuthMethod::None) {
        return Ok(());
    }
    let mut algorithms = agreed
        .present()
        .filter(|(row, _)| row.name.ends_with("_alg"));
    match algorithms.find(|(_, held)| held.values().iter().any(|value| takes_a_secret(value))) {
        Some((row, _)) => refuse(
            row.name,
            "must not use a shared secret when token_endpoint_auth_method is none",
        ),
        None => Ok(()),
    }
}
