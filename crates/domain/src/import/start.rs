use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use model::KeyError;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use super::{
    options::{ImportOptions, ImportPart},
    run::Run,
    sink::Sink,
    stopped::ImportStopped,
};
use crate::{
    Caller, Keydesk,
    spool::{Bound, Spool},
};

/// How long an import may take.
const WITHIN: Bound = Bound { of: "an import", within: Duration::from_secs(15 * 60) };

/// An import under way, read part by part: what became of each row, in a line of JSON, and last how many. It goes on by itself, and
/// ends where this is dropped; then nothing of it is kept, unless its keys work already.
#[derive(Debug)]
pub struct Import {
    arrived: Option<oneshot::Receiver<()>>,
    text: Spool,
    stopped: Stopped,
}

type Stopped = Arc<Mutex<Option<ImportStopped>>>;

impl Keydesk {
    /// Imports the keys whose rows come in `parts`: all of them, or none, or with [`ImportOptions::partial`] those that can be. A key that
    /// was imported before stays as it is, so that importing twice changes nothing.
    pub async fn import(
        &self,
        caller: &Caller,
        options: ImportOptions,
        parts: mpsc::Receiver<ImportPart>,
    ) -> Result<Import, KeyError> {
        let mut run = Run::begin(self, caller, options, parts, false).await?;
        let (has_arrived, arrived) = oneshot::channel();
        let stopped = Stopped::default();
        let told = Arc::clone(&stopped);
        let text = Spool::fill(WITHIN, move |writer| async move {
            let (mut sink, mut has_arrived) = (Sink::Text(writer), Some(has_arrived));
            let ended = async {
                run.take_all(&mut sink, &mut has_arrived).await?;
                run.go_live().await?;
                let summary = json!({ "summary": run.report.summary }).to_string() + "\n";
                if let Sink::Text(writer) = &mut sink {
                    writer.write(summary).await?;
                }
                Ok::<(), ImportStopped>(())
            };
            if let Err(error) = ended.await {
                *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
            run.give_up().await;
            // Not before it is known why it ended.
            drop(has_arrived);
            Ok(())
        });
        Ok(Import { arrived: Some(arrived), text, stopped })
    }
}

impl Import {
    /// Waits until all rows have come. `Err`: it has ended before. Whoever stops waiting can ask again.
    pub async fn arrived(&mut self) -> Result<(), ImportStopped> {
        let Some(arrived) = &mut self.arrived else { return Ok(()) };
        let has_come = arrived.await;
        self.arrived = None;
        has_come.map_err(|_| self.why().unwrap_or(KeyError::Unavailable.into()))
    }

    /// The next part of the text. `None`: that was all, and the last line was the summary. `Err`: there is none, and nothing was kept.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ImportStopped> {
        match self.text.next().await? {
            Some(part) => Ok(Some(part)),
            None => self.why().map_or(Ok(None), Err),
        }
    }

    fn why(&self) -> Option<ImportStopped> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
