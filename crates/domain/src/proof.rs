use model::PlainSecret;

/// How somebody proves who they are.
#[derive(Clone, Debug)]
pub enum Proof {
    /// By their password.
    Password(PlainSecret),
    /// By a code of their authenticator app, or a recovery code.
    Code(PlainSecret),
    /// By a passkey.
    Passkey(PasskeyAnswer),
}

/// What a page's script got from an authenticator.
#[derive(Clone, Debug)]
pub struct PasskeyAnswer {
    /// As JSON.
    pub answer: String,
    /// The origin of the page.
    pub origin: String,
}

/// By what somebody has proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Password,
    App,
    RecoveryCode,
    Passkey,
    /// With an account of their organisation.
    Organisation,
}

impl Way {
    /// Its name in the audit log.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::App => "app",
            Self::RecoveryCode => "recovery_code",
            Self::Passkey => "passkey",
            Self::Organisation => "oidc",
        }
    }
}
