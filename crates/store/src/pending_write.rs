//! The result of a write that is queued or running.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use futures_channel::oneshot;
use tracing::Span;

use crate::change_result::ChangeResult;
use crate::error::StoreError;
use crate::writer::WriteResult;

/// A write that is queued or running: a future for any runtime, with [`PendingWrite::wait`] for callers
/// without one.
///
/// It resolves once the write is durable or refused. Dropping it cancels a write that has not
/// begun, and does not undo one that has.
pub struct PendingWrite<T> {
    result: oneshot::Receiver<WriteResult>,
    completion: Option<Completion<T>>,
    /// The trace span from queueing to the result.
    _span: Span,
}

/// The function that turns the result of the write into the answer for the caller.
type Completion<T> = Box<dyn FnOnce(ChangeResult) -> Result<T, StoreError> + Send>;

impl<T> PendingWrite<T> {
    /// A write that was queued, or that the queue rejected. The completion gets true if the write changed something.
    pub(crate) fn queued(
        queued: Result<oneshot::Receiver<WriteResult>, StoreError>,
        completion: impl FnOnce(bool) -> Result<T, StoreError> + Send + 'static,
    ) -> Self {
        Self::with_result(queued, |result| completion(result.is_done()))
    }

    /// A write that was queued, or that the queue rejected. The completion gets its effect.
    pub(crate) fn with_result(
        queued: Result<oneshot::Receiver<WriteResult>, StoreError>,
        completion: impl FnOnce(ChangeResult) -> Result<T, StoreError> + Send + 'static,
    ) -> Self {
        match queued {
            Ok(result) => Self {
                result,
                completion: Some(Box::new(completion)),
                _span: tracing::info_span!("store change", otel.kind = "client"),
            },
            Err(error) => Self::rejected(error),
        }
    }

    /// A write that was rejected before it was queued.
    pub(crate) fn rejected(error: StoreError) -> Self {
        Self::noop(move || Err(error))
    }

    /// A write that changes nothing.
    pub(crate) fn noop(result: impl FnOnce() -> Result<T, StoreError> + Send + 'static) -> Self {
        let (sender, receiver) = oneshot::channel();
        drop(sender.send(Ok(ChangeResult::Nothing)));
        Self {
            result: receiver,
            completion: Some(Box::new(|_| result())),
            _span: Span::none(),
        }
    }

    /// Blocks the current thread until the write is durable or refused.
    ///
    /// # Errors
    /// As the future.
    pub fn wait(mut self) -> Result<T, StoreError> {
        let waker = Waker::from(Arc::new(ThreadWaker(std::thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            match Pin::new(&mut self).poll(&mut context) {
                Poll::Ready(result) => return result,
                Poll::Pending => std::thread::park(),
            }
        }
    }
}

impl<T> Future for PendingWrite<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.result).poll(context).map(|result| {
            let done = result.map_err(|_| StoreError::closed())??;
            self.completion.take().ok_or_else(StoreError::closed)?(done)
        })
    }
}

impl<T> fmt::Debug for PendingWrite<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingWrite(..)")
    }
}

struct ThreadWaker(Thread);

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
