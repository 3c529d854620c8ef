use api::{NewHandover, handover_path};
use clap::Args;
use model::KeyId;

use super::{CommandContext, Failed, Format, output::Output};

#[derive(Args)]
pub(super) struct KeyHandover {
    /// The key's id
    id: KeyId,
    #[command(flatten)]
    format: Format,
}

impl KeyHandover {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        let zone = context.time_zone(None).await?;
        let made = context.keydesk.create_handover(&operator, self.id).await?;
        let otherwise = "a hand-over link was made, but it could not be printed, so nobody has it: make another";
        output.once(otherwise, |output| {
            if self.format.json {
                return Ok(output.json(&NewHandover::from(&made))?);
            }
            output.pairs(&[
                ("Link", &context.links.to(&handover_path(made.token.expose()))),
                ("Until", &zone.words(made.handover.expires_at)),
            ])?;
            Ok(output.note(context.links.note())?)
        })
    }
}
