use domain::Removed;
use serde::Serialize;

use super::Named;
use crate::commands::{CommandContext, Failed, output::Output};

#[derive(Serialize)]
struct Report<'a> {
    email: &'a str,
    removed: &'a str,
}

pub(super) async fn run(named: &Named, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
    let operator = context.operator().await?;
    let (removed, words, done) = match context.keydesk.remove_administrator(&operator, &named.email).await? {
        Removed::Administrator => {
            ("administrator", "removed", format!("the administrator {} was removed", named.email))
        }
        Removed::Invitation => {
            ("invitation", "invitation withdrawn", format!("the invitation of {} was withdrawn", named.email))
        }
    };
    output.told(&done, |output| {
        if named.format.json {
            return Ok(output.json(&Report { email: &named.email, removed })?);
        }
        Ok(output.line(&format!("{}  {words}", named.email))?)
    })
}
