use serde::Serialize;

use super::Named;
use crate::commands::{CommandContext, Failed, output::Output};

#[derive(Serialize)]
struct Ended {
    sessions_ended: u64,
}

pub(super) async fn run(named: &Named, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
    let operator = context.operator().await?;
    let sessions_ended = context.keydesk.end_sessions(&operator, &named.email).await?;
    output.told(&format!("the sessions of {} were ended", named.email), |output| {
        if named.format.json {
            return Ok(output.json(&Ended { sessions_ended })?);
        }
        Ok(output.line(&format!("{}  sessions ended: {sessions_ended}", named.email))?)
    })
}
