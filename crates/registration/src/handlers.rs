//! The registration endpoint and the client configuration endpoint, a handler for each route.

mod delete;
mod read;
mod register;
mod update;

pub(crate) use delete::delete;
pub(crate) use read::read;
pub(crate) use register::register;
pub(crate) use update::update;
