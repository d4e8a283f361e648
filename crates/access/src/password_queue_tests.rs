use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::*;

/// Verifies when the test allows it. The password decides the verdict.
struct ManualVerifier {
    go: Mutex<Receiver<()>>,
    verified: Mutex<Vec<String>>,
    settled: Mutex<Vec<(String, u32, bool)>>,
    share: AtomicU32,
}

impl Verifier for ManualVerifier {
    fn count(&self, _: &PasswordAttempt) -> Result<(), Duration> {
        let taken = self
            .share
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
        taken.map(drop).map_err(|_| Duration::from_secs(7))
    }

    fn verify(&self, attempt: &PasswordAttempt, _: &mut PasswordMemory) -> Verification {
        self.go.lock().unwrap().recv().unwrap();
        self.verified.lock().unwrap().push(attempt.name.clone());
        match attempt.password.reveal() {
            "panic" => panic!("the verifier panicked"),
            "down" => Err(StoreError::SchemaOutdated),
            _ => Ok(None),
        }
    }

    fn settle(&self, attempt: &PasswordAttempt, counted: u32, verdict: Option<&Verification>) {
        self.settled
            .lock()
            .unwrap()
            .push((attempt.name.clone(), counted, verdict.is_some()));
    }
}

struct Bench {
    queue: PasswordQueue<ManualVerifier>,
    go: SyncSender<()>,
}

impl Bench {
    /// A single thread, which has taken the first attempt, and a queue behind it.
    fn new(capacity: usize, share: u32) -> (Self, WaitingAttempt<ManualVerifier>) {
        let (go, told) = sync_channel(1000);
        let verifier = ManualVerifier {
            go: Mutex::new(told),
            verified: Mutex::default(),
            settled: Mutex::default(),
            share: share.into(),
        };
        let bench = Self {
            queue: PasswordQueue::start(verifier, 1, capacity).unwrap(),
            go,
        };
        let first = bench.admit("first", "wrong", 0).ok().unwrap();
        while bench.queue.waiting() > 0 {
            thread::yield_now();
        }
        (bench, first)
    }

    fn admit(
        &self,
        name: &str,
        password: &str,
        from: u8,
    ) -> Result<WaitingAttempt<ManualVerifier>, QueueRejection> {
        let mut digest = [0; 32];
        for (to, byte) in digest.iter_mut().zip(name.bytes().chain(password.bytes())) {
            *to = byte;
        }
        self.queue.admit(PasswordAttempt {
            provider: Issuer::parse("https://op.example").unwrap(),
            name: name.to_owned(),
            password: Secret::new(password),
            digest,
            address: Some(IpAddr::from([127, 0, 0, from])),
        })
    }

    fn go(&self, times: usize) {
        (0..times).for_each(|_| self.go.send(()).unwrap());
    }

    fn verified(&self) -> Vec<String> {
        self.queue.verifier().verified.lock().unwrap().clone()
    }

    fn settled(&self) -> Vec<(String, u32, bool)> {
        self.queue.verifier().settled.lock().unwrap().clone()
    }
}

fn wrong() -> AttemptAnswer {
    AttemptAnswer::Verified(Ok(None))
}

#[test]
fn newcomer_waits_for_one_password_of_each_address() {
    let (bench, first) = Bench::new(64, 1000);
    let busy: Vec<_> = (0..9)
        .map(|number| {
            bench
                .admit(&format!("busy{number}"), "wrong", 1)
                .ok()
                .unwrap()
        })
        .collect();
    let newcomer = bench.admit("newcomer", "wrong", 2).ok().unwrap();
    bench.go(11);
    for waiting in [first, newcomer].into_iter().chain(busy) {
        assert_eq!(waiting.answer.blocking_recv().unwrap(), wrong());
    }
    assert_eq!(
        bench.verified()[..4],
        ["first", "busy0", "newcomer", "busy1"]
    );
}

#[test]
fn full_queue_refuses_newest_of_busiest_address() {
    let (bench, _first) = Bench::new(3, 1000);
    let kept = [
        bench.admit("a1", "wrong", 1).ok().unwrap(),
        bench.admit("a2", "wrong", 1).ok().unwrap(),
    ];
    let newest = bench.admit("a3", "wrong", 1).ok().unwrap();
    assert_eq!(
        bench.admit("a4", "wrong", 1).err(),
        Some(QueueRejection::Full)
    );
    let newcomer = bench.admit("b1", "wrong", 2).ok().unwrap();
    assert_eq!(
        newest.answer.blocking_recv().unwrap(),
        AttemptAnswer::Displaced,
        "before anything was verified"
    );
    assert_eq!(bench.queue.waiting(), 3);
    assert_eq!(
        bench.settled(),
        [("a4".to_owned(), 1, false), ("a3".to_owned(), 1, false)]
    );
    bench.go(4);
    for waiting in kept.into_iter().chain([newcomer]) {
        assert_eq!(waiting.answer.blocking_recv().unwrap(), wrong());
    }
    assert_eq!(bench.verified(), ["first", "a1", "b1", "a2"]);
}

#[test]
fn only_password_of_an_address_is_never_displaced() {
    let (bench, _first) = Bench::new(3, 1000);
    let kept: Vec<_> = (1..=3)
        .map(|from| bench.admit("a", "wrong", from).ok().unwrap())
        .collect();
    assert_eq!(
        bench.admit("a", "wrong", 4).err(),
        Some(QueueRejection::Full)
    );
    assert_eq!(
        bench.admit("b", "wrong", 1).err(),
        Some(QueueRejection::Full)
    );
    bench.go(4);
    assert!(
        kept.into_iter()
            .all(|waiting| waiting.answer.blocking_recv().unwrap() == wrong())
    );
}

/// A client that disconnects leaves the queue and stays counted.
#[test]
fn disconnected_client_stays_counted() {
    let (bench, first) = Bench::new(64, 1000);
    let (gone, kept) = (
        bench.admit("gone", "wrong", 1).ok().unwrap(),
        bench.admit("kept", "wrong", 1).ok().unwrap(),
    );
    drop(gone);
    assert_eq!(bench.queue.waiting(), 1);
    // One that is being verified goes on to its end.
    drop(first);
    bench.go(2);
    assert_eq!(kept.answer.blocking_recv().unwrap(), wrong());
    assert_eq!(bench.verified(), ["first", "kept"]);
    assert_eq!(
        bench.settled(),
        [("first".to_owned(), 1, true), ("kept".to_owned(), 1, true)],
        "nothing gives back what is gone"
    );
}

#[test]
fn same_attempt_is_verified_once() {
    let (bench, _first) = Bench::new(2, 1000);
    let same: Vec<_> = (0..50)
        .map(|_| bench.admit("a", "wrong", 1).ok().unwrap())
        .collect();
    let elsewhere = bench.admit("a", "wrong", 2).ok().unwrap();
    assert_eq!(bench.queue.waiting(), 2);
    bench.go(3);
    for waiting in same.into_iter().chain([elsewhere]) {
        assert_eq!(waiting.answer.blocking_recv().unwrap(), wrong());
    }
    assert_eq!(bench.verified(), ["first", "a", "a"]);
    assert_eq!(bench.settled()[1], ("a".to_owned(), 50, true));
}

/// An attempt beyond the share may join an equal attempt in the queue.
#[test]
fn excess_attempt_joins_the_same_attempt() {
    let (bench, _first) = Bench::new(64, 2);
    let counted = bench.admit("a", "wrong", 1).ok().unwrap();
    assert_eq!(
        bench.admit("b", "wrong", 1).err(),
        Some(QueueRejection::TooMany(Duration::from_secs(7)))
    );
    let joined = bench.admit("a", "wrong", 1).ok().unwrap();
    assert_eq!(
        (counted.wait, joined.wait),
        (None, Some(Duration::from_secs(7)))
    );
    // The entry stays for the one who is left.
    drop(counted);
    assert_eq!(bench.queue.waiting(), 1);
    bench.go(2);
    assert_eq!(joined.answer.blocking_recv().unwrap(), wrong());
    assert_eq!(bench.settled()[1], ("a".to_owned(), 1, true));
}

/// A failure is reported, and the thread continues.
#[test]
fn failure_is_reported_and_thread_lives() {
    let (bench, first) = Bench::new(64, 1000);
    let (broken, down) = (
        bench.admit("broken", "panic", 1).ok().unwrap(),
        bench.admit("down", "down", 2).ok().unwrap(),
    );
    bench.go(3);
    assert_eq!(first.answer.blocking_recv().unwrap(), wrong());
    assert!(broken.answer.blocking_recv().is_err());
    assert_eq!(
        down.answer.blocking_recv().unwrap(),
        AttemptAnswer::Verified(Err(StoreError::SchemaOutdated))
    );
    assert_eq!(
        bench.settled()[1..],
        [
            ("broken".to_owned(), 1, false),
            ("down".to_owned(), 1, true)
        ]
    );
}
