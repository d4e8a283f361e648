//! Bodies that nobody reads to their end.

use std::cell::RefCell;
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_core::Stream;

/// Keeps a request whose body was not read to its end from going on for as long as the client cares to send it: what is
/// returned here belongs to the answer ([`Unread::with`]).
///
/// The connection is closed behind the answer. The rest of a chunked body would otherwise be read and thrown away without an
/// end. That begins when nobody holds the body any more, so the answer holds it until it is written.
pub fn hold(payload: &mut Payload) -> Unread {
    match mem::replace(payload, Payload::None) {
        Payload::H1 { payload: body } => {
            let body = Rc::new(RefCell::new(body));
            *payload = Payload::Stream {
                payload: Box::pin(Shared(Rc::clone(&body))),
            };
            Unread { _body: Some(body) }
        }
        other => {
            *payload = other;
            Unread { _body: None }
        }
    }
}

/// The stream of a request's body.
trait Pieces: Stream<Item = Result<Bytes, PayloadError>> + Unpin {}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Pieces for S {}

/// A request's body that the answer holds too.
struct Shared<S>(Rc<RefCell<S>>);

impl<S: Pieces> Stream for Shared<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

/// The body of a request on its way into the answer; none where it is empty.
pub struct Unread {
    _body: Option<Rc<RefCell<dyn Pieces>>>,
}

impl Unread {
    /// The body of the answer, with that of the request.
    pub fn with(self, body: BoxBody) -> Holding {
        Holding {
            body,
            _unread: self,
        }
    }
}

/// The body of an answer, with that of the request.
pub struct Holding {
    body: BoxBody,
    _unread: Unread,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
