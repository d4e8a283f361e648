//! Locks that stay usable after a thread panicked while it held one.
//!
//! No value behind a lock of this program is left half changed by a panic, so a poisoned lock is as good as any other.

use std::sync::{Condvar, LockResult, Mutex, MutexGuard, PoisonError};

/// Returns the guard of a lock, also of a poisoned one.
pub fn unpoisoned<G>(locked: LockResult<G>) -> G {
    locked.unwrap_or_else(PoisonError::into_inner)
}

/// Locks a mutex.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    unpoisoned(mutex.lock())
}

/// Waits for a notification without the lock, and returns with it.
pub fn wait<'a, T>(condition: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    unpoisoned(condition.wait(guard))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// A mutex can still be locked after its holder panicked, and has its value.
    #[test]
    fn poisoned_mutex_is_locked() {
        let mutex = Mutex::new(7);
        thread::scope(|scope| {
            let holder = scope.spawn(|| {
                let _guard = mutex.lock();
                std::panic::resume_unwind(Box::new(()));
            });
            assert!(holder.join().is_err());
        });
        assert!(mutex.is_poisoned());
        assert_eq!(*lock(&mutex), 7);
    }
}
