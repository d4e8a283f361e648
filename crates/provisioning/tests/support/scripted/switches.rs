//! The switches of a scripted server: faults of the next requests or of all, delays, and requests that are held.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::{Answer, Request, Response};

/// A fault of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status and does nothing.
    Status(u16),
    /// Answers 429 with this `Retry-After`, and does nothing.
    Busy(u64),
    /// Does the work and closes the connection without an answer.
    CutAfterWork,
    /// Closes the connection before the work.
    CutBeforeWork,
}

/// The methods that change clients.
pub const WRITES: &[&str] = &["POST", "PUT", "DELETE"];

#[derive(Default)]
struct Switched {
    /// The faults of the next requests, in order; `None` is no fault.
    faults: VecDeque<Option<Fault>>,
    /// The fault of every request with one of these methods.
    standing: Option<(&'static [&'static str], Fault)>,
    delay: Duration,
    is_holding: bool,
    held: usize,
    most_at_once: usize,
    at_once: usize,
    /// The method and path of each request.
    calls: Vec<(String, String)>,
}

/// The switches.
#[derive(Default)]
pub struct Switches {
    switched: Mutex<Switched>,
    changed: Condvar,
}

impl Switches {
    /// Sets the faults of the next requests, in order; `None` is no fault.
    pub fn next(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.switched.lock().unwrap().faults = faults.into_iter().collect();
    }

    /// Fails every request that changes a client, from now on.
    pub fn fail_writes(&self, fault: Fault) {
        self.switched.lock().unwrap().standing = Some((WRITES, fault));
    }

    /// Fails every request with one of these methods, from now on; none of them is no fault.
    pub fn fail_methods(&self, methods: &'static [&'static str], fault: Fault) {
        self.switched.lock().unwrap().standing = Some((methods, fault));
    }

    /// Answers every request again.
    pub fn heal(&self) {
        let mut switched = self.switched.lock().unwrap();
        switched.standing = None;
        switched.faults.clear();
        switched.delay = Duration::ZERO;
        switched.is_holding = false;
        self.changed.notify_all();
    }

    /// Waits that long before each request is worked on.
    pub fn delay(&self, delay: Duration) {
        self.switched.lock().unwrap().delay = delay;
    }

    /// Holds every request before it is worked on, or lets all go.
    pub fn hold(&self, is_holding: bool) {
        self.switched.lock().unwrap().is_holding = is_holding;
        self.changed.notify_all();
    }

    /// The number of requests that are held now.
    pub fn held(&self) -> usize {
        self.switched.lock().unwrap().held
    }

    /// The most requests that were in progress at once.
    pub fn most_at_once(&self) -> usize {
        self.switched.lock().unwrap().most_at_once
    }

    /// The method and path of each request.
    pub fn calls(&self) -> Vec<(String, String)> {
        self.switched.lock().unwrap().calls.clone()
    }

    /// The number of requests with a method and a path that contains this text.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let switched = self.switched.lock().unwrap();
        let calls = switched.calls.iter();
        calls
            .filter(|(called, at)| called == method && at.contains(path))
            .count()
    }

    /// The number of requests that change clients.
    pub fn writes(&self) -> usize {
        let switched = self.switched.lock().unwrap();
        let calls = switched.calls.iter();
        calls
            .filter(|(method, _)| WRITES.contains(&method.as_str()))
            .count()
    }

    /// Answers a request as the switches are set.
    pub(super) fn answer(&self, request: &Request, work: impl FnOnce() -> Response) -> Answer {
        let (fault, delay) = self.begin(request);
        if !delay.is_zero() {
            thread::sleep(delay);
        }
        let answer = match fault {
            None => Some(work()),
            Some(Fault::Status(status)) => Some(refusal(status)),
            Some(Fault::Busy(seconds)) => {
                let mut response = refusal(429);
                response.headers.push(("Retry-After", seconds.to_string()));
                Some(response)
            }
            Some(Fault::CutBeforeWork) => None,
            Some(Fault::CutAfterWork) => {
                work();
                None
            }
        };
        self.switched.lock().unwrap().at_once -= 1;
        answer
    }

    fn begin(&self, request: &Request) -> (Option<Fault>, Duration) {
        let mut switched = self.switched.lock().unwrap();
        let call = (request.method.clone(), request.path.clone());
        switched.calls.push(call);
        switched.at_once += 1;
        switched.most_at_once = switched.most_at_once.max(switched.at_once);
        if switched.is_holding {
            switched.held += 1;
            switched = self
                .changed
                .wait_while(switched, |switched| switched.is_holding)
                .unwrap();
            switched.held -= 1;
        }
        let next = switched.faults.pop_front().flatten();
        let standing = switched
            .standing
            .filter(|(methods, _)| methods.contains(&request.method.as_str()))
            .map(|(_, fault)| fault);
        (next.or(standing), switched.delay)
    }
}

fn refusal(status: u16) -> Response {
    Response::new(
        status,
        &json!({ "error": "fault", "error_description": "a fault of the script" }),
    )
}
