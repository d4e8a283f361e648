//! Closes the connection if the body of a request was not read completely.

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

/// Shares the body of a request with its response ([`RequestBodyGuard::guard`]).
///
/// If the handler did not read the body completely, the connection is closed after the response. Without the guard, actix would
/// read and discard the rest of a chunked body without a limit. It begins to do so when the body is dropped, so the response
/// keeps the body until it is written.
pub fn share(payload: &mut Payload) -> RequestBodyGuard {
    match mem::replace(payload, Payload::None) {
        Payload::H1 { payload: body } => {
            let body = Rc::new(RefCell::new(body));
            *payload = Payload::Stream {
                payload: Box::pin(SharedBody(Rc::clone(&body))),
            };
            RequestBodyGuard { _body: Some(body) }
        }
        other => {
            *payload = other;
            RequestBodyGuard { _body: None }
        }
    }
}

/// The stream of a request's body.
trait BodyStream: Stream<Item = Result<Bytes, PayloadError>> + Unpin {}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> BodyStream for S {}

/// The body of a request, which the response owns too.
struct SharedBody<S>(Rc<RefCell<S>>);

impl<S: BodyStream> Stream for SharedBody<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

/// The body of a request, to be kept by its response; empty for a request without a body.
pub struct RequestBodyGuard {
    _body: Option<Rc<RefCell<dyn BodyStream>>>,
}

impl RequestBodyGuard {
    /// Returns a response body that keeps the body of the request.
    pub fn guard(self, body: BoxBody) -> GuardedBody {
        GuardedBody {
            body,
            _request_body: self,
        }
    }
}

/// The body of a response, which keeps the body of the request.
pub struct GuardedBody {
    body: BoxBody,
    _request_body: RequestBodyGuard,
}

impl MessageBody for GuardedBody {
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
