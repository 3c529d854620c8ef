//! The browser's side, inside the binary.

use app::Files;

/// Empty when the binary was built without the site.
pub(crate) const FILES: Files = Files(include!(concat!(env!("OUT_DIR"), "/site.rs")));
