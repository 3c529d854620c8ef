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
    /// Take all rights away
    #[arg(long, conflicts_with = "scope")]
    no_scopes: bool,
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
    /// Take all pairs of your own away
    #[arg(long, conflicts_with = "metadata")]
    no_metadata: bool,
    /// Name nobody who answers for it
    #[arg(long, conflicts_with = "owner_email")]
    no_owner_email: bool,
    /// Forget what was noted about it
    #[arg(long, conflicts_with = "notes")]
    no_notes: bool,
    /// Change it only in this version
    #[arg(long, value_name = "VERSION")]
    if_version: Option<i64>,
    #[command(flatten)]
    format: Format,
}

impl KeyUpdate {
    pub(super) async fn run(self, desk: &Desk, output: &mut Output) -> Result<(), Failed> {
        let operator = desk.operator().await?;
        let expires_at = self.settings.expires_at(desk.keydesk.now());
        let allowed_ips = self.settings.allowed_ips()?;
        let allowed_origins = self.settings.allowed_origins()?;
        let change = KeyChange {
            client_name: self.client_name,
            preset: self.preset,
            scopes: (self.no_scopes || !self.scope.is_empty()).then(|| self.scope.into_iter().collect()),
            // `key enable` and `key disable` are for that.
            enabled: None,
            expires_at: expires_at.map(Some).or(self.no_expiry.then_some(None)),
            allowed_ips: allowed_ips.or(self.any_ip.then(Default::default)),
            allowed_origins: allowed_origins.or(self.any_origin.then(Default::default)),
            metadata: self.settings.metadata()?.or(self.no_metadata.then(Default::default)),
            owner_email: self.settings.owner_email.map(Some).or(self.no_owner_email.then_some(None)),
            notes: self.settings.notes.map(Some).or(self.no_notes.then_some(None)),
        };
        let key = desk.keydesk.update(&operator, self.id, change, self.if_version).await?;
        if self.format.json { Ok(output.json(&key)?) } else { show(&key, None, output) }
    }
}
