//! What a process spent, as Linux counts it.

use std::fs;
use std::io;

/// The processor time of this process's threads that still run, in seconds, user and system.
///
/// # Errors
/// When `/proc` does not say, as on other systems.
pub fn cpu() -> io::Result<f64> {
    let mut nanoseconds = 0;
    for task in fs::read_dir("/proc/self/task")? {
        let said = fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += said
            .split_whitespace()
            .next()
            .and_then(|first| first.parse::<u64>().ok())
            .ok_or(io::ErrorKind::InvalidData)?;
    }
    Ok(std::time::Duration::from_nanos(nanoseconds).as_secs_f64())
}

/// What this process had the system write to disks, in bytes.
///
/// # Errors
/// When `/proc` does not say, as on other systems.
pub fn bytes_written() -> io::Result<u64> {
    let io = fs::read_to_string("/proc/self/io")?;
    let said = io
        .lines()
        .find_map(|line| line.strip_prefix("write_bytes: "))
        .and_then(|number| number.parse().ok());
    Ok(said.ok_or(io::ErrorKind::InvalidData)?)
}

/// Microseconds for each of so many.
pub fn each(seconds: f64, of: u32) -> f64 {
    seconds * 1e6 / f64::from(of.max(1))
}
