//! The file in which receivers survive the process. What it lacks of the last seconds is delivered once more.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
};

use uuid::Uuid;

use super::{Webhooks, hook::Hook};
use crate::shared::Shared;

/// The file can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The file system says so.
    #[error("the webhooks in {} can't be {what}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `read`, `written` or `put aside`.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// It is not what was written.
    #[error("the webhooks in {} can't be understood: {source}", .path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

/// What a file held.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) by_id: BTreeMap<Uuid, Hook>,
    /// Where the file is now, and why it holds nothing for us.
    pub(super) broken: Option<(PathBuf, KeepError)>,
}

/// What a file holds; nothing if there is none. One that can't be understood is put aside, under its name with `.broken`: it is there for
/// whoever wants to mend it, and the next process does not stumble over it.
pub(super) fn load(path: &Path, main: &Arc<Shared>) -> Result<Kept, KeepError> {
    let failed = |what| move |source| KeepError::Io { path: path.to_owned(), what, source };
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::default()),
        Err(source) => return Err(failed("read")(source)),
    };
    let hooks: Vec<Hook> = match serde_json::from_slice(&text) {
        Ok(hooks) => hooks,
        Err(source) => {
            let aside = aside(path);
            fs::rename(path, &aside).map_err(failed("put aside"))?;
            let why = KeepError::Form { path: path.to_owned(), source };
            return Ok(Kept { broken: Some((aside, why)), ..Kept::default() });
        }
    };
    let of_main = |hook: Hook| (hook.id, Hook { world: Arc::downgrade(main), ..hook });
    Ok(Kept { by_id: hooks.into_iter().map(of_main).collect(), broken: None })
}

/// Where a file goes that can't be understood.
fn aside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".broken");
    name.into()
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

impl Webhooks {
    /// Writes down what has changed of receivers of the shared world; others end with their worlds. It waits for the disk.
    ///
    /// # Errors
    /// [`KeepError`]; then the next call tries again.
    pub fn keep(&self) -> Result<(), KeepError> {
        let Some(path) = &self.0.path else { return Ok(()) };
        // Two would write into one file beside, and what was read first could be written last. Who finds nothing changed has waited until
        // that is written.
        let _keeping = self.0.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        let text = {
            let mut hooks = self.lock();
            if !std::mem::take(&mut hooks.changed) {
                return Ok(());
            }
            let of_main: Vec<&Hook> = hooks.by_id.values().filter(|hook| hook.world_name.is_none()).collect();
            serde_json::to_vec(&of_main)
        };
        let text = text.map_err(|source| KeepError::Form { path: path.clone(), source })?;
        write(path, &text).map_err(|source| {
            self.lock().changed = true;
            KeepError::Io { path: path.clone(), what: "written", source }
        })
    }
}
