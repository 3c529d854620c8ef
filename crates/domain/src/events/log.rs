//! Events as JSON lines, for whoever has no receiver: in a file, or on standard output.

use store::StoreError;

use crate::{EventLog, Keydesk};

/// The name under which the log reads events.
const READER: &str = "log";
/// Events that are written at once.
const FEW: i64 = 500;

impl Keydesk {
    /// Whether this process writes the log. Where it is switched off, no events are kept for it any more.
    pub(crate) async fn writes_event_log(&self) -> bool {
        match &self.inner.out.log {
            None => false,
            Some(EventLog::Off) => {
                if let Err(error) = self.inner.store.remove_event_reader(READER).await {
                    tracing::warn!(%error, "the event log could not be switched off; events are still kept for it");
                }
                false
            }
            Some(EventLog::Stdout | EventLog::File(_)) => true,
        }
    }

    /// Whether events wait for the log.
    pub(crate) async fn event_log_waits(&self) -> bool {
        let store = &self.inner.store;
        let waits = async {
            let Some(at) = store.event_reader(READER).await? else {
                // From now on events are kept for it.
                store.add_event_reader(READER).await?;
                return Ok(false);
            };
            Ok::<_, StoreError>(!store.event_bodies(at, 1).await?.is_empty())
        };
        waits.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "events wait: what the event log has not got yet can't be read");
            false
        })
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
