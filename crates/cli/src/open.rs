use domain::OpenOptions;

use crate::config::Settings;

/// How an existing deployment is opened. Only `serve` and `init` ask for another to be made.
pub fn options(settings: &Settings) -> OpenOptions {
    let mut options = OpenOptions::new(settings.database.clone(), settings.data_dir.clone());
    options.prefix.clone_from(&settings.key_prefix);
    options.behind_unnamed_proxy = settings.behind_unnamed_proxy();
    options.usage = settings.usage;
    options.redis.clone_from(&settings.limits);
    options.catalogue = settings.catalogue.clone();
    options.keyring = settings.keyring.as_ref().map(|text| text.to_string());
    options.events.clone_from(&settings.events);
    options.mail.clone_from(&settings.mail);
    options.sign_on.clone_from(&settings.sign_on);
    options.reporters.clone_from(&settings.reporters);
    options.keyring_file.clone_from(&settings.keyring_file);
    options
}
