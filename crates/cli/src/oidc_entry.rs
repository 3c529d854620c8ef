//! The part of the configuration file that says how people sign in with an account of their organisation: `[oidc]`.

use std::{collections::BTreeMap, fs, path::PathBuf};

use domain::{ProviderOptions, SignOnOptions};
use model::Role;
use serde::Deserialize;

use crate::secret_file::{self, NoSecret};

/// What is asked for where nobody says more: an address and a name.
const SCOPES: [&str; 2] = ["email", "profile"];
/// The claim that says what somebody may do, where nobody names another.
const ROLE_CLAIM: &str = "groups";
/// What stands on the button.
const BUTTON: &str = "Continue with single sign-on";

/// `[oidc]`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct OidcEntry {
    /// The provider, as it writes itself.
    issuer: Option<String>,
    /// Our name there.
    client_id: Option<String>,
    /// The file of our secret there.
    client_secret_file: Option<PathBuf>,
    /// What is asked for.
    scopes: Option<Vec<String>>,
    /// The claim that says what somebody may do.
    role_claim: Option<String>,
    /// What its values make of somebody.
    #[serde(default)]
    roles: BTreeMap<String, Role>,
    /// What stands on the button.
    button: Option<String>,
    /// Whether people may also sign in with a password.
    passwords: Option<bool>,
    /// The installation in which they work.
    installation: Option<String>,
    /// Whether an address is theirs of which the provider does not say whether it is.
    #[serde(default)]
    trust_email: bool,
    /// A file of certificates in PEM, of authorities that are trusted besides those that browsers trust.
    ca: Option<PathBuf>,
}

/// What can't be used of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidOidcEntry {
    #[error("[oidc] needs {0}.")]
    Missing(&'static str),
    #[error("{0}.")]
    Secret(#[from] NoSecret),
    #[error("oidc.ca: {} can't be read: {source}.", .file.display())]
    Roots { file: PathBuf, source: std::io::Error },
    #[error("{0}.")]
    SignOn(#[from] domain::InvalidSignOn),
}

impl OidcEntry {
    /// `None`: nobody signs in so. `installation` is the one that commands mean.
    pub(crate) fn options(self, installation: &str) -> Result<Option<SignOnOptions>, InvalidOidcEntry> {
        let given = |text: &String| !text.is_empty();
        let Some(issuer) = self.issuer.filter(given) else {
            let any = self.client_id.is_some() || self.passwords.is_some() || !self.roles.is_empty();
            return if any { Err(InvalidOidcEntry::Missing("issuer, the address of the provider")) } else { Ok(None) };
        };
        let client_id = self.client_id.filter(given);
        let client_id = client_id.ok_or(InvalidOidcEntry::Missing("client_id, Keydesk's name at the provider"))?;
        let secret = |file: PathBuf| secret_file::read("oidc.client_secret_file", &file);
        let roots = match self.ca {
            Some(file) => fs::read(&file).map_err(|source| InvalidOidcEntry::Roots { file, source })?,
            None => Vec::new(),
        };
        let options = SignOnOptions {
            provider: ProviderOptions {
                issuer,
                client_id,
                client_secret: self.client_secret_file.map(secret).transpose()?,
                scopes: self.scopes.unwrap_or_else(|| SCOPES.map(str::to_owned).to_vec()),
                role_claim: self.role_claim.filter(given).unwrap_or_else(|| ROLE_CLAIM.to_owned()),
                roots,
            },
            roles: self.roles,
            button: self.button.filter(given).unwrap_or_else(|| BUTTON.to_owned()),
            passwords: self.passwords.unwrap_or(true),
            installation: self.installation.filter(given).unwrap_or_else(|| installation.to_owned()),
            trust_email: self.trust_email,
        };
        options.check()?;
        Ok(Some(options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "issuer = 'https://id.example.com'\nclient_id = 'keydesk'\n";

    fn read(text: &str) -> Result<Option<SignOnOptions>, String> {
        let entry: OidcEntry = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        entry.options("default").map_err(|error| error.to_string())
    }

    #[test]
    fn people_sign_in_so_where_a_provider_is_named() {
        assert!(read("").unwrap().is_none() && read("issuer = ''").unwrap().is_none());
        let own = read(&format!("{OWN}[roles]\n'desk-admins' = 'owner'\n")).unwrap().unwrap();
        assert_eq!(own.provider.scopes, ["email", "profile"]);
        assert_eq!((own.provider.role_claim.as_str(), own.provider.client_secret), ("groups", None));
        assert_eq!((own.button.as_str(), own.passwords, own.trust_email), (BUTTON, true, false));
        assert_eq!((own.installation.as_str(), own.roles.get("desk-admins")), ("default", Some(&Role::Owner)));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "a secret\n").unwrap();
        let all = format!(
            "{OWN}client_secret_file = '{}'\nscopes = ['openid', 'roles']\nrole_claim = 'realm_access.roles'\n\
             button = 'Go on'\npasswords = false\ninstallation = 'acme'\ntrust_email = true\nroles = {{ a = 'viewer' }}\n",
            file.display()
        );
        let own = read(&all).unwrap().unwrap();
        assert_eq!(own.provider.client_secret.unwrap().as_str(), "a secret");
        assert_eq!((own.button.as_str(), own.passwords, own.trust_email), ("Go on", false, true));
        assert_eq!((own.installation.as_str(), own.provider.role_claim.as_str()), ("acme", "realm_access.roles"));
    }

    #[test]
    fn what_can_not_be_used_is_refused_with_its_name() {
        for (text, expected) in [
            ("passwords = false".to_owned(), "[oidc] needs issuer"),
            ("issuer = 'https://id.example.com'".to_owned(), "[oidc] needs client_id"),
            (OWN.to_owned(), "oidc.roles must say"),
            (format!("{OWN}roles = {{ a = 'admin' }}"), "unknown variant `admin`"),
            (OWN.replace("https", "http") + "roles = { a = 'owner' }", "oidc.issuer must be the https address"),
            (format!("{OWN}client_secret_file = '/nowhere/s'"), "oidc.client_secret_file: /nowhere/s can't be read"),
            (format!("{OWN}ca = '/nowhere/ca.pem'"), "oidc.ca: /nowhere/ca.pem can't be read"),
            (format!("{OWN}role_claim = 'sub'\nroles = {{ a = 'owner' }}"), "oidc.role_claim must name"),
            (format!("{OWN}secret = 'x'"), "unknown field `secret`"),
        ] {
            let error = read(&text).err().unwrap();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
