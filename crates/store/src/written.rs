//! A write that is under way.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use futures_channel::oneshot;
use tracing::Span;

use crate::error::StoreError;
use crate::writer::{Verdict, closed};

/// A write that is under way: a future for any runtime, and [`Written::wait`] for callers without one.
///
/// It resolves once the write is durable, or refused. Dropping it takes a write back that has not begun, and undoes none that has.
pub struct Written<T> {
    verdict: oneshot::Receiver<Verdict>,
    then: Option<Then<T>>,
    /// For whoever traces: the time from the queue to the verdict.
    _span: Span,
}

type Then<T> = Box<dyn FnOnce(bool) -> Result<T, StoreError> + Send>;

impl<T> Written<T> {
    /// A queued write, or why it could not be queued, and what its verdict means to the caller.
    pub(crate) fn queued(
        queued: Result<oneshot::Receiver<Verdict>, StoreError>,
        then: impl FnOnce(bool) -> Result<T, StoreError> + Send + 'static,
    ) -> Self {
        match queued {
            Ok(verdict) => Self {
                verdict,
                then: Some(Box::new(then)),
                _span: tracing::info_span!("store change", otel.kind = "client"),
            },
            Err(error) => Self::failed(error),
        }
    }

    /// A write that never began.
    pub(crate) fn failed(error: StoreError) -> Self {
        Self::never(move || Err(error))
    }

    /// A write that there is no need for.
    pub(crate) fn never(outcome: impl FnOnce() -> Result<T, StoreError> + Send + 'static) -> Self {
        let (answer, verdict) = oneshot::channel();
        drop(answer.send(Ok(false)));
        Self {
            verdict,
            then: Some(Box::new(|_| outcome())),
            _span: Span::none(),
        }
    }

    /// Blocks this thread until the write is over.
    ///
    /// # Errors
    /// What the future resolves to.
    pub fn wait(mut self) -> Result<T, StoreError> {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            match Pin::new(&mut self).poll(&mut context) {
                Poll::Ready(outcome) => return outcome,
                Poll::Pending => std::thread::park(),
            }
        }
    }
}

impl<T> Future for Written<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.verdict).poll(context).map(|verdict| {
            let done = verdict.map_err(|_| closed())??;
            self.then.take().ok_or_else(closed)?(done)
        })
    }
}

impl<T> fmt::Debug for Written<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Written(..)")
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
