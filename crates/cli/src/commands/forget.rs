use clap::Args;

use super::{CommandContext, Failed, Format, output::Output};

#[derive(Args)]
pub(super) struct Forget {
    /// The person's email address
    email: String,
    #[command(flatten)]
    format: Format,
}

impl Forget {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let forgotten = context.keydesk.forget(&context.operator().await?, &self.email).await?;
        output.told("the person was forgotten", |output| {
            if self.format.json {
                return Ok(output.json(&forgotten)?);
            }
            Ok(output.pairs(&[
                ("Accounts", &forgotten.accounts.to_string()),
                ("Invitations", &forgotten.invitations.to_string()),
                ("Keys with the address", &forgotten.keys.to_string()),
                ("Audit entries whose address was erased", &forgotten.entries.to_string()),
                ("Audit entries redacted", &forgotten.redacted.to_string()),
            ])?)
        })
    }
}
