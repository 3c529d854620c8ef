use model::ImportFormat;

/// How rows are imported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Their form; `None`: as the text begins.
    pub format: Option<ImportFormat>,
    /// Says what would become of them, and keeps nothing.
    pub dry_run: bool,
    /// Imports those that can be, also where others can't.
    pub partial: bool,
}

/// What comes of the text. One that ends without its end was broken off.
#[derive(Clone, PartialEq, Eq)]
pub enum ImportPart {
    /// More of it. It holds keys.
    Bytes(Vec<u8>),
    /// That was all.
    End,
}
