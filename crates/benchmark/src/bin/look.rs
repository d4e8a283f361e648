//! Measures the store's part of a read, without HTTP.
//!
//! `look DATABASE SEALING_KEY_FILE ISSUER CLIENTS_FILE` authenticates the clients that `fill` wrote
//! to `CLIENTS_FILE`, one after another, several times. Prints a line of JSON.

use std::error::Error;
use std::fs;

use benchmark::{cpu, each};
use protocol::{ClientId, Clock, Issuer, RegistrationAccessToken};
use store::{SealingKey, Store};

/// The number of times each client is read.
const TIMES: u32 = 10;

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
    let clients = fs::read_to_string(next("CLIENTS_FILE")?)?;
    let clients: Vec<_> = clients
        .lines()
        .filter_map(|line| line.rsplit_once('/')?.1.split_once(' '))
        .collect();

    let (store, clock) = (Store::open(&url, key)?, Clock::system());
    let mut read = 0;
    let begun = cpu()?;
    for _ in 0..TIMES {
        for (id, token) in &clients {
            let (id, token) = (
                ClientId::new((*id).to_owned()),
                RegistrationAccessToken::new((*token).to_owned()),
            );
            store
                .authenticate(&issuer, &id, &token, clock.now())?
                .ok_or("a client was not found")?;
            read += 1;
        }
    }
    println!("{{\"read_cpu_us\": {:.2}}}", each(cpu()? - begun, read));
    Ok(())
}
