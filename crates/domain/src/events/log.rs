//! Events as JSON lines, for whoever has no receiver: in a file, or on standard output.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::PathBuf,
};

use store::StoreError;

use crate::Keydesk;

/// Where events are written, one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventLog {
    /// Standard output.
    Stdout,
    /// A file, which is appended to, and opened anew for each few lines: it may be moved away.
    File(PathBuf),
}

/// The name under which the log reads events.
const READER: &str = "log";
/// Events that are written at once.
const FEW: i64 = 500;

impl EventLog {
    fn write(&self, lines: &str) -> io::Result<()> {
        match self {
            Self::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(lines.as_bytes())?;
                out.flush()
            }
            Self::File(path) => {
                let mut file = OpenOptions::new().create(true).append(true).open(path)?;
                file.write_all(lines.as_bytes())?;
                file.sync_data()
            }
        }
    }
}

impl Keydesk {
    /// Begins to write events to the log, or ends it: from then on they are kept for it, or are not.
    pub(crate) async fn begin_event_log(&self) -> Result<(), StoreError> {
        match &self.inner.out.log {
            Some(_) => self.inner.store.add_event_reader(READER).await,
            // Another node may write it. Without one nobody moves it on, and it goes with the events that it has not read.
            None => Ok(()),
        }
    }

    /// Whether events wait for the log.
    pub(crate) async fn event_log_waits(&self) -> bool {
        let store = &self.inner.store;
        let waits = async {
            let Some(at) = store.event_reader(READER).await? else {
                self.begin_event_log().await?;
                return Ok(false);
            };
            Ok::<_, StoreError>(!store.event_bodies(at, 1).await?.is_empty())
        };
        waits.await.unwrap_or_default()
    }

    /// Writes events to the log, as far as there are any. A line that was written is written again only if the process ends before
    /// that is noted.
    pub(crate) async fn write_event_log(&self) {
        while let Some(written) = self.write_some_events().await {
            if let Err(error) = written {
                return tracing::warn!(error, "events could not be written to the event log; it is tried again");
            }
        }
    }

    /// `None`: there are no more.
    async fn write_some_events(&self) -> Option<Result<(), String>> {
        let (store, log) = (&self.inner.store, self.inner.out.log.clone()?);
        let some = async {
            let at = store.event_reader(READER).await.map_err(|error| error.to_string())?;
            let Some(at) = at else { return Ok(None) };
            let events = store.event_bodies(at, FEW).await.map_err(|error| error.to_string())?;
            let Some((last, _)) = events.last() else { return Ok(None) };
            let last = *last;
            let lines: String = events.into_iter().map(|(_, body)| body + "\n").collect();
            let written = tokio::task::spawn_blocking(move || log.write(&lines)).await;
            written.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
            store.move_event_reader(READER, at, last).await.map_err(|error| error.to_string())?;
            Ok(Some(()))
        };
        some.await.transpose()
    }
}
