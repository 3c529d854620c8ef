//! A key from its creation to its restoration, as one node sees it.
#![expect(clippy::unwrap_used, reason = "a test stops where it can't go on")]

use domain::{Caller, Keydesk, NewKey, OpenOptions};
use model::{Code, KeyError, ListQuery, Preset, SettingsPatch};
use verify::Call;

async fn keydesk(dir: &std::path::Path) -> (Keydesk, Caller) {
    let database = format!("sqlite:{}", dir.join("keydesk.db").display());
    let keydesk = Keydesk::open(OpenOptions::founding(database, dir)).await.unwrap();
    let installation = keydesk.installation("default").await.unwrap().unwrap();
    (keydesk, Caller::operator(installation.id))
}

fn new_key(client_name: &str) -> NewKey {
    NewKey::of(SettingsPatch { preset: Some(Preset::Crm), ..SettingsPatch::name(client_name) })
}

async fn verdict(keydesk: &Keydesk, key: &str, scopes: &[&str]) -> Code {
    let scopes: Vec<_> = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
    keydesk.verifier().verify(Call { scopes: &scopes, ..Call::with(key) }, keydesk.now()).await.unwrap().code
}

#[tokio::test]
async fn a_key_lives_from_issue_to_restore() {
    let dir = tempfile::tempdir().unwrap();
    let (keydesk, operator) = keydesk(dir.path()).await;
    let issued = keydesk.issue(&operator, new_key("Acme CRM")).await.unwrap();
    let (id, secret) = (issued.key.id, issued.secret.expose());

    assert_eq!(verdict(&keydesk, secret, &["contacts:read"]).await, Code::Valid);
    assert_eq!(verdict(&keydesk, secret, &["contacts:read", "data:read"]).await, Code::InsufficientScope);
    assert_eq!(verdict(&keydesk, &secret.replace("ccc", "ccd"), &[]).await, Code::NotFound);
    assert_eq!(keydesk.reveal(&operator, id).await.unwrap().expose(), secret);

    let renamed = keydesk.update(&operator, id, SettingsPatch::name("Acme CRM 2"), Some(1)).await.unwrap();
    assert_eq!((renamed.settings.client_name.as_str(), renamed.version), ("Acme CRM 2", 2));
    let stale = keydesk.update(&operator, id, SettingsPatch::name("Acme CRM 3"), Some(1)).await;
    assert_eq!(stale, Err(KeyError::VersionMoved { current: 2 }));

    let page = keydesk.list(&operator, &ListQuery { limit: 50, ..ListQuery::default() }).await.unwrap();
    let names: Vec<_> = page.items.iter().map(|key| key.settings.client_name.as_str()).collect();
    assert_eq!((names, page.total), (vec!["Default API Key", "Acme CRM 2"], 2));

    keydesk.delete(&operator, id, None).await.unwrap();
    assert_eq!(verdict(&keydesk, secret, &[]).await, Code::Revoked);
    assert_eq!(keydesk.delete(&operator, id, None).await, Err(KeyError::NotFound));
    keydesk.restore(&operator, id).await.unwrap();
    assert_eq!(verdict(&keydesk, secret, &[]).await, Code::Valid);

    let findings = keydesk.examine().await;
    let bad: Vec<_> = findings.iter().filter(|finding| !finding.ok && finding.what != "disk").collect();
    assert!(bad.is_empty(), "{bad:?}");
}
