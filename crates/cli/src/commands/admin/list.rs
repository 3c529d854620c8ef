use model::Person;
use serde::Serialize;

use crate::commands::{CommandContext, Failed, Format, output::Output};

#[derive(Serialize)]
struct People<'a> {
    items: &'a [Person],
}

pub(super) async fn run(format: &Format, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
    let operator = context.operator().await?;
    let people = context.keydesk.people(&operator).await?;
    if format.json {
        return Ok(output.json(&People { items: &people })?);
    }
    let rows: Vec<_> = people.iter().map(row).collect();
    Ok(output
        .table(["EMAIL", "NAME", "ROLE", "STATUS", "SECOND FACTOR", "SESSIONS", "LAST SEEN", "INVITED UNTIL"], &rows)?)
}

fn row(person: &Person) -> [String; 8] {
    let at = |instant: Option<model::Instant>| instant.map(|at| at.to_string()).unwrap_or_default();
    [
        person.email.clone(),
        person.name.clone(),
        person.role.to_string(),
        person.status.as_str().to_owned(),
        if person.second_factor { "yes" } else { "no" }.to_owned(),
        person.sessions.to_string(),
        at(person.last_seen_at),
        at(person.expires_at),
    ]
}
