//! `keydesk mail`: what sends letters.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{CommandContext, Failed, Format, output::Output};

#[derive(Subcommand)]
pub(super) enum MailCommand {
    /// Send a letter, to try the mail server of [mail] out
    Test(Test),
}

#[derive(Args)]
pub(super) struct Test {
    /// The email address that it goes to
    address: String,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Sent<'a> {
    address: &'a str,
    sent: bool,
}

impl MailCommand {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        match self {
            Self::Test(test) => test.run(context, output).await,
        }
    }
}

impl Test {
    async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let address = self.address.as_str();
        context.keydesk.send_test_mail(address).await?;
        output.told(&format!("a letter to {address} was sent"), |output| {
            if self.format.json {
                return Ok(output.json(&Sent { address, sent: true })?);
            }
            Ok(output.line(&format!("The mail server has taken a letter to {address}."))?)
        })
    }
}
