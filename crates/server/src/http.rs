//! The HTTP server around the routes: listeners, connection limits, and the pipeline that each request passes.

pub mod connections;
pub mod descriptors;
pub mod head_limits;
pub mod host_header;
pub mod listener;
pub mod pipeline;
pub mod request_ids;
pub mod sockets;
pub mod static_routes;
