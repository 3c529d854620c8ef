//! A text that is written as fast as it can be, and read as fast as somebody wants it. Its beginning is kept in memory; the rest
//! stands in a file without a name, which is gone when it is read or given up.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use model::KeyError;
use tokio::{sync::watch, task::JoinHandle, time};
use tracing::Instrument as _;

/// How much is kept in memory: the list of a usual installation.
const IN_MEMORY: u64 = 1 << 20;
/// How much is read at once.
const PART: u64 = 256 * 1024;
/// How long filling may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// What is filled, for the log.
    pub(crate) of: &'static str,
    pub(crate) within: Duration,
}

/// The reading end. What fills it stops when this is dropped.
#[derive(Debug)]
pub(crate) struct Spool {
    kept: Arc<Kept>,
    filled: watch::Receiver<Filled>,
    read: u64,
    filling: JoinHandle<()>,
}

/// The writing end.
pub(crate) struct Writer {
    kept: Arc<Kept>,
    filled: watch::Sender<Filled>,
}

#[derive(Debug, Default)]
struct Kept {
    beginning: Mutex<Vec<u8>>,
    /// What comes after [`IN_MEMORY`].
    rest: Mutex<Option<Arc<File>>>,
}

#[derive(Clone, Debug, Default)]
struct Filled {
    bytes: u64,
    end: Option<Result<(), KeyError>>,
}

impl Spool {
    /// Begins to fill one, in a task of its own.
    pub(crate) fn fill<F>(bound: Bound, with: impl FnOnce(Writer) -> F) -> Self
    where
        F: Future<Output = Result<(), KeyError>> + Send + 'static,
    {
        let (filled, reading) = watch::channel(Filled::default());
        let kept = Arc::<Kept>::default();
        let work = with(Writer { kept: Arc::clone(&kept), filled: filled.clone() });
        let filling = tokio::spawn(
            async move {
                let end = time::timeout(bound.within, work).await.unwrap_or_else(|_| {
                    tracing::warn!(seconds = bound.within.as_secs(), "{} took too long and was given up", bound.of);
                    Err(KeyError::Unavailable)
                });
                filled.send_modify(|filled| filled.end = Some(end));
            }
            .in_current_span(),
        );
        Self { kept, filled: reading, read: 0, filling }
    }

    /// The next part, as soon as there is one. `None`: that was all.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, KeyError> {
        let read = self.read;
        let more = self.filled.wait_for(|filled| filled.bytes > read || filled.end.is_some()).await;
        let Filled { bytes, end } = more.map_err(|_| KeyError::Unavailable)?.clone();
        // An error before the end is told at once: no more of it is of use.
        match end {
            Some(Err(error)) => return Err(error),
            Some(Ok(())) if bytes == read => return Ok(None),
            _ => {}
        }
        let part = self.kept.read(read, (bytes - read).min(PART)).await.map_err(|error| unusable(&error))?;
        self.read += part.len() as u64;
        Ok(Some(part))
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.filling.abort();
    }
}

impl Writer {
    pub(crate) async fn write(&mut self, text: String) -> Result<(), KeyError> {
        let at = self.filled.borrow().bytes;
        let bytes = text.len() as u64;
        self.kept.write(at, text).await.map_err(|error| unusable(&error))?;
        self.filled.send_modify(|filled| filled.bytes += bytes);
        Ok(())
    }
}

impl Kept {
    async fn write(&self, at: u64, text: String) -> io::Result<()> {
        let room = usize::try_from(IN_MEMORY.saturating_sub(at)).unwrap_or_default().min(text.len());
        lock(&self.beginning).extend_from_slice(&text.as_bytes()[..room]);
        if room == text.len() {
            return Ok(());
        }
        let file = lock(&self.rest).clone();
        let at = at + room as u64 - IN_MEMORY;
        let file = blocking(move || {
            let file = file.map_or_else(|| tempfile::tempfile().map(Arc::new), Ok)?;
            file.write_all_at(&text.as_bytes()[room..], at)?;
            Ok(file)
        });
        let file = file.await?;
        *lock(&self.rest) = Some(file);
        Ok(())
    }

    async fn read(&self, at: u64, bytes: u64) -> io::Result<Vec<u8>> {
        let of = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        if at < IN_MEMORY {
            let beginning = lock(&self.beginning);
            let end = of(at + bytes).min(beginning.len());
            return Ok(beginning[of(at)..end].to_vec());
        }
        let file = lock(&self.rest).clone().ok_or_else(|| io::Error::other("there is no file"))?;
        blocking(move || {
            let mut part = vec![0; of(bytes)];
            file.read_exact_at(&mut part, at - IN_MEMORY)?;
            Ok(part)
        })
        .await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn unusable(error: &io::Error) -> KeyError {
    tracing::error!(%error, folder = %std::env::temp_dir().display(), "what is sent could not be kept in a temporary file");
    KeyError::Unavailable
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Bound = Bound { of: "a text", within: Duration::from_secs(60) };

    async fn read(mut spool: Spool) -> Result<Vec<u8>, KeyError> {
        let mut text = Vec::new();
        while let Some(part) = spool.next().await? {
            text.extend(part);
        }
        Ok(text)
    }

    #[tokio::test]
    async fn what_is_written_is_read_beyond_memory_too() {
        let parts: Vec<String> = (0..60).map(|number| format!("{number:05}").repeat(10_007)).collect();
        let whole = parts.concat();
        assert!(whole.len() as u64 > 2 * IN_MEMORY);
        let spool = Spool::fill(BOUND, |mut writer| async move {
            for part in parts {
                writer.write(part).await?;
            }
            Ok(())
        });
        assert_eq!(read(spool).await, Ok(whole.into_bytes()));
        assert_eq!(read(Spool::fill(BOUND, |_| async { Ok(()) })).await, Ok(Vec::new()));
    }

    #[tokio::test]
    async fn an_error_is_told_and_filling_ends_with_its_reader() {
        let spool = Spool::fill(BOUND, |mut writer| async move {
            writer.write("half".to_owned()).await?;
            Err(KeyError::Unavailable)
        });
        assert_eq!(read(spool).await, Err(KeyError::Unavailable));
        let (ended, mut still) = watch::channel(());
        drop(Spool::fill(BOUND, |_| async move {
            let _ended = ended;
            std::future::pending().await
        }));
        assert!(still.changed().await.is_err(), "what filled it is gone");
    }

    #[tokio::test(start_paused = true)]
    async fn filling_has_an_end() {
        assert_eq!(read(Spool::fill(BOUND, |_| std::future::pending())).await, Err(KeyError::Unavailable));
    }
}
