use super::{Named, link};
use crate::commands::{CommandContext, Failed, output::Output};

pub(super) async fn run(named: &Named, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
    let operator = context.operator().await?;
    let made = context.keydesk.reset_password(&operator, &named.email).await?;
    link::show(&made, &named.format, context, output)
}
