//! Fills a store for measurements, through the same queue as registrations and with rows like theirs, and measures the
//! store by itself: what an insert and a read cost with nothing in front of them.
//!
//! `fill DATABASE SEALING_KEY_FILE ISSUER METADATA_FILE COUNT CLIENTS_FILE` adds COUNT clients and writes the last 2000 of
//! them to `CLIENTS_FILE`, a line with path and token each. Prints one line of JSON.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;

use protocol::{ClientId, ClientSecret, Clock, Issuer, RegisteredMetadata, RegistrationAccessToken};
use store::{Client, NewClient, SealingKey, Store, Written};

/// How many clients are read, and handed on to whoever reads them over HTTP.
const READ: u32 = 2000;

/// How many inserts are under way at a time. The writer takes up to 256 of them at once.
const AT_ONCE: usize = 512;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or_else(|| format!("the argument {what} is missing"));
    let url = next("DATABASE")?.parse()?;
    let key = SealingKey::from_base64(&fs::read_to_string(next("SEALING_KEY_FILE")?)?)?;
    let issuer = Issuer::parse(&next("ISSUER")?)?;
    let metadata = RegisteredMetadata::from_stored(fs::read_to_string(next("METADATA_FILE")?)?.trim().to_owned())?;
    let count: u32 = next("COUNT")?.parse()?;
    let clients = next("CLIENTS_FILE")?;

    let store = Store::open(&url, key)?;
    store.migrate()?;
    let clock = Clock::system();
    let salt = clock.milliseconds();
    let new = |number: u32| NewClient {
        id: id(&clock, salt, number),
        provider: issuer.clone(),
        metadata: metadata.clone(),
        secret: Some(ClientSecret::new(format!("secret-{salt}-{number:032}"))),
        token: token(salt, number),
        issued_at: clock.now(),
        secret_expires_at: None,
        expires_at: None,
        owner: None,
        composed_name: None,
        terms: None,
    };

    let (cpu, written) = (cpu()?, bytes_written()?);
    let mut under_way: VecDeque<Written<Client>> = VecDeque::new();
    let mut kept = Vec::new();
    for number in 0..count {
        if under_way.len() == AT_ONCE {
            under_way.pop_front().map(Written::wait).transpose()?;
        }
        let client = new(number);
        if number + READ >= count {
            kept.push((client.id.clone(), client.token.clone()));
        }
        under_way.push_back(store.insert(client, None, clock.now()));
    }
    under_way.into_iter().try_for_each(|written| written.wait().map(drop))?;
    let (inserted_cpu, inserted_bytes) = (self::cpu()? - cpu, bytes_written()?.saturating_sub(written));

    let mut lines = String::new();
    for (id, token) in &kept {
        writeln!(lines, "{}/register/{id} {}", issuer.path(), token.reveal())?;
    }
    fs::write(clients, lines)?;

    let begun = self::cpu()?;
    let mut reads = 0_u32;
    for _ in 0..25 {
        for (id, token) in &kept {
            store.authenticate(&issuer, id, token, clock.now())?.ok_or("a client is not there")?;
            reads += 1;
        }
    }
    let read_cpu = self::cpu()? - begun;
    store.close();
    let each = |seconds: f64, of: u32| seconds * 1e6 / f64::from(of.max(1));
    println!(
        "{{\"insert_cpu_us\": {:.1}, \"bytes_written_each\": {}, \"read_cpu_us\": {:.1}}}",
        each(inserted_cpu, count),
        inserted_bytes / u64::from(count.max(1)),
        each(read_cpu, reads)
    );
    Ok(())
}

/// Identifiers of the form that registrations have: they sort by time.
fn id(clock: &Clock, salt: i64, number: u32) -> ClientId {
    ClientId::new(format!("{:012x}-{salt:x}-{number:08}", clock.milliseconds()))
}

fn token(salt: i64, number: u32) -> RegistrationAccessToken {
    RegistrationAccessToken::new(format!("{}{salt:x}-{number:034}", RegistrationAccessToken::PREFIX))
}

/// The processor time of this process in seconds, user and system. In Linux's clock ticks, of which a second has 100.
fn cpu() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, after_name) = stat.rsplit_once(')').ok_or("no name in /proc/self/stat")?;
    let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<u32>).sum::<Result<u32, _>>()?;
    Ok(f64::from(ticks) / 100.0)
}

/// What this process had the system write to disks, in bytes.
fn bytes_written() -> Result<u64, Box<dyn Error>> {
    let io = fs::read_to_string("/proc/self/io")?;
    Ok(io.lines().find_map(|line| line.strip_prefix("write_bytes: ")).ok_or("no write_bytes in /proc/self/io")?.parse()?)
}
