/// Why a world that was opened begins another epoch though there was a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    /// Lines at its end are not what was written.
    #[error("{cut} bytes of the journal are not what was written, and were cut off with what they told")]
    Broken {
        /// The first of them and all that followed.
        cut: u64,
    },
    /// It ends before what its mark says was told, or there is no mark to say so.
    #[error(
        "the journal does not end where the mark beside it says; it was cut off, or one of the two is older or missing"
    )]
    Short,
    /// The machine went down before the file was closed, so its end may not have reached the disk.
    #[error("the machine went down before the journal was closed, and the last seconds may be missing")]
    MachineWentDown,
    /// It is no world of this configuration that can catch up.
    #[error("the journal can't be read, is of another configuration, or too old; another world was begun in its place")]
    Replaced,
}
