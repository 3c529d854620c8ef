use clap::Args;
use model::{BulkDeleted, KeyId, Skipped};

use super::{CommandContext, Failed, Format, key_told::done_to, output::Output};

#[derive(Args)]
pub(super) struct KeyDelete {
    /// The keys' ids
    #[arg(required = true, value_name = "ID")]
    ids: Vec<KeyId>,
    #[command(flatten)]
    format: Format,
}

impl KeyDelete {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        let mut outcome = BulkDeleted { deleted: Vec::new(), skipped: Vec::new() };
        for ids in self.ids.chunks(1000) {
            let part = context.keydesk.bulk_delete(&operator, ids).await?;
            outcome.deleted.extend(part.deleted);
            outcome.skipped.extend(part.skipped);
        }
        let printed = output.told(&done_to(&outcome.deleted, "deleted"), |output| {
            if self.format.json {
                return Ok(output.json(&outcome)?);
            }
            Ok(outcome.deleted.iter().try_for_each(|id| output.line(&format!("{id}  deleted")))?)
        });
        Failed::both(printed, left_alone("Not deleted", &outcome.skipped))
    }
}

/// Fails if something was left alone, and says what and why.
pub(super) fn left_alone(what: &str, skipped: &[Skipped]) -> Result<(), Failed> {
    if skipped.is_empty() {
        return Ok(());
    }
    let left: Vec<_> = skipped.iter().map(|one| format!("{} ({})", one.id, reason(&one.code))).collect();
    Err(Failed::new(format!("{what}: {}.", left.join(", "))))
}

fn reason(code: &str) -> &str {
    match code {
        "default_key_protected" => "the Default API Key is protected",
        "not_found" => "there is no such key",
        other => other,
    }
}
