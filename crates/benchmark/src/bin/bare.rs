//! Measures the framework alone: actix-web with a single route that answers with the bytes of a file.
//! `scripts/bench` compares the documents of the service with it.
//!
//! `bare FILE` takes a free port of 127.0.0.1, prints it on standard output, and serves the file at
//! `/`.

use std::io;

use actix_web::web::{self, Bytes};
use actix_web::{App, HttpServer, rt};

fn main() -> io::Result<()> {
    let file = std::env::args_os()
        .nth(1)
        .ok_or_else(|| io::Error::other("usage: bare FILE"))?;
    let bytes = Bytes::from(std::fs::read(file)?);
    rt::System::new().block_on(async {
        let server = HttpServer::new(move || {
            let bytes = bytes.clone();
            App::new().route(
                "/",
                web::get().to(move || {
                    let bytes = bytes.clone();
                    async move { bytes }
                }),
            )
        })
        .bind(("127.0.0.1", 0))?;
        for address in server.addrs() {
            println!("http://{address}/");
        }
        server.run().await
    })
}
