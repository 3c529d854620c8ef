use clap::Args;
use model::{KeyId, Overlap};

use super::{
    CommandContext, Failed, Format,
    key_told::{show_changed, show_secret},
    output::Output,
};

#[derive(Args)]
pub(super) struct KeyRotate {
    /// The key's id
    id: KeyId,
    /// For how long the old secret works beside the new one: 90s, 15m, 24h or 7d, at most 30d; 0 ends it now
    #[arg(long, value_name = "TIME")]
    overlap: Overlap,
    #[command(flatten)]
    format: Format,
}

#[derive(Args)]
pub(super) struct KeyEndOverlap {
    /// The key's id
    id: KeyId,
    #[command(flatten)]
    format: Format,
}

impl KeyRotate {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        // Before anything is done that is printed once.
        let zone = context.time_zone(None).await?;
        let issued = context.keydesk.rotate(&operator, self.id, self.overlap, None).await?;
        show_secret("rotated", &issued, &self.format, &zone, output)
    }
}

impl KeyEndOverlap {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        let zone = context.time_zone(None).await?;
        let key = context.keydesk.end_overlap(&operator, self.id, None).await?;
        show_changed(&format!("the old secret of the key {} was ended", key.id), &key, &self.format, &zone, output)
    }
}
