use api::CreatedKey;
use clap::Args;
use domain::NewKey;
use model::{Environment, Preset, Scope};

use super::{Desk, Failed, Format, key_settings::KeySettings, output::Output, show};

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
    /// Make it disabled: it is refused until it is enabled
    #[arg(long)]
    disabled: bool,
    #[command(flatten)]
    settings: KeySettings,
    #[command(flatten)]
    format: Format,
}

impl KeyCreate {
    pub(super) async fn run(self, desk: &Desk, output: &mut Output) -> Result<(), Failed> {
        let operator = desk.operator().await?;
        let allowed_ips = self.settings.allowed_ips()?;
        let allowed_origins = self.settings.allowed_origins()?;
        let new = NewKey {
            client_name: self.client_name,
            preset: self.preset,
            scopes: (!self.scope.is_empty()).then(|| self.scope.into_iter().collect()),
            environment: self.environment,
            enabled: self.disabled.then_some(false),
            expires_at: self.settings.expires_at(desk.keydesk.now()),
            allowed_ips: allowed_ips.unwrap_or_default(),
            allowed_origins: allowed_origins.unwrap_or_default(),
            metadata: self.settings.metadata()?.unwrap_or_default(),
            owner_email: self.settings.owner_email,
            notes: self.settings.notes,
            idempotency: None,
        };
        let issued = desk.keydesk.issue(&operator, new).await?;
        if self.format.json {
            return Ok(output.json(&CreatedKey::from(&issued))?);
        }
        show(&issued.key, Some(&issued.secret), output)
    }
}
