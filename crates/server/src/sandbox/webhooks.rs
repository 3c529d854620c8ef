//! What the contact centre tells receivers of events.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    pin::Pin,
    sync::Arc,
};

use cli::Sandbox;
use contact_centre::webhooks::{MasterKey, Webhooks};
use contact_centre_api::{Centre, KeyNow, Keys};
use delivery::{Client, SystemResolver};
use domain::{Clock as _, Entropy as _, Keydesk, SystemClock, SystemEntropy};
use model::{InstallationId, KeyId};
use tokio::runtime::Handle;
use uuid::Uuid;

/// The keys of the installation whose gateway stands in front.
pub(crate) struct Known {
    pub(crate) keydesk: Keydesk,
    pub(crate) installation: InstallationId,
    /// Where the database is asked: its connections belong to no thread of the contact centre.
    pub(crate) home: Handle,
}

impl Keys for Known {
    fn now(&self, key: Uuid) -> Pin<Box<dyn Future<Output = KeyNow> + Send + '_>> {
        let (keydesk, installation) = (self.keydesk.clone(), self.installation);
        let asked = self.home.spawn(async move {
            let (verifier, now) = (keydesk.verifier(), keydesk.now());
            verifier.scopes_now(installation, KeyId(key), now).await
        });
        Box::pin(async move {
            match asked.await {
                Ok(Ok(Some(scopes))) => KeyNow::Works(scopes),
                Ok(Ok(None)) => KeyNow::Ended,
                Ok(Err(_)) | Err(_) => KeyNow::Unknown,
            }
        })
    }

    fn switched_off(&self, key: Uuid, webhook: Uuid, why: Box<str>) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        let (keydesk, installation) = (self.keydesk.clone(), self.installation);
        let telling = async move { keydesk.tell_webhook_off(installation, KeyId(key), webhook, &why).await };
        let told = self.home.spawn(telling);
        Box::pin(async move { matches!(told.await, Ok(Ok(()))) })
    }
}

/// Lets test keys have webhooks. They are kept beside the journal. Waits for the disk.
pub(super) fn open(centre: &Centre, sandbox: &Sandbox) -> Result<(), String> {
    let folder = sandbox.journal.as_deref().and_then(Path::parent);
    let key = master(folder).map_err(|error| format!("the key of webhooks can't be read or made: {error}"))?;
    let client = Client::new(sandbox.policy.clone(), Arc::new(SystemResolver), &sandbox.roots);
    let client = client.map_err(|error| error.to_string())?;
    let path = folder.map(|folder| folder.join("webhooks.json"));
    let now = Box::new(|| SystemClock.now());
    let webhooks = Webhooks::open(client, MasterKey::new(&key), now, path, centre.worlds().main());
    let webhooks = webhooks.map_err(|error| error.to_string())?;
    if let Some((aside, error)) = webhooks.broken() {
        let aside = aside.display().to_string();
        tracing::warn!(%error, aside, "the webhooks of test keys are lost, and have to be made anew; their file was put aside");
    }
    centre.with_webhooks(webhooks);
    Ok(())
}

/// The bytes from which the secrets of receivers follow: of a file that only we read, or new ones where nothing is kept.
fn master(folder: Option<&Path>) -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    let Some(path) = folder.map(|folder| folder.join("webhooks.key")) else {
        SystemEntropy.fill(&mut key);
        return Ok(key);
    };
    match fs::File::open(&path) {
        Ok(mut file) => file.read_exact(&mut key)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            SystemEntropy.fill(&mut key);
            // Written beside its place first: half a key would be another one.
            let beside = path.with_extension("new");
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
            file.write_all(&key)?;
            file.sync_all()?;
            fs::rename(&beside, &path)?;
        }
        Err(error) => return Err(error),
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_webhooks_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let first = master(Some(folder.path())).unwrap();
        assert_eq!(master(Some(folder.path())).unwrap(), first);
        assert_ne!(master(None).unwrap(), master(None).unwrap());
        fs::write(folder.path().join("webhooks.key"), [0; 7]).unwrap();
        assert!(master(Some(folder.path())).is_err(), "a file that was cut is no key");
    }
}
