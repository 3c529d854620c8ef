use clap::Args;
use domain::NewKey;
use model::{Environment, Preset, Scope};

use super::{Desk, Failed, Format, output::Output};
use crate::rest::create::Created;

#[derive(Args)]
pub(super) struct KeyCreate {
    /// Whom the key is for
    #[arg(long, value_name = "NAME")]
    client_name: String,
    /// The preset whose rights it gets
    #[arg(long, conflicts_with = "scope")]
    preset: Option<Preset>,
    /// A right that it gets; may be given several times
    #[arg(long)]
    scope: Vec<Scope>,
    /// Which data it reaches: live or test
    #[arg(long, default_value = "live")]
    environment: Environment,
    #[command(flatten)]
    format: Format,
}

impl KeyCreate {
    pub(super) async fn run(self, desk: &Desk, output: &mut Output) -> Result<(), Failed> {
        let operator = desk.operator().await?;
        let new = NewKey {
            client_name: self.client_name,
            preset: self.preset,
            scopes: (!self.scope.is_empty()).then(|| self.scope.into_iter().collect()),
            environment: self.environment,
            ..NewKey::default()
        };
        let issued = desk.keydesk.issue(&operator, new).await?;
        if self.format.json {
            return Ok(output.json(&Created::from(&issued))?);
        }
        let key = &issued.key;
        let scopes = key.scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ");
        output.pairs(&[
            ("Id", &key.id.to_string()),
            ("Client Name", key.client_name.as_str()),
            ("Environment", key.environment.as_str()),
            ("Preset", key.preset.as_str()),
            ("Scopes", if scopes.is_empty() { "none" } else { &scopes }),
            ("Key", issued.secret.expose()),
        ])?;
        Ok(())
    }
}
