/// Pages by name; snippets by name and ending.
type Embedded = (&'static [(&'static str, &'static str)], &'static [(&'static str, &'static str, &'static str)]);

/// The files that the build script found.
pub(super) const EMBEDDED: Embedded = include!(concat!(env!("OUT_DIR"), "/documentation.rs"));
