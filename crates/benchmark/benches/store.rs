//! Benchmarks of the store alone, on a file with `synchronous=FULL`: an insert in its own
//! transaction, inserts that share one, and the read that authenticates a client.

use std::error::Error;
use std::hint::black_box;

use criterion::{Criterion, Throughput};
use protocol::{
    ClientId, ClientSecret, Clock, Issuer, RegisteredMetadata, RegistrationAccessToken,
};
use store::{ClientData, NewClient, SealingKey, Store};

const METADATA: &str = include_str!("../../../scripts/benchmark/registration.json");
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The approximate number of inserts in one transaction.
const BATCH_SIZE: u32 = 64;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let folder = tempfile::tempdir()?;
    let store = Store::open(
        &format!("sqlite://{}", folder.path().join("store.db").display()).parse()?,
        SealingKey::from_base64(KEY)?,
    )?;
    store.migrate()?;
    let (clock, issuer) = (Clock::system(), Issuer::parse("http://localhost:9443")?);
    let metadata = RegisteredMetadata::from_stored(METADATA.trim().to_owned())?;
    let mut number = 0_u32;
    let mut new = || {
        number += 1;
        let token = RegistrationAccessToken::new(format!(
            "{}{number:043}",
            RegistrationAccessToken::PREFIX
        ));
        let data = ClientData {
            id: ClientId::new(format!("{:012x}-{number:08}", clock.milliseconds())),
            provider: issuer.clone(),
            metadata: metadata.clone(),
            secret: Some(ClientSecret::new(format!("{number:043}"))),
            issued_at: clock.now(),
            secret_expires_at: None,
            expires_at: None,
            owner: None,
            composed_name: None,
            terms: None,
        };
        (data, token)
    };
    let inserted = |(data, token)| NewClient {
        data,
        token: Some(token),
    };

    let known = new();
    store
        .insert(inserted(known.clone()), None, clock.now())
        .wait()?;
    criterion.bench_function("authenticate", |bench| {
        bench.iter(|| store.authenticate(&issuer, black_box(&known.0.id), &known.1, clock.now()));
    });
    let mut group = criterion.benchmark_group("insert");
    group.throughput(Throughput::Elements(1));
    group.bench_function("one", |bench| {
        bench.iter(|| store.insert(inserted(new()), None, clock.now()).wait());
    });
    group.throughput(Throughput::Elements(BATCH_SIZE.into()));
    group.bench_function("sixty-four", |bench| {
        bench.iter(|| {
            let written: Vec<_> = (0..BATCH_SIZE)
                .map(|_| store.insert(inserted(new()), None, clock.now()))
                .collect();
            written
                .into_iter()
                .try_for_each(|written| written.wait().map(drop))
        });
    });
    group.finish();
    criterion.final_summary();
    store.close();
    Ok(())
}
