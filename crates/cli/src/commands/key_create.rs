use clap::Args;
use domain::NewKey;
use model::{Environment, Preset, Scope, SettingsPatch};

use super::{
    CommandContext, Failed, Format, ZoneFlag, key_settings::SettingsFlags, key_told::show_secret, output::Output,
};

#[derive(Args)]
pub(super) struct KeyCreate {
    /// Whom the key is for
    #[arg(long, value_name = "NAME")]
    client_name: String,
    /// The preset whose scopes it gets
    #[arg(long, conflicts_with = "scope")]
    preset: Option<Preset>,
    /// A scope that it gets; may be given several times
    #[arg(long)]
    scope: Vec<Scope>,
    /// Which data it reaches: live or test
    #[arg(long, default_value = "live")]
    environment: Environment,
    /// Make it disabled: it is refused until it is enabled
    #[arg(long)]
    disabled: bool,
    #[command(flatten)]
    settings: SettingsFlags,
    #[command(flatten)]
    zone: ZoneFlag,
    #[command(flatten)]
    format: Format,
}

impl KeyCreate {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        let named = SettingsPatch {
            preset: self.preset,
            scopes: (!self.scope.is_empty()).then(|| self.scope.into_iter().collect()),
            enabled: self.disabled.then_some(false),
            ..SettingsPatch::name(self.client_name)
        };
        let zone = context.time_zone(self.zone.time_zone).await?;
        let settings = self.settings.patch(named, context.keydesk.now(), &zone)?;
        let new = NewKey { environment: Some(self.environment), settings };
        let issued = context.keydesk.issue(&operator, new).await?;
        show_secret("made", &issued, &self.format, &zone, output)
    }
}
