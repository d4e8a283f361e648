//! Bodies that nobody reads to their end.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use futures_core::Stream;

/// Closes the connection behind the answer to a request whose body was not read to its end.
///
/// The rest of a chunked body would otherwise be read and thrown away for as long as the client cares to send it. That begins
/// when nobody holds the body any more, so the answer holds it until it is written.
///
/// # Errors
/// What the request's own service fails with.
pub async fn close<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Holding>, actix_web::Error> {
    let unread: Option<Rc<dyn Unread>> = match request.take_payload() {
        Payload::H1 { payload } => {
            let body = Rc::new(RefCell::new(payload));
            request.set_payload(Payload::Stream { payload: Box::pin(Shared(Rc::clone(&body))) });
            Some(body)
        }
        other => {
            request.set_payload(other);
            None
        }
    };
    Ok(next.call(request).await?.map_body(|_, body| Holding { body: body.boxed(), _unread: unread }))
}

/// A request's body, whatever its type.
trait Unread {}

impl<S> Unread for RefCell<S> {}

/// A request's body that the answer holds too.
struct Shared<S>(Rc<RefCell<S>>);

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Stream for Shared<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

/// The body of an answer, holding that of the request.
pub struct Holding {
    body: BoxBody,
    _unread: Option<Rc<dyn Unread>>,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
