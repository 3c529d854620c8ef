use clap::Args;
use model::{KeyId, Preset, Scope, SettingsPatch};

use super::{
    CommandContext, Failed, Format, ZoneFlag,
    key_settings::{ClearFlags, SettingsFlags},
    key_told::show_changed,
    output::Output,
};

#[derive(Args)]
pub(super) struct KeyUpdate {
    /// The key's id
    id: KeyId,
    /// Whom the key is for
    #[arg(long, value_name = "NAME")]
    client_name: Option<String>,
    /// The preset whose scopes it gets
    #[arg(long)]
    preset: Option<Preset>,
    /// A scope that it gets, in place of those that it has; may be given several times
    #[arg(long)]
    scope: Vec<Scope>,
    #[command(flatten)]
    settings: SettingsFlags,
    #[command(flatten)]
    clear: ClearFlags,
    /// Change it only in this version
    #[arg(long, value_name = "VERSION")]
    if_version: Option<i64>,
    #[command(flatten)]
    zone: ZoneFlag,
    #[command(flatten)]
    format: Format,
}

impl KeyUpdate {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        // `key enable` and `key disable` are for `enabled`.
        let named = SettingsPatch {
            client_name: self.client_name,
            preset: self.preset,
            scopes: (!self.scope.is_empty()).then(|| self.scope.into_iter().collect()),
            ..SettingsPatch::default()
        };
        let zone = context.time_zone(self.zone.time_zone).await?;
        let patch = self.clear.patch(self.settings.patch(named, context.keydesk.now(), &zone)?);
        let key = context.keydesk.update(&operator, self.id, patch, self.if_version).await?;
        show_changed(&format!("the key {} was changed", key.id), &key, &self.format, &zone, output)
    }
}
