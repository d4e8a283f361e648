//! File descriptors of the process. Each connection takes one, and a process without free descriptors cannot answer.

use std::fmt;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::settings::Limits;

/// The number of descriptors kept back for listeners, files, fetches, the runtime, and connections that are about to be closed.
const RESERVED: u64 = 64;

/// The number of descriptors kept back for each connection of the store's pool: SQLite opens up to three files for one, and
/// a connection to a PostgreSQL that hangs is given up and replaced.
const RESERVED_PER_STORE_CONNECTION: u64 = 4;

/// The process's limit of open file descriptors, and the share of it that is left for connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptors {
    /// The limit in force (`RLIMIT_NOFILE`).
    pub limit: u64,
    /// The maximum number of open connections in all.
    pub connections: u64,
}

impl Descriptors {
    /// Raises the soft limit to the hard limit, and divides it.
    pub fn raise(limits: &Limits, store_connections: u32) -> Self {
        let found = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: found.maximum,
            maximum: found.maximum,
        };
        // Some systems have a hard limit that they do not grant. Then the soft limit stays.
        let limit = if setrlimit(Resource::Nofile, raised).is_ok() {
            found.maximum
        } else {
            found.current
        };
        Self::shared(limit.unwrap_or(u64::MAX), limits, store_connections)
    }

    /// The shares that a start would find, without a change.
    pub fn expected(limits: &Limits, store_connections: u32) -> Self {
        Self::shared(
            getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX),
            limits,
            store_connections,
        )
    }

    fn shared(limit: u64, limits: &Limits, store_connections: u32) -> Self {
        let reserved = RESERVED
            .saturating_add(RESERVED_PER_STORE_CONNECTION.saturating_mul(store_connections.into()));
        let left = limit.saturating_sub(reserved).max(1);
        let connections = if limits.connections == 0 {
            left
        } else {
            left.min(limits.connections.into())
        };
        Self { limit, connections }
    }
}

impl fmt::Display for Descriptors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "at most {} connections, of {} file descriptors",
            self.connections, self.limit
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Connections get the file descriptors that remain.
    #[test]
    fn connections_get_the_remainder() {
        let limits = |connections| Limits {
            connections,
            ..Limits::default()
        };
        let connections = |limit, configured, pool| {
            Descriptors::shared(limit, &limits(configured), pool).connections
        };
        assert_eq!(connections(1024, 0, 4), 1024 - 64 - 16);
        assert_eq!(connections(1024, 100, 8), 100);
        assert_eq!(connections(1024, 5000, 8), 1024 - 64 - 32);
        assert_eq!(connections(16, 0, 8), 1);
        assert_eq!(connections(u64::MAX, 0, 8), u64::MAX - 96);
    }
}
