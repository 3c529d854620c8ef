use domain::{DEFAULT_PREFIX, Keydesk, LeakedKey, OpenOptions};
use model::SecretFormat;
use scan::Finding;
use uuid::Uuid;

use super::{
    Scan, here,
    revoke::Revoked,
    server::Server,
    told::{Owner, State, Told},
};
use crate::{commands::Failed, config::Settings, open::options};

/// Who is asked whose secrets are.
pub(super) enum Whose {
    /// The database of this deployment.
    Here(Keydesk),
    /// A running Keydesk.
    There(Server),
    /// Nobody.
    Nobody,
}

/// A key that can be taken away.
pub(super) enum Target {
    Here(Box<LeakedKey>),
    There(Uuid),
}

impl Target {
    /// Whether it is the same key.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Here(one), Self::Here(other)) => one.key.id == other.key.id,
            (Self::There(one), Self::There(other)) => one == other,
            _ => false,
        }
    }
}

impl Whose {
    pub(super) async fn open(scan: &Scan, settings: &Settings) -> Result<Self, Failed> {
        if scan.offline {
            return Ok(Self::Nobody);
        }
        if let Some(address) = &scan.server {
            let server = Server::new(address, scan.key_file.as_deref(), scan.server_ca.as_deref())?;
            return Ok(Self::There(server));
        }
        let options = OpenOptions { to_read: !scan.revoke, ..options(settings) };
        Ok(Self::Here(Keydesk::open(options).await?))
    }

    /// How the secrets are written that are looked for.
    pub(super) fn format(&self, settings: &Settings) -> Result<SecretFormat, Failed> {
        let named = settings.key_prefix.as_deref();
        let given = || SecretFormat::new(named.unwrap_or(DEFAULT_PREFIX));
        Ok(match self {
            Self::Here(keydesk) => keydesk.secret_format().clone(),
            Self::There(server) => match (named, server.format()) {
                (None, Some(format)) => format.clone(),
                _ => given()?,
            },
            Self::Nobody => given()?,
        })
    }

    /// What is known of a finding. `None`: it is no secret of this deployment, and of no other Keydesk.
    pub(super) async fn ask(&self, finding: &Finding) -> Result<Option<(Told, Option<Target>)>, Failed> {
        Ok(match self {
            Self::Here(keydesk) => {
                let told = here::ask(keydesk, finding).await?;
                told.map(|(told, key)| (told, key.map(Target::Here)))
            }
            Self::There(server) => {
                let (told, key) = server.ask(finding).await?;
                Some((told, key.map(Target::There)))
            }
            Self::Nobody => Some((Told::new(finding, State::NotAsked, Owner::default()), None)),
        })
    }

    /// Takes a key away that was found at this place.
    pub(super) async fn revoke(&self, target: &Target, place: &str) -> Result<Revoked, Failed> {
        match (self, target) {
            (Self::Here(keydesk), Target::Here(leaked)) => here::revoke(keydesk, leaked, place).await,
            (Self::There(server), Target::There(id)) => server.revoke(*id).await.map(|()| Revoked::Now),
            _ => Ok(Revoked::Before),
        }
    }

    pub(super) async fn close(self) {
        if let Self::Here(keydesk) = self {
            keydesk.close().await;
        }
    }
}
