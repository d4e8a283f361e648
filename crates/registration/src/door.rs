//! The doors a request can come through.

use actix_web::HttpRequest;

/// Which door a request came through; its resource says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The registration endpoint of the provider's document, and management below it.
    Standard,
    /// The paths of WSO2 Identity Server 5.3.0.
    Wso2,
}

impl Door {
    /// The door of the resource that serves `request`.
    pub fn of(request: &HttpRequest) -> Self {
        request.app_data().copied().unwrap_or(Self::Standard)
    }
}
