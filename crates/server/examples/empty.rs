//! The server that calls are compared with: a bare axum handler that answers nothing, with the same allocator. It is also the API of
//! which a gateway forwards bodies: `GET /stream/N` has N bytes, and a `PUT` there is read to its end.
//! `empty [ADDRESS] [--current-thread]`: on axum's usual runtime of several threads, or on one thread.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{body::Body, extract::Path};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use tokio::{net::TcpListener, runtime::Builder};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::io::Result<()> {
    let (flags, mut addresses): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let address = addresses.pop().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let mut builder =
        if flags == ["--current-thread"] { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.enable_all().build()?.block_on(serve(address))
}

async fn serve(address: String) -> std::io::Result<()> {
    let router = axum::Router::new()
        .route("/api/v1/keys/verify", axum::routing::post(async || {}))
        .route("/authz", axum::routing::any(async || {}))
        .route("/api/v50/contacts/{id}", axum::routing::get(async || {}))
        .route("/stream/{bytes}", axum::routing::get(send).put(receive));
    let listener = TcpListener::bind(address).await?;
    axum::serve(axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true))), router).await
}

/// Answers with so many bytes, of which none is kept.
async fn send(Path(bytes): Path<u64>) -> Body {
    Body::new(Zeros(bytes))
}

/// Reads a body, and keeps nothing of it. The connection ends with one that breaks off.
async fn receive(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// So many bytes that are left.
struct Zeros(u64);

static PIECE: [u8; 64 << 10] = [0; 64 << 10];

impl hyper::body::Body for Zeros {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.0 == 0 {
            return Poll::Ready(None);
        }
        let length = usize::try_from(self.0).unwrap_or(PIECE.len()).min(PIECE.len());
        self.0 -= length as u64;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&PIECE[..length])))))
    }

    fn is_end_stream(&self) -> bool {
        self.0 == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}
