//! The addresses in client metadata, and the sector document. OIDC Registration §5.

use outbound::{Caller, FetchError, FetchLimit, Fetcher};
use protocol::member::SingleValue;
use protocol::redirect_pattern::hosts_of;
use protocol::table::Fetched;
use protocol::uri::WebUri;
use protocol::values::SubjectType;
use protocol::{ClientMetadata, InvalidMember, RedirectUri, Timestamp};
use url::Url;

/// Checks the addresses that a server follows once the client is registered. Only their text is judged; nothing is fetched. Each
/// row of the member table says whether it has addresses of this kind; those that are fetched now are judged by the fetcher.
///
/// # Errors
/// When a member has an address that a server must not follow.
pub(crate) fn check_addresses(
    fetcher: &Fetcher,
    metadata: &ClientMetadata,
) -> Result<(), InvalidMember> {
    for (row, held) in metadata.present() {
        let judge: &dyn Fn(&str) -> Result<(), FetchError> = match row.fetched {
            Some(Fetched::Later) if row.shape == WebUri::SHAPE => {
                &|uri| may_be_called(fetcher, uri)
            }
            Some(Fetched::Later) => &|uri| may_be_fetched(fetcher, uri),
            Some(Fetched::Picture) => &|uri| fetcher.check_host(uri),
            Some(Fetched::Now | Fetched::No) | None => continue,
        };
        for address in held.addresses() {
            judge(address).map_err(|refused| {
                InvalidMember::new(row.name, refused.text()).by("address_not_public")
            })?;
        }
    }
    Ok(())
}

/// The reason for which a sector document was not accepted.
#[derive(Debug)]
pub enum SectorError {
    /// A member has a value that cannot be accepted.
    Invalid(InvalidMember),
    /// A limit on fetches was reached, so nothing was fetched.
    Limit(FetchLimit),
}

/// The document at a client's `sector_identifier_uri`, which is left to fetch. OIDC Registration §5.
#[derive(Debug)]
pub struct SectorDocument<'a> {
    address: &'a str,
    redirect_uris: &'a [RedirectUri],
}

impl<'a> SectorDocument<'a> {
    /// Returns the sector document of agreed metadata, or nothing if its subjects need none.
    ///
    /// # Errors
    /// When subjects are pairwise and the redirect URIs have several hosts, but there is no `sector_identifier_uri`.
    pub fn required_by(agreed: &'a ClientMetadata) -> Result<Option<Self>, InvalidMember> {
        let redirect_uris = agreed.redirect_uris.as_deref().unwrap_or_default();
        match &agreed.sector_identifier_uri {
            Some(sector) => Ok(Some(Self {
                address: sector.as_str(),
                redirect_uris,
            })),
            None if agreed.subject_type == Some(SubjectType::Pairwise) && !one_host(agreed) => {
                Err(InvalidMember::new(
                    "subject_type",
                    "requires sector_identifier_uri when redirect_uris have several hosts",
                ))
            }
            None => Ok(None),
        }
    }

    /// Fetches the document and checks that it lists every redirect URI. Waits without a thread: the fetcher has its own.
    ///
    /// # Errors
    /// When the document cannot be fetched or does not list every redirect URI, in a single text for every failure, since the
    /// client must not learn what an address answers; when the address is private as it is written; and when a limit on
    /// fetches was reached.
    pub async fn check(
        self,
        fetcher: &Fetcher,
        caller: Caller,
        now: Timestamp,
    ) -> Result<(), SectorError> {
        let invalid =
            |text| SectorError::Invalid(InvalidMember::new("sector_identifier_uri", text));
        let document = fetcher.json::<Vec<String>>(self.address, caller, now).await;
        let listed = document.map_err(|refused| {
            if let Some(limit) = refused.limit() {
                return SectorError::Limit(limit);
            }
            // Not a warning: any client can cause it. The audit trail and the metric have the reason.
            tracing::debug!(
                reason = refused.reason(),
                "a sector document is not acceptable"
            );
            invalid(refused.text())
        })?;
        let all_listed = self
            .redirect_uris
            .iter()
            .all(|uri| listed.iter().any(|one| one == uri.as_str()));
        if all_listed {
            Ok(())
        } else {
            Err(invalid(FetchError::TEXT))
        }
    }
}

/// Checks that an authorization server may fetch from an address. A fragment is not sent (OIDC Core §6.2).
fn may_be_fetched(fetcher: &Fetcher, uri: &str) -> Result<(), FetchError> {
    let address = uri.split_once('#').map_or(uri, |(address, _)| address);
    fetcher.check_address(address)
}

/// Checks that an authorization server may call an address. An address with http, which OIDC Back-Channel Logout §2.2 allows, is judged like
/// the same one with https: on the port of https, or on that of http where the operator lists it.
fn may_be_called(fetcher: &Fetcher, uri: &str) -> Result<(), FetchError> {
    let judge = |uri: &str| fetcher.check_address(uri);
    if uri.starts_with("https:") {
        return judge(uri);
    }
    match Url::parse(uri) {
        Ok(url) if url.scheme() == "http" => {
            let rest = url.as_str().strip_prefix("http://").unwrap_or_default();
            let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            let refused = match judge(&format!("https://{rest}")) {
                Err(refused) if url.port().is_none() => refused,
                outcome => return outcome,
            };
            judge(&format!("https://{authority}:80{path}")).map_err(|_| refused)
        }
        _ => judge(uri),
    }
}

/// Returns true if the host of the redirect URIs can be the sector (OIDC Core §8.1). A URI without a host leads to the
/// application that has its scheme.
fn one_host(agreed: &ClientMetadata) -> bool {
    let sectors = |uri: &RedirectUri| {
        let scheme = uri.scheme();
        hosts_of(uri)
            .into_iter()
            .map(move |host| (host.is_none().then(|| scheme.clone()), host))
    };
    let mut sectors = agreed.redirect_uris.iter().flatten().flat_map(sectors);
    let first = sectors.next();
    sectors.all(|sector| Some(sector) == first)
}
