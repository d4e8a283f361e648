//! The addresses of registration.

use actix_web::HttpRequest;
use protocol::member::Reason;
use protocol::uri::EndpointUri;
use protocol::{ClientId, Issuer, ProviderMetadata};

use crate::RegistrationAccess;

/// The name of the registration endpoint below the issuer.
pub const ENDPOINT: &str = "register";

/// The paths of the WSO2 registration endpoints.
pub const WSO2_ENDPOINTS: [&str; 2] = ["identity/connect/register", "identity/register"];

/// The kind of an endpoint, which its resource has as app data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointKind {
    /// The registration endpoint. RFC 7591 §3.
    Registration,
    /// The client configuration endpoint. RFC 7592 §2.
    Management,
    /// Registration for WSO2 clients.
    Wso2Registration,
    /// Unregistration for WSO2 clients.
    Wso2Unregistration,
}

impl EndpointKind {
    /// Returns the kind of the endpoint that serves `request`.
    pub(crate) fn of_request(request: &HttpRequest) -> Self {
        request.app_data().copied().unwrap_or(Self::Registration)
    }

    pub(crate) fn is_wso2(self) -> bool {
        matches!(self, Self::Wso2Registration | Self::Wso2Unregistration)
    }
}

/// Returns the identifiers that the end of the path may be: all of it and, as every address is served with a slash at its end
/// too, the path without one. Only an imported client has an identifier that ends with a slash.
pub(crate) fn client_ids(request: &HttpRequest) -> impl Iterator<Item = ClientId> + use<> {
    let path = request.match_info().query("client_id");
    let shorter = path.strip_suffix('/').map(ClientId::new);
    [Some(ClientId::new(path)), shorter].into_iter().flatten()
}

/// Returns every address below the host as a route's pattern, without a slash at its end: the standard endpoints at the issuer's path, and the WSO2 endpoints
/// below each of `wso2_paths`, which are paths without a slash at their end.
pub fn addresses(issuer: &Issuer, wso2_paths: &[String]) -> Vec<(String, EndpointKind)> {
    let endpoint = format!("{}/{ENDPOINT}", issuer.path());
    let mut addresses = vec![
        (endpoint.clone(), EndpointKind::Registration),
        (
            format!("{endpoint}/{{client_id:.*}}"),
            EndpointKind::Management,
        ),
    ];
    for base in wso2_paths {
        addresses.extend(
            WSO2_ENDPOINTS.map(|path| (format!("{base}/{path}"), EndpointKind::Wso2Registration)),
        );
        addresses.push((
            format!("{base}/identity/register/{{client_id:.+}}"),
            EndpointKind::Wso2Unregistration,
        ));
    }
    addresses
}

/// Adds the registration endpoint to the provider's document. OIDC Discovery §3.
///
/// # Errors
/// When the address cannot be an endpoint.
pub fn advertise(
    issuer: &Issuer,
    access: RegistrationAccess,
    provider: &mut ProviderMetadata,
) -> Result<(), Reason> {
    if access != RegistrationAccess::Closed {
        provider.registration_endpoint = Some(EndpointUri::parse(issuer.endpoint(ENDPOINT))?);
    }
    Ok(())
}
