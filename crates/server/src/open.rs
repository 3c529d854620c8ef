use domain::OpenOptions;

use crate::config::Settings;

/// How the domain is opened.
pub(crate) fn options(settings: &Settings) -> OpenOptions {
    let mut options = OpenOptions::new(settings.database.clone(), settings.data_dir.clone());
    options.prefix.clone_from(&settings.key_prefix);
    options.behind_unnamed_proxy = settings.behind_unnamed_proxy();
    options.catalogue = settings.catalogue.clone();
    // Never a flag: other users of the machine can read those.
    options.keyring = std::env::var("KEYDESK_KEYRING").ok().filter(|text| !text.is_empty());
    options
}
