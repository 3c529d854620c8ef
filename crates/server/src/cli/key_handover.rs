use api::{NewHandover, handover_path};
use clap::Args;
use model::KeyId;

use super::{Desk, Failed, Format, output::Output};

#[derive(Args)]
pub(super) struct KeyHandover {
    /// The key's id
    id: KeyId,
    #[command(flatten)]
    format: Format,
}

impl KeyHandover {
    pub(super) async fn run(self, desk: &Desk, output: &mut Output) -> Result<(), Failed> {
        let operator = desk.operator().await?;
        let made = desk.keydesk.create_handover(&operator, self.id).await?;
        if self.format.json {
            return Ok(output.json(&NewHandover::from(&made))?);
        }
        Ok(output.pairs(&[
            ("Link", &format!("{}{}", desk.address, handover_path(made.token.expose()))),
            ("Until", &made.handover.expires_at.to_string()),
        ])?)
    }
}
