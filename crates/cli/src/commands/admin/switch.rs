use super::{Named, show};
use crate::commands::{CommandContext, Failed, output::Output};

pub(super) async fn run(
    named: &Named,
    enabled: bool,
    context: &CommandContext,
    output: &mut Output,
) -> Result<(), Failed> {
    let operator = context.operator().await?;
    let who = context.keydesk.set_administrator_enabled(&operator, &named.email, enabled).await?;
    show(if enabled { "was enabled" } else { "was disabled" }, &who, &named.format, output)
}
