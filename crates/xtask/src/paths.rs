//! Where things are, all below the workspace's root.

use std::path::{Path, PathBuf};

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// `target/`, which is always the workspace's own: the stamps in it describe the files beside them.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// What xtask itself keeps between runs: stamps and half-made client files.
pub(crate) fn work() -> PathBuf {
    target().join("xtask")
}

/// The browser's files, as a release and the tests embed them: `.cargo/config.toml` names the same folder.
pub(crate) fn site() -> PathBuf {
    target().join("site")
}

/// The same for the first start.
pub(crate) fn start_site() -> PathBuf {
    target().join("site-start")
}

pub(crate) fn end2end() -> PathBuf {
    root().join("end2end")
}
