//! The steps that every request passes before its route, and every answer after it.
//!
//! They are a single service, since layers of middleware cost each request more than a document does.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_http::{Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, forward_ready};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, RequestHead, ServiceResponse};
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

use crate::http::head_limits;
use crate::http::request_ids::{DrawnIds, RequestIdGenerator};
use crate::http::static_routes::StaticRoutes;
use crate::settings::Limits;

/// The objects that the pipeline uses for each request.
pub struct RequestPipeline {
    /// The answers that need no route.
    pub static_routes: Option<StaticRoutes>,
    pub request_ids: Arc<RequestIdGenerator>,
    /// The limits of a request's head and of its duration.
    pub limits: Limits,
    pub metrics: Metrics,
    /// True if answers have `Strict-Transport-Security`. RFC 6797 §6.1.
    pub strict_transport_security: bool,
    pub traces: Option<Traces>,
}

impl RequestPipeline {
    /// Puts the pipeline in front of routes.
    pub fn wrap<F: ServiceFactory<Request>>(
        self: Arc<Self>,
        routes: impl IntoServiceFactory<F, Request>,
    ) -> PipelineFactory<F> {
        PipelineFactory {
            pipeline: self,
            routes: routes.into_factory(),
        }
    }

    /// Adds the header fields that every answer has.
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
        if self.strict_transport_security {
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

    /// Returns the issuer of the provider at this route.
    fn issuer<'a>(&'a self, request: &'a HttpRequest) -> Option<&'a Issuer> {
        let registration = || {
            request
                .app_data::<Data<Registration>>()
                .map(|registration| &registration.issuer)
        };
        self.static_issuer(request.head()).or_else(registration)
    }

    /// Returns the issuer of the static answer to a request.
    fn static_issuer(&self, head: &RequestHead) -> Option<&Issuer> {
        self.static_routes.as_ref()?.issuer(head)
    }

    /// Waits for the answer of the routes, at most as long as a request may take, and returns it with the metrics of its route.
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

/// The label of requests that reached no route or were cut short.
const UNROUTED: &str = "none";

/// Makes the [`PipelineService`] of each worker.
pub struct PipelineFactory<F> {
    pipeline: Arc<RequestPipeline>,
    routes: F,
}

impl<F, B> ServiceFactory<Request> for PipelineFactory<F>
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
    type Service = PipelineService<F::Service>;
    type InitError = F::InitError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Service, F::InitError>>>>;

    fn new_service(&self, config: AppConfig) -> Self::Future {
        let (pipeline, routes) = (Arc::clone(&self.pipeline), self.routes.new_service(config));
        Box::pin(async move {
            Ok(PipelineService {
                pipeline,
                routes: routes.await?,
                drawn_ids: DrawnIds::default(),
            })
        })
    }
}

/// The pipeline and the routes of a worker.
pub struct PipelineService<S> {
    pipeline: Arc<RequestPipeline>,
    routes: S,
    drawn_ids: DrawnIds,
}

impl<S, B> Service<Request> for PipelineService<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = Response<GuardedBody>;
    type Error = Error;
    type Future = ResponseFuture;

    forward_ready!(routes);

    fn call(&self, mut request: Request) -> ResponseFuture {
        let (pipeline, begun) = (&self.pipeline, Instant::now());
        let id = pipeline.request_ids.id_of(request.head(), &self.drawn_ids);
        let unread = request_body_guard::share(request.payload());
        let span = pipeline
            .traces
            .as_ref()
            .map(|traces| traces.begin(request.head(), id.as_ref()));
        if let Some(failure) = head_limits::check(&pipeline.limits, request.head()) {
            let answer = HttpResponse::from_error(failure);
            count(
                begun,
                request.method(),
                &pipeline.metrics.route(UNROUTED),
                &answer,
                span.as_ref(),
            );
            return ResponseFuture::Ready(Some(pipeline.finish(answer, unread, id)));
        }
        let table = pipeline.static_routes.as_ref();
        if let Some((answer, metrics)) = table.and_then(|table| table.answer(request.head())) {
            if let Some(span) = &span
                && let Some(issuer) = pipeline.static_issuer(request.head())
            {
                span.set_issuer(issuer.as_str());
            }
            count(begun, request.method(), metrics, &answer, span.as_ref());
            return ResponseFuture::Ready(Some(pipeline.finish(answer, unread, id)));
        }
        let (pipeline, method) = (Arc::clone(pipeline), request.method().clone());
        let answer = self.routes.call(request);
        ResponseFuture::Routed(Box::pin(async move {
            let routed = async {
                match &span {
                    Some(span) => span.handle(pipeline.routed(answer, Some(span))).await,
                    None => pipeline.routed(answer, None).await,
                }
            };
            let (answer, metrics) = match &id {
                Some(id) => id.clone().handle(routed).await,
                None => routed.await,
            };
            count(begun, &method, &metrics, &answer, span.as_ref());
            pipeline.finish(answer, unread, id)
        }))
    }
}

/// An answer that is ready, or its future.
pub enum ResponseFuture {
    /// The answer; `None` once it was taken.
    Ready(Option<Response<GuardedBody>>),
    /// The work of a route.
    Routed(Pin<Box<dyn Future<Output = Response<GuardedBody>>>>),
}

impl Future for ResponseFuture {
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
