//! What goes on in another protocol: bytes, in both directions, until one side ends it, nothing comes for too long, or the key
//! may no longer do this.

use std::{
    future::poll_fn,
    io::{self, Cursor},
    pin::pin,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    task::Poll,
    time::{Duration, Instant},
};

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};

use super::{
    attempt::Watch,
    one::One,
    streams::{Open, Place},
    upstream::Outstanding,
};

/// Both ends of it, and what it holds for as long as it is open.
pub(super) struct Tunnel {
    pub(super) client: OnUpgrade,
    pub(super) upstream: Box<One>,
    pub(super) watch: Watch,
    pub(super) open: Open,
    pub(super) outstanding: Outstanding,
    pub(super) place: Option<Place>,
}

/// Bytes that are read at once.
const PIECE: usize = 8 << 10;

/// When something last went through, in milliseconds since it began.
struct Activity {
    begun: Instant,
    moved: AtomicU64,
}

impl Activity {
    fn moves(&self) {
        let since = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.store(since, Relaxed);
    }

    fn moved_at(&self) -> Instant {
        self.begun + Duration::from_millis(self.moved.load(Relaxed))
    }
}

impl Tunnel {
    /// Carries bytes until the end.
    pub(super) async fn run(self) {
        let Self { client, upstream, mut watch, open, outstanding, place } = self;
        let activity = Activity { begun: Instant::now(), moved: AtomicU64::new(0) };
        let mut carried = pin!(async {
            let Ok(client) = client.await else { return };
            activity.moves();
            let (from_client, to_client) = split(TokioIo::new(client));
            let (upstream, come) = upstream.into_parts();
            let (from_upstream, to_upstream) = split(upstream);
            let from_upstream = Cursor::new(come).chain(from_upstream);
            let both =
                tokio::join!(carry(from_client, to_upstream, &activity), carry(from_upstream, to_client, &activity));
            if let (Err(error), _) | (_, Err(error)) = both {
                tracing::debug!(%error, "a tunnel broke off");
            }
        });
        poll_fn(|cx| {
            if open.is_cut(cx) || carried.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            watch.poll_idle(cx, activity.moved_at())
        })
        .await;
        drop((outstanding, place));
    }
}

/// Carries what comes from one side to the other. When one side ends, so does the other.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    activity: &Activity,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        activity.moves();
        to.write_all(piece.get(..length).unwrap_or_default()).await?;
        to.flush().await?;
    }
}
