//! An API in the same process. No port leads there: what comes to it comes from the gateway.

use std::io;

use tokio::{
    io::{DuplexStream, duplex},
    sync::mpsc,
};

/// Bytes that wait between the two sides, in each direction.
const AHEAD: usize = 64 << 10;
/// Connections that wait until the API takes them.
const WAITING: usize = 128;

/// The gateway's side: it opens connections.
#[derive(Clone, Debug)]
pub struct Door(mpsc::Sender<DuplexStream>);

/// The API's side: it takes them.
#[derive(Debug)]
pub struct Entrance(mpsc::Receiver<DuplexStream>);

/// Both sides.
pub fn door() -> (Door, Entrance) {
    let (opened, taken) = mpsc::channel(WAITING);
    (Door(opened), Entrance(taken))
}

impl Door {
    /// Opens a connection. The API may take it later; as long as it does not, nothing is answered.
    pub(super) async fn open(&self) -> io::Result<DuplexStream> {
        let (ours, theirs) = duplex(AHEAD);
        self.0.send(theirs).await.map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
        Ok(ours)
    }
}

impl Entrance {
    /// The next connection; `None`: there is no gateway any more.
    pub async fn accept(&mut self) -> Option<DuplexStream> {
        self.0.recv().await
    }
}
