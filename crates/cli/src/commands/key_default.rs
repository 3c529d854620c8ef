use clap::Args;
use model::KeyId;
use serde::Serialize;

use super::{CommandContext, Failed, Format, output::Output};

#[derive(Args)]
pub(super) struct KeyDefault {
    /// Print its secret; the audit log says so
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Revealed<'a> {
    id: KeyId,
    key: &'a str,
}

impl KeyDefault {
    /// To reveal its secret is written into the audit log.
    pub(super) fn only_reads(&self) -> bool {
        !self.reveal
    }

    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        let key = context.keydesk.default_key(&operator).await?;
        let id = key.id.to_string();
        if self.reveal {
            let secret = context.keydesk.reveal(&operator, key.id).await?;
            output.told("the secret was revealed, as the audit log says", |output| {
                if self.format.json {
                    return Ok(output.json(&Revealed { id: key.id, key: secret.expose() })?);
                }
                Ok(output.pairs(&[
                    ("Id", &id),
                    ("Client Name", key.settings.client_name.as_str()),
                    ("Key", secret.expose()),
                ])?)
            })?;
        } else if self.format.json {
            output.json(&key)?;
        } else {
            output.pairs(&[("Id", &id), ("Client Name", key.settings.client_name.as_str()), ("Key", &key.hint.0)])?;
        }
        Ok(())
    }
}
