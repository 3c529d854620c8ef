use std::{fmt, str::FromStr};

use model::{InstallationId, Instant, KeyError};
use serde::Serialize;
use store::{AuditHead, StoreError};

use super::list::require_to_export;
use crate::{Caller, Keydesk, audit::chain, failure};

/// The end of an audit log at some instant, signed, as one word: to be kept where whoever can write the database can't.
///
/// Written as `1.<installation>.<entries>.<hash>.<instant in ms>.<audit key>.<signature>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditHeadLine {
    pub(super) installation: InstallationId,
    pub(super) head: AuditHead,
}

/// The text is no head of an audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a head is the word that keydesk audit head prints, or the field head of the log line \"audit head\"")]
pub struct InvalidHead;

/// The end of an installation's audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstallationHead {
    /// The installation's name.
    pub installation: String,
    /// How many entries there are.
    pub entries: i64,
    /// The signed word; `None`: the end that the database has is missing or wrong, and nothing is signed.
    pub head: Option<String>,
}

impl fmt::Display for AuditHeadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AuditHead { entries, hash, at, audit_key, mac } = &self.head;
        let (hash, mac) = (chain::hex(hash), chain::hex(mac));
        write!(f, "1.{}.{entries}.{hash}.{}.{audit_key}.{mac}", self.installation, at.as_millis())
    }
}

impl FromStr for AuditHeadLine {
    type Err = InvalidHead;

    fn from_str(text: &str) -> Result<Self, InvalidHead> {
        let parts: Vec<&str> = text.trim().splitn(6, '.').collect();
        let ["1", installation, entries, hash, at, rest] = parts[..] else { return Err(InvalidHead) };
        let (audit_key, mac) = rest.rsplit_once('.').ok_or(InvalidHead)?;
        let head = AuditHead {
            entries: entries.parse().ok().filter(|entries| *entries > 0).ok_or(InvalidHead)?,
            hash: chain::unhex(hash).ok_or(InvalidHead)?,
            at: Instant::from_millis(at.parse().map_err(|_| InvalidHead)?),
            audit_key: audit_key.to_owned(),
            mac: chain::unhex(mac).ok_or(InvalidHead)?,
        };
        Ok(Self { installation: installation.parse().map_err(|_| InvalidHead)?, head })
    }
}

impl Keydesk {
    /// The ends of all audit logs, signed as of now.
    pub async fn audit_heads(&self) -> Result<Vec<InstallationHead>, StoreError> {
        let mut heads = Vec::new();
        let keyring = self.keyring();
        for installation in self.inner.store.installations().await? {
            let stored = self.inner.store.audit_head(installation.id).await?;
            let key = stored.as_ref().and_then(|head| keyring.audit().get(&head.audit_key));
            let signed = stored.as_ref().zip(key).filter(|(head, key)| chain::is_head(key, installation.id, head));
            let line = signed.map(|(head, key)| AuditHeadLine {
                installation: installation.id,
                head: chain::sign_head(key, installation.id, head.entries, head.hash, self.now()),
            });
            heads.push(InstallationHead {
                installation: installation.name,
                entries: stored.map_or(0, |head| head.entries),
                head: line.map(|line| line.to_string()),
            });
        }
        Ok(heads)
    }

    /// The signed end of the log of the caller's installation, as of now: a word to be kept elsewhere. `None`: the end that the
    /// database has is missing or wrong.
    pub async fn audit_head(&self, caller: &Caller) -> Result<Option<String>, KeyError> {
        require_to_export(caller)?;
        let (installation, keyring) = (caller.installation, self.keyring());
        let stored = self.inner.store.audit_head(installation).await.map_err(failure::public)?;
        let line = stored.and_then(|head| {
            let key = keyring.audit().get(&head.audit_key).filter(|key| chain::is_head(key, installation, &head))?;
            let head = chain::sign_head(key, installation, head.entries, head.hash, self.now());
            Some(AuditHeadLine { installation, head }.to_string())
        });
        Ok(line)
    }

    /// Writes the ends of all audit logs to the log, whose lines are kept and sent elsewhere.
    pub(crate) async fn log_audit_heads(&self) {
        match self.audit_heads().await {
            Ok(heads) => {
                for InstallationHead { installation, entries, head } in heads {
                    match head {
                        Some(head) => tracing::info!(installation, entries, head, "audit head"),
                        None => tracing::error!(
                            installation,
                            "the signed end of the audit log is missing or wrong; run keydesk audit verify"
                        ),
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "the ends of the audit logs could not be read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_head_reads_back() {
        let head = AuditHead {
            entries: 7,
            hash: [1; 32],
            at: Instant::from_millis(1_795_382_400_000),
            audit_key: "master:a.b".to_owned(),
            mac: [2; 32],
        };
        let line = AuditHeadLine { installation: InstallationId(Uuid::from_u128(9)), head };
        assert_eq!(line.to_string().parse(), Ok(line.clone()));
        let text = line.to_string();
        for bad in ["", "1", &text[..text.len() - 1], &text.replace("1.0", "2.0"), &text.replace(".7.", ".0.")] {
            assert_eq!(bad.parse::<AuditHeadLine>(), Err(InvalidHead), "{bad}");
        }
    }
}
