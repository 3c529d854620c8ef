//! How tunnels end: on one side, on both, and with the key.

use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::{Duration, Instant},
};

use model::LifeCycle;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::sleep,
};

use super::{
    before,
    echo::{agrees, echo},
    frames::{CLOSE, FIN, TEXT, goodbye, masked, plain},
    opened,
};
use crate::{
    raw::Api,
    support::{Key, soon},
};

/// An API that agrees, and then goes on so. What it has found out is told.
async fn going_on<T, F, G>(go_on: G) -> (Api, UnboundedReceiver<T>)
where
    G: Fn(TcpStream) -> F + Copy + Send + 'static,
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let (tell, told) = unbounded_channel();
    let api = Api::start(move |mut connection| {
        let tell = tell.clone();
        Box::pin(async move {
            let Some(seen) = connection.request().await else { return };
            connection.write(&agrees(&seen)).await;
            let _ = tell.send(go_on(connection.into_stream()).await);
        })
    })
    .await;
    (api, told)
}

/// Reads to the end, whatever it is.
async fn read_all(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut came = Vec::new();
    // What came before a connection was reset counts as well.
    let _ = stream.read_to_end(&mut came).await;
    came
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_has_said_all_is_still_answered() {
    let (api, mut told) = going_on(|mut stream| async move {
        let came = read_all(&mut stream).await;
        for number in 0..50 {
            stream.write_all(&plain(FIN | TEXT, format!("{number}"))).await.unwrap();
            sleep(Duration::from_millis(1)).await;
        }
        came
    })
    .await;
    let (gateway, key) = before(&api).await;
    let sent = masked(FIN | TEXT, "that is all");
    let came = opened(&gateway, &key).await.exchange(&sent, usize::MAX).await;
    assert_eq!(came, (0..50).flat_map(|number| plain(FIN | TEXT, format!("{number}"))).collect::<Vec<_>>());
    assert_eq!(soon("the API", told.recv()).await, Some(sent));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_has_said_all_still_hears() {
    let (api, mut told) = going_on(|mut stream| async move {
        stream.write_all(&plain(CLOSE, goodbye(1001, "away"))).await.unwrap();
        stream.shutdown().await.unwrap();
        read_all(&mut stream).await
    })
    .await;
    let (gateway, key) = before(&api).await;
    let mut client = opened(&gateway, &key).await;
    assert_eq!(client.rest_as_bytes().await, plain(CLOSE, goodbye(1001, "away")));
    let sent = [masked(FIN | TEXT, vec![b'a'; 100_000]), masked(CLOSE, goodbye(1001, ""))].concat();
    assert!(client.exchange(&sent, 1_000).await.is_empty());
    assert!(soon("the API", told.recv()).await.is_some_and(|came| came == sent));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_gone_is_gone_on_the_other_side() {
    let (api, mut told) = going_on(|mut stream| async move { read_all(&mut stream).await }).await;
    let (gateway, key) = before(&api).await;
    let mut client = opened(&gateway, &key).await;
    client.send(&masked(FIN | TEXT, "hello")[..4]).await;
    drop(client);
    let came = soon("the API notices", told.recv()).await.unwrap();
    assert_eq!(came, masked(FIN | TEXT, "hello")[..4], "no goodbye in its name");

    let (api, _told) = going_on(|mut stream| async move {
        stream.write_all(&plain(FIN | TEXT, "hello")[..4]).await.unwrap();
    })
    .await;
    let (gateway, key) = before(&api).await;
    let came = opened(&gateway, &key).await.rest_as_bytes().await;
    assert_eq!(came, plain(FIN | TEXT, "hello")[..4], "no goodbye in its name");
}

/// Sends numbers without a pause, until the other side is gone. What came, and what went at most.
async fn counts(mut stream: TcpStream) -> (Vec<u8>, Vec<u8>) {
    let (mut reading, mut writing) = stream.split();
    let mut went = Vec::new();
    let writes = async {
        loop {
            let next = plain(FIN | TEXT, format!("{}", went.len()));
            went.extend_from_slice(&next);
            if writing.write_all(&next).await.is_err() {
                return std::future::pending().await;
            }
            sleep(Duration::from_millis(1)).await;
        }
    };
    let came = tokio::select! {
        came = read_all(&mut reading) => came,
        () = writes => Vec::new(),
    };
    (came, went)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_ends_cuts_both_directions_in_the_middle_of_a_frame_and_nothing_is_put_in() {
    let (api, mut told) = going_on(counts).await;
    let (gateway, key) = before(&api).await;
    let now = gateway.now();
    let ended = |life| Key { life, ..key.clone() };
    for changed in [
        ended(LifeCycle { deleted_at: Some(now), ..LifeCycle::default() }),
        ended(LifeCycle { disabled_at: Some(now), ..LifeCycle::default() }),
        ended(LifeCycle { expires_at: Some(now), ..LifeCycle::default() }),
        Key { scopes: &["live:read"], ..key.clone() },
    ] {
        gateway.knows(&key);
        let mut client = opened(&gateway, &key).await;
        // It is in the middle of a frame when the key ends.
        let half = &masked(FIN | TEXT, "a message that is never whole")[..20];
        client.send(half).await;
        let first = client.read_to("0").await.map(|first| first.len());
        assert!(first.is_some(), "it counts");
        let begun = Instant::now();
        gateway.knows(&changed);
        let rest = client.rest_as_bytes().await;
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        let (came, went) = soon("the API notices", told.recv()).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        // The first frame is two bytes and a zero.
        assert!(went[3..].starts_with(&rest), "only what the API said: {}", rest.escape_ascii());
        assert_eq!(came, half, "only what the client said");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_ends_leaves_others_alone() {
    let (api, mut heard) = echo().await;
    let (gateway, key) = before(&api).await;
    let other = Key::live(2);
    gateway.knows(&other);
    let mut cut = opened(&gateway, &key).await;
    let mut goes_on = opened(&gateway, &other).await;
    gateway.knows(&Key { life: LifeCycle { deleted_at: Some(gateway.now()), ..LifeCycle::default() }, ..key });
    assert!(cut.rest_as_bytes().await.is_empty());
    assert_eq!(goes_on.exchange(&masked(FIN | TEXT, "hello"), 1).await, plain(FIN | TEXT, "hello"));
    let both = [soon("one", heard.recv()).await.unwrap().came, soon("the other", heard.recv()).await.unwrap().came];
    assert!(both.contains(&Vec::new()) && both.contains(&masked(FIN | TEXT, "hello")), "{both:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tunnels_are_not_mixed_up() {
    let (api, _heard) = echo().await;
    let (gateway, key) = before(&api).await;
    let mut clients = Vec::new();
    for _ in 0..30 {
        clients.push(opened(&gateway, &key).await);
    }
    let exchanges = clients.iter_mut().enumerate().map(|(number, client)| async move {
        let text = format!("{number} ").repeat(20_000);
        let came = client.exchange(&masked(FIN | TEXT, &text), 10_000).await;
        assert!(came == plain(FIN | TEXT, &text), "{number}");
    });
    assert_eq!(futures::future::join_all(exchanges).await.len(), 30);
}

/// How much an API has written that is not read.
static WRITTEN: AtomicUsize = AtomicUsize::new(0);

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_stops_the_api() {
    const ALL: usize = 128 << 20;
    let (api, _told) = going_on(|mut stream| async move {
        let piece = vec![7; 1 << 20];
        for _ in 0..ALL >> 20 {
            stream.write_all(&piece).await.unwrap();
            WRITTEN.fetch_add(piece.len(), SeqCst);
        }
    })
    .await;
    let (gateway, key) = before(&api).await;
    let mut client = opened(&gateway, &key).await;
    let (mut before, mut same) = (0, 0);
    while same < 20 {
        sleep(Duration::from_millis(20)).await;
        let now = WRITTEN.load(SeqCst);
        same = if now == before && now > 0 { same + 1 } else { 0 };
        before = now;
    }
    assert!(before < 64 << 20, "{before} bytes are under way");
    let mut piece = vec![0; 1 << 20];
    let mut read = 0;
    while let bytes @ 1.. = soon("bytes", client.stream.read(&mut piece)).await.unwrap() {
        assert!(piece[..bytes].iter().all(|byte| *byte == 7));
        read += bytes;
    }
    // A little may have come with the head of the answer.
    assert!((ALL - (64 << 10)..=ALL).contains(&read), "{read}");
}
