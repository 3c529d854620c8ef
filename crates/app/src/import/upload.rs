use std::{pin::pin, time::Duration};

use axum::extract::Multipart;
use domain::{Caller, ImportPart, ImportStopped, Keydesk};
use model::{ImportFormat, ImportId, KeyError};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

/// The name of the form's field.
pub(super) const FIELD: &str = "rows";

/// How long all of it may take.
const WITHIN: Duration = Duration::from_secs(9 * 60);
/// How long nothing of a file may come.
const IDLE: Duration = Duration::from_secs(20);
/// Parts that are read ahead.
const AHEAD: usize = 4;

/// Takes a file as it comes. Its keys wait, hidden, for somebody who confirms them.
pub(super) async fn stage(keydesk: &Keydesk, caller: &Caller, multipart: Multipart) -> Result<ImportId, ImportStopped> {
    let (send, parts) = mpsc::channel(AHEAD);
    let (named, name) = oneshot::channel();
    let staged = async {
        // Nothing was sent, which is told like an empty file.
        let format = name.await.unwrap_or_default();
        keydesk.stage_import(caller, format, parts).await
    };
    let mut staged = pin!(staged);
    let mut pumped = pin!(pump(multipart, named, send));
    let both = async {
        tokio::select! {
            staged = &mut staged => staged,
            () = &mut pumped => staged.await,
        }
    };
    timeout(WITHIN, both).await.unwrap_or(Err(KeyError::Unavailable.into()))
}

/// Reads the file, and no faster than its rows are taken. Where it breaks off, no end is sent.
async fn pump(mut multipart: Multipart, named: oneshot::Sender<Option<ImportFormat>>, send: mpsc::Sender<ImportPart>) {
    let mut named = Some(named);
    loop {
        let mut field = match timeout(IDLE, multipart.next_field()).await {
            Ok(Ok(Some(field))) => field,
            Ok(Ok(None)) => break,
            Ok(Err(_)) | Err(_) => return,
        };
        if field.name() != Some(FIELD) {
            continue;
        }
        if let Some(named) = named.take() {
            // Whoever waits for it has gone; then nobody takes parts either.
            let _ = named.send(field.file_name().and_then(ImportFormat::of_file));
        }
        loop {
            let bytes = match timeout(IDLE, field.chunk()).await {
                Ok(Ok(Some(bytes))) => bytes,
                Ok(Ok(None)) => break,
                Ok(Err(_)) | Err(_) => return,
            };
            if send.send(ImportPart::Bytes(bytes.into())).await.is_err() {
                return;
            }
        }
    }
    // Nobody may wait any more.
    let _ = send.send(ImportPart::End).await;
}
