//! Bodies that nobody reads to their end.

use std::cell::RefCell;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::rt::time::{Sleep, sleep};
use actix_web::web::Bytes;
use futures_core::Stream;

/// For how long the rest of a body is thrown away before the request is cut off.
const PATIENCE: Duration = Duration::from_secs(1);

/// Keeps a request whose body was not read to its end from going on for as long as the client cares to send it, and its
/// client from being cut off before it has seen the answer: what is returned here belongs to the answer ([`Unread::with`]).
///
/// Over HTTP/1 the connection is closed behind the answer. The rest of a chunked body would otherwise be read and thrown away
/// without an end. That begins when nobody holds the body any more, so the answer holds it until it is written.
///
/// Over HTTP/2 the answer ends when the rest of the body was thrown away, or after a second. A stream whose body nobody
/// holds is reset, and a client that is still sending then takes the reset for its answer (RFC 9113 §8.1).
pub fn hold(payload: &mut Payload) -> Unread {
    match mem::replace(payload, Payload::None) {
        Payload::H1 { payload: body } => {
            let (shared, body) = share(body);
            *payload = shared;
            Unread(Rest::Held { _body: body })
        }
        Payload::H2 { payload: body } => {
            let (shared, body) = share(body);
            *payload = shared;
            Unread(Rest::ThrownAway { body, patience: None })
        }
        other => {
            *payload = other;
            Unread(Rest::Nothing)
        }
    }
}

/// What a request sends, piece by piece.
trait Pieces: Stream<Item = Result<Bytes, PayloadError>> + Unpin {}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Pieces for S {}

/// One body for the request's service and for the answer.
fn share(body: impl Pieces + 'static) -> (Payload, Rc<RefCell<dyn Pieces>>) {
    let body = Rc::new(RefCell::new(body));
    (Payload::Stream { payload: Box::pin(Shared(Rc::clone(&body))) }, body)
}

/// A request's body that the answer holds too.
struct Shared<S>(Rc<RefCell<S>>);

impl<S: Pieces> Stream for Shared<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

/// What an answer does about the body of its request.
pub struct Unread(Rest);

impl Unread {
    /// The body of the answer, with that of the request.
    pub fn with(self, body: BoxBody) -> Holding {
        Holding { body, unread: self.0 }
    }
}

enum Rest {
    /// There is none.
    Nothing,
    /// It is held until the answer is written.
    Held { _body: Rc<RefCell<dyn Pieces>> },
    /// Its rest is read before the answer ends, for as long as patience lasts.
    ThrownAway { body: Rc<RefCell<dyn Pieces>>, patience: Option<Pin<Box<Sleep>>> },
}

impl Rest {
    /// Ready when nothing of the body is to be waited for.
    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Self::ThrownAway { body, patience } = self else { return Poll::Ready(()) };
        let left = patience.get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
        while left.as_mut().poll(context).is_pending() {
            match ready!(Pin::new(&mut *body.borrow_mut()).poll_next(context)) {
                Some(Ok(_)) => {}
                None | Some(Err(_)) => break,
            }
        }
        *self = Self::Nothing;
        Poll::Ready(())
    }
}

/// The body of an answer, with that of the request.
pub struct Holding {
    body: BoxBody,
    unread: Rest,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        match ready!(Pin::new(&mut self.body).poll_next(context)) {
            Some(piece) => Poll::Ready(Some(piece)),
            None => self.unread.poll_over(context).map(|()| None),
        }
    }
}
