use clap::Args;
use domain::{ListedRefusal, RefusalQuery};
use model::{Explanation, KeyId, PAGE_MAX, Scope};
use serde::Serialize;
use uuid::Uuid;

use super::{CommandContext, Failed, Format, output::Output};

#[derive(Args)]
pub(super) struct Explain {
    /// The X-Request-Id of the answer that refused the call
    #[arg(value_name = "REQUEST_ID")]
    request: Uuid,
    #[command(flatten)]
    format: Format,
}

/// A refusal as the operator is told it: as its caller, and whose key it was.
#[derive(Serialize)]
struct Told {
    key_id: KeyId,
    client_name: Option<String>,
    #[serde(flatten)]
    explanation: Explanation,
}

#[derive(Serialize)]
struct All {
    items: Vec<Told>,
}

impl Explain {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        let query = RefusalQuery { request: Some(self.request), ..RefusalQuery::default() };
        let mut found = context.keydesk.refusals(&operator, &query, PAGE_MAX).await?.items;
        // In the order of the calls.
        found.reverse();
        if found.is_empty() {
            return Err(Failed::new(format!(
                "no call of the request {} was refused with a key of the installation {:?} in the last 24 hours; a refusal is \
                 written down about a second later, and calls with keys that don't exist are counted alone",
                self.request, context.installation
            )));
        }
        let items: Vec<_> = found.into_iter().map(told).collect();
        if self.format.json {
            return Ok(output.json(&All { items })?);
        }
        for told in &items {
            show(told, output)?;
        }
        Ok(())
    }
}

fn told(ListedRefusal { refusal, client_name }: ListedRefusal) -> Told {
    Told { key_id: refusal.key, client_name, explanation: refusal.explanation() }
}

fn show(told: &Told, output: &mut Output) -> Result<(), Failed> {
    let Explanation { at, code, rule, mend, route, address, origin, missing_scopes, .. } = &told.explanation;
    let (at, key) = (at.to_string(), told.key_id.to_string());
    let call = format!("{} {}", route.method, route.path);
    let address = address.map(|address| address.to_string()).unwrap_or_default();
    let missing = missing_scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ");
    let pairs = [
        ("Refused", at.as_str()),
        ("Code", code.as_str()),
        ("Rule", rule.as_str()),
        ("Mend", mend.as_str()),
        ("Call", call.as_str()),
        ("Address", address.as_str()),
        ("Origin", origin.as_deref().unwrap_or_default()),
        ("Missing", missing.as_str()),
        ("Client Name", told.client_name.as_deref().unwrap_or("(gone)")),
        ("Key", key.as_str()),
    ];
    let pairs: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    Ok(output.pairs(&pairs)?)
}
