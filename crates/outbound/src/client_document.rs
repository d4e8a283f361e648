//! Fetches client ID metadata documents, whose addresses strangers choose as their client identifiers.
//!
//! The address guard is that of every fetch. What differs: a document is returned as bytes, which the caller reads strictly; it is
//! kept only after a provider admitted it; all who ask for an address at the same time share one connection; and the queue and the
//! threads are apart from those of sector documents, so that neither kind of address delays the other.
//!
//! | module | content |
//! |---|---|
//! | [`failure`] | why there is no document, in classes |
//! | [`fetcher`] | the fetcher |
//! | `exchange` | a request and its response |
//! | `rates` | the limits by host and in all |
//! | `shared` | fetches that several callers wait for, and addresses at rest |
//! | `worker` | the threads |

mod exchange;
pub mod failure;
pub mod fetcher;
mod rates;
mod shared;
mod worker;
