//! Benchmarks of the steps between the bytes of a request and the agreed metadata, without HTTP and
//! without a store.

use std::error::Error;
use std::hint::black_box;

use criterion::{BatchSize, Criterion};
use protocol::json::{JsonLimits, read_object};
use protocol::{AdmissionRules, ClientMetadata, Issuer, LegacyRedirects, ProviderMetadata};
use webfinger::{Directory, HostedProvider};

const REGISTRATION: &[u8] = include_bytes!("../../../scripts/benchmark/registration.json");
const QUERY: &str = "resource=acct%3Aalice%40localhost&rel=http%3A%2F%2Fopenid.net%2Fspecs%2Fconnect%2F1.0%2Fissuer";

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let issuer = Issuer::parse("http://localhost:9443")?;
    let provider = ProviderMetadata::default_offer(issuer.clone());
    let directory = Directory::new(vec![HostedProvider {
        issuer,
        domains: Vec::new(),
        extras: Vec::new(),
    }])?;
    let (limits, terms) = (
        JsonLimits::default(),
        AdmissionRules {
            native_schemes: &[],
            any_scope: false,
            legacy: LegacyRedirects::Refused,
        },
    );

    let object = read_object(REGISTRATION, &limits)?;
    let asked = ClientMetadata::parse(object.clone())?;
    provider.admit(asked.clone(), &terms)?;
    criterion.bench_function("read a registration's JSON", |bench| {
        bench.iter(|| read_object(black_box(REGISTRATION), &limits));
    });
    // The input is cloned outside of the measurement, one at a time, because many clones would
    // evict one another from the caches.
    criterion.bench_function("parse its members", |bench| {
        bench.iter_batched(
            || object.clone(),
            ClientMetadata::parse,
            BatchSize::PerIteration,
        );
    });
    criterion.bench_function("admit it", |bench| {
        bench.iter_batched(
            || asked.clone(),
            |asked| provider.admit(asked, &terms),
            BatchSize::PerIteration,
        );
    });
    criterion.bench_function("webfinger", |bench| {
        bench.iter(|| {
            webfinger::WebFingerQuery::parse(black_box(QUERY))
                .map(|request| directory.describe(&request.resource, &request.rels))
        });
    });
    criterion.final_summary();
    Ok(())
}
