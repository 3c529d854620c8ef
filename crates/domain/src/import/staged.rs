use std::time::Duration;

use model::ImportId;
use tokio::{runtime::Handle, sync::oneshot, time};

use crate::Keydesk;

/// How often somebody who imports says so: long before others take the import for one that was broken off.
const BEAT: Duration = Duration::from_secs(3);

/// An import whose keys are being written. Unless it is kept, all of it is removed.
pub(super) struct Staged {
    keydesk: Keydesk,
    id: ImportId,
    is_kept: bool,
    /// Beating ends when this is dropped.
    _beating: oneshot::Sender<()>,
}

impl Staged {
    pub(super) fn new(keydesk: &Keydesk, id: ImportId) -> Self {
        let (beating, stop) = oneshot::channel();
        tokio::spawn(beat(keydesk.clone(), id, stop));
        Self { keydesk: keydesk.clone(), id, is_kept: false, _beating: beating }
    }

    pub(super) fn id(&self) -> ImportId {
        self.id
    }

    /// From now on its keys can't work any more. They are removed by whoever looks for such imports.
    pub(super) async fn give_up(self) {
        match self.keydesk.abandon_import(self.id).await {
            Ok(_) => self.keep(),
            Err(error) => tracing::warn!(%error, "an import could not be given up; it is later"),
        }
    }

    /// It is live, or waits for somebody who confirms it.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Without a runtime others notice that it was broken off.
        if !self.is_kept
            && let Ok(runtime) = Handle::try_current()
        {
            let (keydesk, id) = (self.keydesk.clone(), self.id);
            runtime.spawn(async move {
                if let Err(error) = keydesk.remove_import(id).await {
                    tracing::warn!(%error, "an import that was broken off could not be removed; it is removed later");
                }
            });
        }
    }
}

/// What was begun in the database is never dropped half done.
async fn beat(keydesk: Keydesk, id: ImportId, mut stop: oneshot::Receiver<()>) {
    loop {
        tokio::select! {
            _ = &mut stop => return,
            () = time::sleep(BEAT) => {}
        }
        if let Err(error) = keydesk.inner.store.beat_import(id).await {
            tracing::warn!(%error, "an import could not say that it goes on");
        }
    }
}
