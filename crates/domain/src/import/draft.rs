use std::sync::Arc;

use model::{
    Catalogue, Environment, Given, GivenHash, ImportCode, ImportRow, Instant, KeyError, KeyLife, KeyPrefix,
    KeySettings, RowFault, SecretFormat, SettingsPatch, may_be_token,
};

use super::forms::{Forms, head};
use crate::{
    Caller, Keyring, fingerprint,
    settings_rules::{require_limits_of, require_reachable_world},
};

/// By what rows are checked.
pub(super) struct Rules {
    pub(super) caller: Caller,
    pub(super) catalogue: Catalogue,
    pub(super) format: SecretFormat,
    pub(super) keyring: Arc<Keyring>,
    /// Within how many days of now a key must end.
    pub(super) longest_life: Option<KeyLife>,
    pub(super) now: Instant,
}

/// A row, and where it begins.
pub(super) struct Drafted {
    pub(super) line: u32,
    pub(super) draft: Result<Draft, RowFault>,
}

/// A row that can be imported as it stands, whatever is here already.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) given: Given,
    pub(super) prefix: Option<KeyPrefix>,
    /// The key has the form of one that Keydesk issues: it comes from another deployment.
    pub(super) is_own: bool,
    pub(super) environment: Environment,
    pub(super) settings: KeySettings,
    pub(super) forms: Forms,
    /// Tells environment and settings from others, as the row has them.
    pub(super) print: u64,
    /// The row names no end, and the key gets the last that may be.
    pub(super) ends_by_rule: bool,
}

impl Draft {
    pub(super) fn of(rules: &Rules, row: ImportRow) -> Result<Self, RowFault> {
        let ImportRow { given, prefix, environment, settings } = row;
        let begins = match (&given, &prefix) {
            (Given::Key(key), _) => Some((key.expose(), "key")),
            (Given::Hash(GivenHash::Slow(_)), Some(prefix)) => Some((prefix.as_str(), "prefix")),
            _ => None,
        };
        let of_key = match &given {
            Given::Key(key) => rules.format.read(key.expose()).map(|parts| parts.environment),
            Given::Hash(_) => None,
        };
        if let Some((text, field)) = begins {
            if of_key.is_none() && rules.format.is_own(text) {
                return Err(refused(ImportCode::OwnPrefix, field));
            }
            if of_key.is_none() && may_be_token(text) {
                return Err(refused(ImportCode::LooksLikeToken, field));
            }
        }
        let longest = rules.longest_life.filter(|_| settings.expires_at.is_none());
        let by_rule = longest.map(|longest| Some(longest.end(rules.now)));
        let settings = SettingsPatch { expires_at: settings.expires_at.or(by_rule), ..settings };
        let (settings, environment) =
            of_settings(rules, settings, environment.or(of_key)).map_err(|error| fault(&error))?;
        if of_key.is_some_and(|of_key| of_key != environment) {
            return Err(refused(ImportCode::EnvironmentMismatch, "environment"));
        }
        let forms = Forms::of(rules.keyring.peppers(), &given);
        let (is_own, ends_by_rule) = (of_key.is_some(), by_rule.is_some());
        // Without an end by rule, so that the same row imported later is known again.
        let print = if ends_by_rule { print_endless(&settings, environment) } else { print(&settings, environment) };
        Ok(Self { given, prefix, is_own, environment, settings, forms, print, ends_by_rule })
    }

    /// How the key begins, where it is found by that.
    pub(super) fn slow_prefix(&self) -> Option<&str> {
        self.forms.slow?;
        self.prefix.as_ref().map(KeyPrefix::as_str)
    }
}

/// What is wrong with a row, as it is told of it.
pub(super) fn fault(error: &KeyError) -> RowFault {
    let (code, field) = ImportCode::of(error).unwrap_or((ImportCode::InvalidSetting, None));
    RowFault { code, field }
}

fn refused(code: ImportCode, field: &str) -> RowFault {
    RowFault { code, field: Some(field.to_owned()) }
}

fn of_settings(
    rules: &Rules,
    settings: SettingsPatch,
    environment: Option<Environment>,
) -> Result<(KeySettings, Environment), KeyError> {
    let settings = settings.build()?;
    rules.caller.require_to_give(&rules.catalogue, &settings.scopes)?;
    require_limits_of(&rules.catalogue, &settings, None)?;
    let environment = rules.caller.environment_of_new(environment)?;
    require_reachable_world(environment, &settings)?;
    rules.caller.require_to_issue(&settings)?;
    Ok((settings, environment))
}

/// The same as [`print`], whatever the end.
pub(super) fn print_endless(settings: &KeySettings, environment: Environment) -> u64 {
    print(&KeySettings { expires_at: None, ..settings.clone() }, environment)
}

/// Tells an environment and settings from others.
pub(super) fn print(settings: &KeySettings, environment: Environment) -> u64 {
    let written = serde_json::to_vec(&(settings, environment)).expect("settings are JSON");
    head(&fingerprint(&written))
}
