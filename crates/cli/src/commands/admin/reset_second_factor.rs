use serde::Serialize;

use super::Named;
use crate::commands::{CommandContext, Failed, output::Output};

#[derive(Serialize)]
struct Reset<'a> {
    email: &'a str,
    /// Whether there was any.
    reset: bool,
}

pub(super) async fn run(named: &Named, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
    let operator = context.operator().await?;
    let reset = context.keydesk.reset_second_factor(&operator, &named.email).await?;
    output.told(&format!("the second factors of {} were taken away", named.email), |output| {
        if named.format.json {
            return Ok(output.json(&Reset { email: &named.email, reset })?);
        }
        let words = if reset { "second factors taken away, sessions ended" } else { "has no second factor" };
        Ok(output.line(&format!("{}  {words}", named.email))?)
    })
}
