use std::fmt;

use zeroize::Zeroizing;

/// A provider, and who we are to it.
#[derive(Clone)]
pub struct ProviderOptions {
    /// Its issuer, exactly as it writes it itself.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there; `None`: we are a public client.
    pub client_secret: Option<Zeroizing<String>>,
    /// What is asked for, beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that says what somebody may do: a name, or names with points between them.
    pub role_claim: String,
    /// Authorities that are trusted besides those of browsers, in PEM.
    pub roots: Vec<u8>,
}

impl fmt::Debug for ProviderOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { issuer, client_id, scopes, role_claim, .. } = self;
        f.debug_struct("ProviderOptions")
            .field("issuer", issuer)
            .field("client_id", client_id)
            .field("scopes", scopes)
            .field("role_claim", role_claim)
            .finish_non_exhaustive()
    }
}

/// What can't be used of the options, by the name of its setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOptions {
    /// No issuer.
    #[error(
        "oidc.issuer must be the https address of a provider, as the provider writes it; http is for this machine alone"
    )]
    Issuer,
    /// Nothing stands there.
    #[error("oidc.client_id must name Keydesk at the provider")]
    ClientId,
    /// Not a claim that can say it.
    #[error("oidc.role_claim must name a claim that says what somebody may do, such as groups or realm_access.roles")]
    RoleClaim,
    /// Not a scope.
    #[error("oidc.scopes must be words without spaces")]
    Scope,
    /// No certificates.
    #[error("oidc.ca must be a file of certificates in PEM")]
    Roots,
}

/// Claims of the protocol itself: they say who somebody is and for whom a token is, not what somebody may do.
const OF_THE_PROTOCOL: [&str; 14] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "email",
    "email_verified",
];

impl ProviderOptions {
    pub(crate) fn check(&self) -> Result<(), InvalidOptions> {
        if self.client_id.is_empty() {
            return Err(InvalidOptions::ClientId);
        }
        let mut names = self.role_claim.split('.');
        if names.clone().any(str::is_empty) || names.next().is_some_and(|name| OF_THE_PROTOCOL.contains(&name)) {
            return Err(InvalidOptions::RoleClaim);
        }
        let is_word = |scope: &String| !scope.is_empty() && scope.chars().all(|c| c.is_ascii_graphic());
        if !self.scopes.iter().all(is_word) {
            return Err(InvalidOptions::Scope);
        }
        Ok(())
    }
}
