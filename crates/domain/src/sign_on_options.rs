//! How people sign in with an account of their organisation, as the operator says.

use std::collections::BTreeMap;

use model::{Role, SignInWays};
use oidc::{InvalidOptions, Provider, ProviderOptions};

/// How people sign in with an account of their organisation.
#[derive(Clone, Debug)]
pub struct SignOnOptions {
    /// Who says who they are.
    pub provider: ProviderOptions,
    /// What a value of the claim of roles makes of somebody. Of several the one counts that may do most.
    pub roles: BTreeMap<String, Role>,
    /// What stands on the button.
    pub button: String,
    /// Whether people may also sign in with a password.
    pub passwords: bool,
    /// The name of the installation in which they work.
    pub installation: String,
    /// Whether an address is theirs of which their organisation does not say whether it is.
    pub trust_email: bool,
}

/// What can't be used of the options, by the name of its setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSignOn {
    /// Of the provider.
    #[error(transparent)]
    Provider(#[from] InvalidOptions),
    /// Nobody could sign in.
    #[error("oidc.roles must say of at least one value of the claim which role it is: owner, manager or viewer")]
    Roles,
    /// Nobody could read it.
    #[error("oidc.button must be 1 to 60 characters")]
    Button,
}

impl SignOnOptions {
    /// Refuses what can't be used, and asks nobody.
    pub fn check(&self) -> Result<(), InvalidSignOn> {
        SignOn::new(self.clone()).map(drop)
    }
}

/// Letters of a button.
const BUTTON_MAX: usize = 60;

/// A provider, and what is made of whom it means.
#[derive(Debug)]
pub(crate) struct SignOn {
    pub(crate) provider: Provider,
    pub(crate) roles: BTreeMap<String, Role>,
    pub(crate) button: String,
    pub(crate) passwords: bool,
    pub(crate) installation: String,
    pub(crate) trust_email: bool,
}

impl SignOn {
    pub(crate) fn new(options: SignOnOptions) -> Result<Self, InvalidSignOn> {
        let SignOnOptions { provider, roles, button, passwords, installation, trust_email } = options;
        if roles.is_empty() {
            return Err(InvalidSignOn::Roles);
        }
        if button.trim().is_empty() || button.chars().count() > BUTTON_MAX || button.chars().any(char::is_control) {
            return Err(InvalidSignOn::Button);
        }
        let provider = Provider::new(provider)?;
        Ok(Self { provider, roles, button, passwords, installation, trust_email })
    }

    /// The role of somebody of whom their organisation says this; `None`: they have none here.
    pub(crate) fn role(&self, said: &[String]) -> Option<Role> {
        // The least is the one that may do most.
        said.iter().filter_map(|value| self.roles.get(value)).min().copied()
    }
}

/// How people can sign in.
pub(crate) fn ways(sign_on: Option<&SignOn>) -> SignInWays {
    SignInWays {
        passwords: sign_on.is_none_or(|sign_on| sign_on.passwords),
        button: sign_on.map(|sign_on| sign_on.button.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> SignOnOptions {
        SignOnOptions {
            provider: ProviderOptions {
                issuer: "https://id.example.com".to_owned(),
                client_id: "keydesk".to_owned(),
                client_secret: None,
                scopes: Vec::new(),
                role_claim: "groups".to_owned(),
                roots: Vec::new(),
            },
            roles: BTreeMap::from([
                ("desk-owners".to_owned(), Role::Owner),
                ("desk-managers".to_owned(), Role::Manager),
                ("all".to_owned(), Role::Viewer),
            ]),
            button: "Continue with Example".to_owned(),
            passwords: false,
            installation: "default".to_owned(),
            trust_email: false,
        }
    }

    #[test]
    fn of_several_roles_the_one_counts_that_may_do_most_and_others_are_none() {
        let sign_on = SignOn::new(options()).unwrap();
        let role = |values: &[&str]| sign_on.role(&values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
        assert_eq!(role(&["all", "desk-owners", "desk-managers"]), Some(Role::Owner));
        assert_eq!(role(&["all", "x"]), Some(Role::Viewer));
        for none in [&[][..], &["x"], &["Desk-Owners"], &["owner"], &["desk-owners "]] {
            assert_eq!(role(none), None, "{none:?}");
        }
    }

    #[test]
    fn passwords_go_on_where_there_is_no_other_way() {
        assert_eq!(ways(None), SignInWays { passwords: true, button: None });
        let sign_on = SignOn::new(options()).unwrap();
        let expected = SignInWays { passwords: false, button: Some("Continue with Example".to_owned()) };
        assert_eq!(ways(Some(&sign_on)), expected);
    }

    #[test]
    fn what_lets_nobody_in_is_refused() {
        let refused = |options: SignOnOptions| SignOn::new(options).err().map(|error| error.to_string()).unwrap();
        assert!(refused(SignOnOptions { roles: BTreeMap::new(), ..options() }).starts_with("oidc.roles must"));
        for button in ["", " ", "a\nb", &"x".repeat(61)] {
            let said = refused(SignOnOptions { button: button.to_owned(), ..options() });
            assert!(said.starts_with("oidc.button must"), "{button:?}");
        }
        let provider = ProviderOptions { issuer: "http://id.example.com".to_owned(), ..options().provider };
        assert!(refused(SignOnOptions { provider, ..options() }).starts_with("oidc.issuer must"));
    }
}
