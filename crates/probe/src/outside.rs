//! `frontdesk check --outside`: requests to a deployment's own public addresses, which find faults of the proxies between
//! clients and the service.
//!
//! The requests change nothing: those to the registration endpoint have a body that registers no client.
//!
//! | module | content |
//! |---|---|
//! | `expected` | the answers that the configuration promises |
//! | `checks` | the table of checks and their fixes |
//! | `requests` | sends a request, and classifies a response with an unexpected status |
//! | `connection` | addresses, TLS, plain HTTP, an unknown `Host`, the management listener |
//! | `documents` | the provider's document in every form, its keys, the metadata of the registration endpoint |
//! | `caching` | the effect of proxies on `ETag`, `Cache-Control` and CORS |
//! | `endpoints` | the endpoints of the authorization server that the document names |
//! | `webfinger` | WebFinger on every domain |
//! | `registration` | registration and management |
//! | `report` | requests and findings as lines for people or for programs |

use std::collections::BTreeSet;
use std::io::Write;

use protocol::Timestamp;

use crate::client::ProbeClient;

mod caching;
pub mod checks;
mod connection;
mod documents;
mod endpoints;
mod expected;
mod registration;
mod report;
mod requests;
mod webfinger;

pub use expected::{ExpectedDescriptor, ExpectedProvider, ExpectedWso2Paths, OutsideOptions};
use report::CheckReport;
use requests::OutsideChecker;

/// Sends requests to every public address of every provider, and prints each of them and each finding to `out`.
///
/// # Errors
/// The number of findings, or the reason why no request could be sent.
pub fn check_outside(
    expected: Vec<ExpectedProvider>,
    options: &OutsideOptions,
    now: Timestamp,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let client = ProbeClient::new(options.ca.as_deref())?.with_overrides(options.resolve.clone());
    let mut report = CheckReport::new(out, options.json);
    let mut checker = OutsideChecker::new(client, &mut report);
    let mut unreachable: Vec<String> = Vec::new();
    for origin in connection::origins(&expected) {
        if !connection::is_reachable(&mut checker, &origin, options, now)? {
            unreachable.push(origin);
        }
    }
    let reached = |origin: &str| !unreachable.iter().any(|unreachable| unreachable == origin);
    let (mut descriptors, mut asked) = (Vec::new(), BTreeSet::new());
    for mut provider in expected {
        descriptors.append(&mut provider.descriptors);
        if reached(provider.issuer.origin()) {
            registration::drop_foreign_wso2_paths(&mut checker, &mut provider)?;
            documents::check(&mut checker, &provider)?;
            registration::check(&mut checker, &provider)?;
            endpoints::check(&mut checker, &provider, &mut asked)?;
            connection::check_foreign_answers(&mut checker, &provider.issuer)?;
        }
    }
    for descriptor in descriptors
        .iter()
        .filter(|descriptor| reached(&descriptor.origin))
    {
        webfinger::check(&mut checker, descriptor)?;
    }
    report.finish()
}
