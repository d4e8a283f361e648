//! Measurements of the current process, from Linux's `/proc`.

use std::fs;
use std::io;

/// Returns the processor time of the running threads of this process, user and system, in seconds.
///
/// # Errors
/// An error if `/proc` does not have the number, as on other systems.
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

/// Returns the number of bytes that this process had the system write to disks.
///
/// # Errors
/// An error if `/proc` does not have the number, as on other systems.
pub fn bytes_written() -> io::Result<u64> {
    let io = fs::read_to_string("/proc/self/io")?;
    let said = io
        .lines()
        .find_map(|line| line.strip_prefix("write_bytes: "))
        .and_then(|number| number.parse().ok());
    Ok(said.ok_or(io::ErrorKind::InvalidData)?)
}

/// Returns microseconds for each of `of` items.
pub fn each(seconds: f64, of: u32) -> f64 {
    seconds * 1e6 / f64::from(of.max(1))
}
