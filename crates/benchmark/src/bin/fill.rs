//! Fills a store for measurements, through the same queue as registrations and with similar rows,
//! and prints the cost of an insert without HTTP.
//!
//! `fill DATABASE SEALING_KEY_FILE ISSUER METADATA_FILE COUNT AT_ONCE CLIENTS_FILE` adds COUNT
//! clients, `AT_ONCE` at a time, and writes some of them to `CLIENTS_FILE`, a line with path and
//! token each, as `look` reads them. Prints a line of JSON.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;

use benchmark::{bytes_written, cpu, each};
use protocol::{
    ClientId, ClientSecret, Clock, Issuer, RegisteredMetadata, RegistrationAccessToken,
};
use store::{ClientData, ClientSummary, NewClient, PendingWrite, SealingKey, Store};

/// The number of clients written to `CLIENTS_FILE`, taken from the whole store.
const CLIENTS_WRITTEN: u32 = 2000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| {
        arguments
            .next()
            .ok_or_else(|| format!("the argument {what} is missing"))
    };
    let url = next("DATABASE")?.parse()?;
    let key = SealingKey::from_base64(&fs::read_to_string(next("SEALING_KEY_FILE")?)?)?;
    let issuer = Issuer::parse(&next("ISSUER")?)?;
    let metadata = RegisteredMetadata::from_stored(
        fs::read_to_string(next("METADATA_FILE")?)?
            .trim()
            .to_owned(),
    )?;
    let count: u32 = next("COUNT")?.parse()?;
    let at_once: usize = next("AT_ONCE")?.parse()?;
    let clients = next("CLIENTS_FILE")?;

    let store = Store::open(&url, key)?;
    store.migrate()?;
    let clock = Clock::system();
    let salt = clock.milliseconds();
    let new = |number: u32| ClientData {
        id: id(&clock, salt, number),
        provider: issuer.clone(),
        metadata: metadata.clone(),
        secret: Some(ClientSecret::new(format!("secret-{salt}-{number:032}"))),
        issued_at: clock.now(),
        secret_expires_at: None,
        expires_at: None,
        owner: None,
        composed_name: None,
        terms: None,
    };

    let (spent, written) = (cpu()?, bytes_written()?);
    let mut in_progress: VecDeque<PendingWrite<ClientSummary>> = VecDeque::new();
    let mut kept = Vec::new();
    for number in 0..count {
        if in_progress.len() == at_once {
            in_progress
                .pop_front()
                .map(PendingWrite::wait)
                .transpose()?;
        }
        let client = NewClient {
            data: new(number),
            token: Some(token(salt, number)),
        };
        if number.is_multiple_of((count / CLIENTS_WRITTEN).max(1)) {
            kept.push((client.data.id.clone(), token(salt, number)));
        }
        in_progress.push_back(store.insert(client, None, clock.now()));
    }
    in_progress
        .into_iter()
        .try_for_each(|written| written.wait().map(drop))?;
    let spent = cpu()? - spent;
    // Closing the last connection to an SQLite file writes the rest of its log.
    drop(store);
    let written = bytes_written()?.saturating_sub(written) / u64::from(count.max(1));

    // Clients that are neighbours in the store must not be neighbours in the file.
    kept.sort_by_cached_key(|(_, token)| token.reveal().chars().rev().collect::<String>());
    let mut lines = String::new();
    for (id, token) in &kept {
        writeln!(lines, "{}/register/{id} {}", issuer.path(), token.reveal())?;
    }
    fs::write(clients, lines)?;
    println!(
        "{{\"insert_cpu_us\": {:.2}, \"bytes_written_each\": {written}}}",
        each(spent, count)
    );
    Ok(())
}

/// Identifiers with the form of registered ones, which sort by time.
fn id(clock: &Clock, salt: i64, number: u32) -> ClientId {
    ClientId::new(format!(
        "{:012x}-{salt:x}-{number:08}",
        clock.milliseconds()
    ))
}

fn token(salt: i64, number: u32) -> RegistrationAccessToken {
    RegistrationAccessToken::new(format!(
        "{}{salt:x}-{number:034}",
        RegistrationAccessToken::PREFIX
    ))
}
