//! A public listener: count the connection, then TLS, then HTTP/1.1.
//!
//! HTTP/2 is not spoken (RFC 9113): the h2 under actix-http keeps input of a client without a bound, and
//! neither the number of streams nor the size of a header list can be set. A proxy in front speaks it to the world.

use std::fmt;
use std::future::ready;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::available_parallelism;
use std::time::Duration;

use actix_http::{HttpService, Protocol, Request, Response};
use actix_server::{GracefulShutdownSignal, Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_service, map_config,
};
use actix_tls::accept::max_concurrent_tls_connect;
use actix_tls::accept::openssl::{Acceptor, TlsStream};
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::AppConfig;
use actix_web::rt::net::{ActixStream, Ready, TcpStream};
use openssl::ssl::SslAcceptor;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::http::connections::{Connections, OpenConnection};
use crate::settings::Limits;

/// The interval in which the client may end its side of a connection that the service has ended.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The number of seconds that requests in progress may take after the signal to stop.
const DRAIN_SECONDS: u64 = 10;

/// The maximum number of connections that are accepted and not counted yet. The accepting thread is faster than the workers
/// that count, and waits for them at this number.
const UNCOUNTED: u64 = 32;

/// The listeners of a server, and the limits of their connections.
pub struct Listeners {
    builder: ServerBuilder,
    connections: Arc<Connections>,
    timeouts: Timeouts,
}

/// The time limits of a connection.
#[derive(Clone, Copy)]
struct Timeouts {
    /// The time within which a handshake must end and a request's head must arrive.
    head: Duration,
    keep_alive: Duration,
}

impl Listeners {
    /// Listeners that close connections over the limits of `connections`.
    pub fn new(connections: Arc<Connections>, limits: &Limits) -> Self {
        // A worker with this many handshakes would accept no other connections either; `connections` bounds them.
        max_concurrent_tls_connect(usize::MAX);
        let workers = available_parallelism().map_or(2, NonZeroUsize::get);
        let accepted = connections.total().saturating_add(UNCOUNTED);
        let each = usize::try_from(accepted).unwrap_or(usize::MAX) / workers;
        let builder = Server::build()
            .workers(workers)
            .max_concurrent_connections(each.max(1));
        Self {
            builder: builder.shutdown_timeout(DRAIN_SECONDS).disable_signals(),
            connections,
            timeouts: Timeouts {
                head: Duration::from_secs(limits.head_seconds.into()),
                keep_alive: Duration::from_secs(limits.keep_alive_seconds.into()),
            },
        }
    }

    /// Adds a listener, with TLS or without. `application` makes the service of each worker.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub fn add<F, I, S, B>(
        self,
        listener: TcpListener,
        tls: Option<SslAcceptor>,
        application: F,
    ) -> io::Result<Self>
    where
        F: Fn() -> I + Send + Clone + 'static,
        I: IntoServiceFactory<S, Request>,
        S: ServiceFactory<Request, Config = AppConfig, Response = Response<B>, Error = Error>
            + 'static,
        S::InitError: fmt::Debug,
        S::Service: 'static,
        <S::Service as Service<Request>>::Future: 'static,
        B: MessageBody + 'static,
    {
        let Self {
            builder,
            connections,
            timeouts,
        } = self;
        let (all, stopping) = (Arc::clone(&connections), builder.graceful_shutdown_signal());
        let name = format!("public {}", listener.local_addr()?);
        let builder = match tls {
            None => builder.listen(name, listener, move || {
                let all = Arc::clone(&all);
                fn_service(move |stream| ready(CountedStream::admit(stream, &all, false)))
                    .map(|stream: CountedStream| {
                        let peer = stream.peer;
                        (stream, Protocol::Http1, Some(peer))
                    })
                    .and_then(http(timeouts, stopping.clone(), application()))
            })?,
            Some(acceptor) => builder.listen(name, listener, move || {
                let all = Arc::clone(&all);
                let mut acceptor = Acceptor::new(acceptor.clone());
                acceptor.set_handshake_timeout(timeouts.head);
                fn_service(move |stream| ready(CountedStream::admit(stream, &all, true)))
                    .and_then(acceptor.map_err(|_| Closed))
                    .map(|mut stream: TlsStream<CountedStream>| {
                        stream.get_mut().connection.handshake_done();
                        let peer = stream.get_ref().peer;
                        (stream, Protocol::Http1, Some(peer))
                    })
                    .and_then(http(timeouts, stopping.clone(), application()))
            })?,
        };
        Ok(Self {
            builder,
            connections,
            timeouts,
        })
    }

    pub fn run(self) -> Server {
        self.builder.run()
    }
}

/// The early end of a connection. actix does not count it, and logs the reason itself.
#[derive(Debug)]
struct Closed;

/// The HTTP/1.1 service of a worker over a stream of either kind.
fn http<T, I, S, B>(
    timeouts: Timeouts,
    stopping: GracefulShutdownSignal,
    application: I,
) -> impl ServiceFactory<
    (T, Protocol, Option<SocketAddr>),
    Config = (),
    Response = (),
    Error = Closed,
    InitError = (),
>
where
    T: ActixStream + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Response = Response<B>, Error = Error> + 'static,
    S::InitError: fmt::Debug,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let application = application.into_factory().map_err(Response::from);
    HttpService::build()
        .graceful_shutdown_signal(move || {
            let stopping = stopping.clone();
            async move { stopping.notified().await }
        })
        .keep_alive(timeouts.keep_alive)
        .client_request_timeout(timeouts.head)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .finish(map_config(application, |()| AppConfig::default()))
        .map_err(|_| Closed)
}

/// A TCP connection, counted until it is dropped.
struct CountedStream {
    stream: TcpStream,
    peer: SocketAddr,
    connection: OpenConnection,
}

impl CountedStream {
    /// Counts a connection. Over a limit it is dropped here, which closes it.
    fn admit(stream: TcpStream, all: &Arc<Connections>, handshake: bool) -> Result<Self, Closed> {
        let peer = stream.peer_addr().map_err(|_| Closed)?;
        let connection = all.admit(peer.ip(), handshake).ok_or(Closed)?;
        Ok(Self {
            stream,
            peer,
            connection,
        })
    }
}

impl AsyncRead for CountedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for CountedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl ActixStream for CountedStream {
    fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_read_ready(&self.stream, context)
    }

    fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_write_ready(&self.stream, context)
    }
}
