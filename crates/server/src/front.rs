//! What every request passes before it comes to a route, and every answer after it, in one place: layers of middleware cost
//! each request more than a document does.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_http::{Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, forward_ready};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{Error, HttpRequest, HttpResponse, rt};
use oauth_http::request_body_guard::{self, GuardedBody, RequestBodyGuard};
use oauth_http::request_id::X_REQUEST_ID;
use oauth_http::{Failure, RequestId};
use protocol::Issuer;
use registration::Registration;
use telemetry::{Metrics, RequestSpan, RouteMetrics, Traces};

use crate::direct::Direct;
use crate::heads;
use crate::request_id::{DrawnIds, RequestIds};
use crate::settings::Limits;

/// What is kept for every request.
pub struct Front {
    /// What is answered without a route.
    pub direct: Direct,
    /// What names requests.
    pub ids: Arc<RequestIds>,
    /// How long heads may be, and how long a request may take.
    pub limits: Limits,
    /// What counts.
    pub metrics: Metrics,
    /// Whether browsers are told to accept no certificate but a trusted one from now on. RFC 6797 §6.1.
    pub strict: bool,
    /// Who is told of every request, if anybody is.
    pub traces: Option<Traces>,
}

impl Front {
    /// This in front of routes.
    pub fn before<F: ServiceFactory<Request>>(
        self: Arc<Self>,
        routes: impl IntoServiceFactory<F, Request>,
    ) -> Fronted<F> {
        Fronted {
            front: self,
            routes: routes.into_factory(),
        }
    }

    /// What every answer has, whoever gives it.
    fn finish(
        &self,
        answer: HttpResponse,
        unread: RequestBodyGuard,
        id: Option<RequestId>,
    ) -> Response<GuardedBody> {
        let mut answer = Response::from(answer);
        let headers = answer.headers_mut();
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        if self.strict {
            headers.insert(
                header::STRICT_TRANSPORT_SECURITY,
                HeaderValue::from_static("max-age=31536000"),
            );
        }
        if let Some(id) = id {
            headers.insert(X_REQUEST_ID.clone(), id.into());
        }
        answer.map_body(|_, body| unread.guard(body))
    }

    /// At which provider a request is that came to a route.
    fn issuer<'a>(&'a self, request: &'a HttpRequest) -> Option<&'a Issuer> {
        let registration = || {
            request
                .app_data::<Data<Registration>>()
                .map(|registration| &registration.policy.issuer)
        };
        self.direct.issuer(request.head()).or_else(registration)
    }

    /// The answer of the routes, within the time that a request may take, and what counts it.
    async fn routed<B: MessageBody + 'static>(
        &self,
        answer: impl Future<Output = Result<ServiceResponse<B>, Error>>,
        span: Option<&RequestSpan>,
    ) -> (HttpResponse, Arc<RouteMetrics>) {
        let limit = Duration::from_secs(self.limits.handler_seconds.into());
        let failed = |answer| (answer, self.metrics.route(UNROUTED));
        match rt::time::timeout(limit, answer).await {
            Ok(Ok(answer)) => {
                let route = answer.request().match_pattern();
                if let Some(span) = span
                    && let Some(issuer) = self.issuer(answer.request())
                {
                    span.set_issuer(issuer.as_str());
                }
                let metrics = self.metrics.route(route.as_deref().unwrap_or(UNROUTED));
                (answer.map_into_boxed_body().into_parts().1, metrics)
            }
            Ok(Err(error)) => failed(HttpResponse::from_error(error)),
            Err(_) => failed(HttpResponse::from_error(Failure::unavailable(
                "a request took longer than the limit",
            ))),
        }
    }
}

/// Counts a request that is answered, and ends its span.
fn count(
    begun: Instant,
    asked: &Method,
    metrics: &RouteMetrics,
    answer: &HttpResponse,
    span: Option<&RequestSpan>,
) {
    metrics.count(asked, answer.status(), begun.elapsed());
    if let Some(span) = span {
        span.end(
            asked,
            Some(metrics.template()).filter(|route| *route != UNROUTED),
            answer,
        );
    }
}

/// The route of requests that came to none, or were cut short.
const UNROUTED: &str = "none";

/// Makes a worker's share of it.
pub struct Fronted<F> {
    front: Arc<Front>,
    routes: F,
}

impl<F, B> ServiceFactory<Request> for Fronted<F>
where
    F: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<B>, Error = Error>,
    F::Future: 'static,
    F::Service: 'static,
    <F::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = Response<GuardedBody>;
    type Error = Error;
    type Config = AppConfig;
    type Service = Worker<F::Service>;
    type InitError = F::InitError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Service, F::InitError>>>>;

    fn new_service(&self, config: AppConfig) -> Self::Future {
        let (front, routes) = (Arc::clone(&self.front), self.routes.new_service(config));
        Box::pin(async move {
            Ok(Worker {
                front,
                routes: routes.await?,
                drawn_ids: DrawnIds::default(),
            })
        })
    }
}

/// One worker's share.
pub struct Worker<S> {
    front: Arc<Front>,
    routes: S,
    drawn_ids: DrawnIds,
}

impl<S, B> Service<Request> for Worker<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = Response<GuardedBody>;
    type Error = Error;
    type Future = Answer;

    forward_ready!(routes);

    fn call(&self, mut request: Request) -> Answer {
        let (front, begun) = (&self.front, Instant::now());
        let id = front.ids.of(request.head(), &self.drawn_ids);
        let unread = request_body_guard::share(request.payload());
        let span = front
            .traces
            .as_ref()
            .map(|traces| traces.begin(request.head(), id.as_ref()));
        if let Some(failure) = heads::refusal(&front.limits, request.head()) {
            let answer = HttpResponse::from_error(failure);
            count(
                begun,
                request.method(),
                &front.metrics.route(UNROUTED),
                &answer,
                span.as_ref(),
            );
            return Answer::Ready(Some(front.finish(answer, unread, id)));
        }
        if let Some((answer, metrics)) = front.direct.answer(request.head()) {
            if let Some(span) = &span
                && let Some(issuer) = front.direct.issuer(request.head())
            {
                span.set_issuer(issuer.as_str());
            }
            count(begun, request.method(), metrics, &answer, span.as_ref());
            return Answer::Ready(Some(front.finish(answer, unread, id)));
        }
        let (front, method) = (Arc::clone(front), request.method().clone());
        let answer = self.routes.call(request);
        Answer::Routed(Box::pin(async move {
            let routed = async {
                match &span {
                    Some(span) => span.handle(front.routed(answer, Some(span))).await,
                    None => front.routed(answer, None).await,
                }
            };
            let (answer, metrics) = match &id {
                Some(id) => id.clone().handle(routed).await,
                None => routed.await,
            };
            count(begun, &method, &metrics, &answer, span.as_ref());
            front.finish(answer, unread, id)
        }))
    }
}

/// An answer that is there, or under way.
pub enum Answer {
    /// There it is; nothing once it was taken.
    Ready(Option<Response<GuardedBody>>),
    /// Whoever has the route is at it.
    Routed(Pin<Box<dyn Future<Output = Response<GuardedBody>>>>),
}

impl Future for Answer {
    type Output = Result<Response<GuardedBody>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Ready(answer) => answer
                .take()
                .map_or(Poll::Pending, |answer| Poll::Ready(Ok(answer))),
            Self::Routed(answer) => answer.as_mut().poll(context).map(Ok),
        }
    }
}
