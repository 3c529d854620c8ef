//! What is said of a secret that was found: never the secret itself.

use domain::LeakStanding;
use model::{BODY_LEN, CHECKSUM_LEN, Environment, Instant};
use scan::{Finding, Form, Place};
use serde::Serialize;

/// Whether a secret works, as far as somebody was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It does.
    Works,
    /// Its key is switched off.
    Disabled,
    /// Its key has expired.
    Expired,
    /// Its key is deleted.
    Revoked,
    /// Its key was rotated, or the token's time is over.
    Ended,
    /// Nobody has it: another deployment with the same prefix, or it was forgotten.
    Unknown,
    /// Nobody was asked.
    NotAsked,
}

impl State {
    /// Whether somebody who has it can call, or could again, as far as that is known.
    pub(super) fn is_living(self) -> bool {
        matches!(self, Self::Works | Self::Disabled | Self::Expired | Self::NotAsked)
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Disabled => "does not work: its key is disabled, and works again when somebody enables it",
            Self::Expired => "does not work: its key has expired, and works again when somebody extends it",
            Self::Revoked => "does not work: its key is deleted",
            Self::Ended => "does not work: its time is over",
            Self::Unknown => "is nobody's here: another deployment has the same prefix, or it was forgotten long ago",
            Self::NotAsked => "nobody was asked whether it works",
        }
    }
}

impl From<LeakStanding> for State {
    fn from(standing: LeakStanding) -> Self {
        match standing {
            LeakStanding::Works => Self::Works,
            LeakStanding::Disabled => Self::Disabled,
            LeakStanding::Expired => Self::Expired,
            LeakStanding::Revoked => Self::Revoked,
            LeakStanding::Ended => Self::Ended,
        }
    }
}

/// Whose a secret is, as far as that is known.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Owner {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) installation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_name: Option<String>,
    /// The Default API Key, which is rotated and never deleted.
    pub(super) default_key: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner_email: Option<String>,
    /// When a token, or a secret that was rotated away, ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ends_at: Option<Instant>,
    /// The webhook whose deliveries are signed with it, and the host that they go to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) webhook_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<String>,
}

/// Where it was found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Spot {
    /// Null: standard input, or the text of a commit.
    pub(super) path: Option<String>,
    pub(super) line: u64,
    pub(super) column: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) commit: Option<String>,
    /// The commit removes the line.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) removed: bool,
}

impl From<Place> for Spot {
    fn from(Place { path, commit, line, column, removed }: Place) -> Self {
        Self { path, line, column, commit, removed }
    }
}

/// All that is said of a secret.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Told {
    /// `key`, `token` or `signing_secret`.
    pub(super) form: &'static str,
    pub(super) hint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) environment: Option<Environment>,
    pub(super) state: State,
    #[serde(flatten)]
    pub(super) owner: Owner,
    /// The first hundred.
    pub(super) places: Vec<Spot>,
    pub(super) place_count: u64,
}

impl Told {
    pub(super) fn new(finding: &Finding, state: State, owner: Owner) -> Self {
        let (form, environment) = match finding.form {
            Form::Key(environment) => ("key", Some(environment)),
            Form::Token => ("token", None),
            Form::SigningSecret => ("signing_secret", None),
        };
        let hint = match finding.form {
            Form::Key(_) => finding.secret.hint().0,
            // What a hint of these would show is a part of what nobody may know.
            Form::Token => "eyJ…".to_owned(),
            Form::SigningSecret => "whsec_…".to_owned(),
        };
        let places = finding.places.iter().cloned().map(Spot::from).collect();
        Self { form, hint, environment, state, owner, places, place_count: finding.count }
    }

    /// Characters that it takes where it stands, where that is known from its hint.
    pub(super) fn length(&self) -> Option<u64> {
        // A hint of a key leaves out all but four random characters, and the checksum but for its last four.
        let hidden = (BODY_LEN + CHECKSUM_LEN - 8) as u64;
        (self.form == "key").then(|| self.hint.chars().count() as u64 - 1 + hidden)
    }

    /// What it is, and whose.
    pub(super) fn whose(&self) -> String {
        let what = match self.form {
            "key" if self.owner.default_key => "the Default API Key",
            "key" => "API key",
            "token" => "derived token",
            _ => "signing secret of a webhook",
        };
        let Owner { installation, client_name, host, .. } = &self.owner;
        let of = match (client_name, host) {
            (Some(name), _) if !self.owner.default_key => format!(" of {name}"),
            (None, Some(host)) => format!(" to {host}"),
            _ => String::new(),
        };
        let place = installation.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        format!("{what}{of}{place}")
    }

    /// What to do about it, where it works.
    pub(super) fn advice(&self) -> Option<String> {
        if !self.state.is_living() {
            return None;
        }
        let Owner { key_id, webhook_id, ends_at, default_key, installation, .. } = &self.owner;
        // Commands mean this one where none is named.
        let other = installation.as_ref().filter(|name| *name != "default");
        let named = other.map(|name| format!(" --installation {name}")).unwrap_or_default();
        match (self.form, key_id, webhook_id) {
            ("key", Some(id), _) if *default_key => {
                Some(format!("rotate it: keydesk key rotate {id} --overlap 0{named}"))
            }
            ("key", Some(id), _) => {
                Some(format!("delete it (--revoke, or keydesk key delete {id}{named}) or rotate it"))
            }
            ("token", Some(id), _) => {
                let end = ends_at.map(|at| format!("it ends at {at} by itself; ")).unwrap_or_default();
                Some(format!("{end}keydesk key rotate {id} --overlap 0{named} ends it now"))
            }
            (_, _, Some(id)) => Some(format!("rotate it: keydesk webhook rotate-secret {id}{named}")),
            _ => None,
        }
    }
}
