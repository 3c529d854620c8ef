use clap::Args;
use domain::KeyChange;
use model::{KeyId, Preset, Scope};

use super::{Desk, Failed, Format, key_settings::KeySettings, output::Output, show};

#[derive(Args)]
pub(super) struct KeyUpdate {
    /// The key's id
    id: KeyId,
    /// Whom the key is for
    #[arg(long, value_name = "NAME")]
    client_name: Option<String>,
    /// The preset whose rights it gets
    #[arg(long)]
    preset: Option<Preset>,
    /// A right that it gets, in place of those that it has; may be given several times
    #[arg(long)]
    scope: Vec<Scope>,
    #[command(flatten)]
    settings: KeySettings,
    /// Let it expire never
    #[arg(long, conflicts_with = "expires_at")]
    no_expiry: bool,
    /// Let it be used from anywhere
    #[arg(long, conflicts_with = "allow_ip")]
    any_ip: bool,
    /// Let it be used from any web origin
    #[arg(long, conflicts_with = "allow_origin")]
    any_origin: bool,
    /// Change it only in this version
    #[arg(long, value_name = "VERSION")]
    if_version: Option<i64>,
    #[command(flatten)]
    format: Format,
}

impl KeyUpdate {
    pub(super) async fn run(self, desk: &Desk, output: &mut Output) -> Result<(), Failed> {
        let operator = desk.operator().await?;
        let allowed_ips = self.settings.allowed_ips()?;
        let allowed_origins = self.settings.allowed_origins()?;
        let change = KeyChange {
            client_name: self.client_name,
            preset: self.preset,
            scopes: (!self.scope.is_empty()).then(|| self.scope.into_iter().collect()),
            expires_at: self.settings.expires_at.map(Some).or(self.no_expiry.then_some(None)),
            allowed_ips: allowed_ips.or(self.any_ip.then(Default::default)),
            allowed_origins: allowed_origins.or(self.any_origin.then(Default::default)),
            metadata: self.settings.metadata()?,
            owner_email: self.settings.owner_email.map(Some),
            notes: self.settings.notes.map(Some),
        };
        let key = desk.keydesk.update(&operator, self.id, change, self.if_version).await?;
        if self.format.json { Ok(output.json(&key)?) } else { show(&key, None, output) }
    }
}
