use clap::Args;
use model::{BulkSwitched, KeyId};

use super::{CommandContext, Failed, Format, key_delete::left_alone, key_told::done_to, output::Output};

#[derive(Args)]
pub(super) struct KeySwitch {
    /// The keys' ids
    #[arg(required = true, value_name = "ID")]
    ids: Vec<KeyId>,
    #[command(flatten)]
    format: Format,
}

impl KeySwitch {
    pub(super) async fn run(self, enabled: bool, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        let mut outcome = BulkSwitched { changed: Vec::new(), unchanged: Vec::new(), skipped: Vec::new() };
        for ids in self.ids.chunks(1000) {
            let part = context.keydesk.bulk_set_enabled(&operator, ids, enabled).await?;
            outcome.changed.extend(part.changed);
            outcome.unchanged.extend(part.unchanged);
            outcome.skipped.extend(part.skipped);
        }
        let word = if enabled { "enabled" } else { "disabled" };
        let printed = output.told(&done_to(&outcome.changed, word), |output| {
            if self.format.json {
                return Ok(output.json(&outcome)?);
            }
            outcome.changed.iter().try_for_each(|id| output.line(&format!("{id}  {word}")))?;
            Ok(outcome.unchanged.iter().try_for_each(|id| output.line(&format!("{id}  {word} already")))?)
        });
        Failed::both(printed, left_alone(&format!("Not {word}"), &outcome.skipped))
    }
}
