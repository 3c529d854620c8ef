use keydesk_client::{Code, Environment, KeyChange, KeySearch, NewKey, Status, Verify};

use crate::program::Program;

#[tokio::test]
async fn a_key_is_made_verified_changed_and_deleted() {
    let program = Program::start().await;
    let rights = ["keys:verify", "keys:read", "keys:write", "keys:reveal", "contacts:read"];
    let client = program.client(&program.key("live", &rights, &[]).await);
    let keys = client.keys();
    let new = NewKey::new("Acme CRM").scope("contacts:read").named("acme-1");
    let issued = keys.create(&new).await.unwrap();
    let again = keys.create(&new).await.unwrap();
    assert_eq!((issued.shown.id, &issued.secret), (again.shown.id, &again.secret), "one name, one key");
    let (id, secret) = (issued.shown.id, issued.secret.unwrap());
    assert_eq!((issued.shown.environment, issued.shown.status), (Environment::Live, Status::Active));

    let verified = async |scope: &str| client.verify(&Verify::key(&secret).scope(scope)).await.unwrap();
    let verdict = verified("contacts:read").await;
    assert_eq!((verdict.valid, verdict.code, verdict.key_id), (true, Code::Valid, Some(id)));
    let verdict = verified("data:read").await;
    assert_eq!((verdict.code, verdict.missing_scopes), (Code::InsufficientScope, vec!["data:read".to_owned()]));

    let found = keys.list(&KeySearch { search: Some("acme".into()), ..KeySearch::default() }).await.unwrap();
    assert_eq!(found.items.iter().map(|key| key.id).collect::<Vec<_>>(), [id]);
    let version = Some(issued.shown.version);
    let changed = keys.change(id, &KeyChange::new().client_name("Acme 2"), version).await.unwrap();
    assert_eq!(changed.client_name, "Acme 2");
    let stale = keys.change(id, &KeyChange::new().client_name("Acme 3"), version).await.unwrap_err();
    assert_eq!(stale.problem().map(|problem| problem.status), Some(412), "{stale}");

    assert_eq!(keys.reveal(id).await.unwrap(), secret);
    assert_eq!(keys.disable(id).await.unwrap().status, Status::Disabled);
    assert_eq!(verified("contacts:read").await.code, Code::Disabled);
    assert_eq!(keys.enable(id).await.unwrap().status, Status::Active);
    let rotated = keys.rotate(id, 0).await.unwrap();
    assert_ne!(rotated.secret.as_ref(), Some(&secret));
    assert_eq!(verified("contacts:read").await.code, Code::Revoked, "the former secret has ended");
    keys.delete(id).await.unwrap();
    let verdict = client.verify(&Verify::key(rotated.secret.unwrap())).await.unwrap();
    assert_eq!(verdict.code, Code::Revoked);
    keys.restore(id).await.unwrap();
    assert_eq!(keys.get(id).await.unwrap().status, Status::Active);
}

#[tokio::test]
async fn a_secret_is_looked_up_and_a_keys_secrets_are_listed() {
    let program = Program::start().await;
    let client = program.client(&program.key("live", &["keys:read", "keys:write"], &[]).await);
    let keys = client.keys();
    let issued = keys.create(&NewKey::new("Acme CRM")).await.unwrap();
    let (id, secret) = (issued.shown.id, issued.secret.unwrap());
    let found = keys.look_up(&secret).await.unwrap();
    assert_eq!(found.iter().map(|key| (key.id, key.client_name.as_str())).collect::<Vec<_>>(), [(id, "Acme CRM")]);
    assert!(keys.look_up("ccc_live_nobody").await.unwrap().is_empty());

    let rotated = keys.rotate(id, 60).await.unwrap();
    assert_eq!(keys.look_up(&secret).await.unwrap()[0].id, id, "the former secret is this key's, too");
    let secrets = keys.secrets(id).await.unwrap();
    let newest = secrets.iter().find(|one| one.hint == rotated.shown.hint).unwrap();
    let former = secrets.iter().find(|one| one.hint == issued.shown.hint).unwrap();
    assert!(secrets.len() == 2 && newest.expires_at.is_none() && former.expires_at.is_some(), "{secrets:?}");
}

#[tokio::test]
async fn a_refusal_has_the_code_of_the_product() {
    let program = Program::start().await;
    let client = program.client(&program.key("live", &["keys:read"], &[]).await);
    let error = client.keys().create(&NewKey::new("Acme")).await.unwrap_err();
    assert_eq!(error.code(), Some("insufficient_scope"), "{error}");
    assert!(error.problem().unwrap().request_id.is_some());
    let whoami = client.whoami().await.unwrap();
    assert_eq!((whoami.key.client_name.as_str(), whoami.installation.as_str()), ("Tests", "default"));
    let error = program.client("ccc_live_nobody").whoami().await.unwrap_err();
    assert_eq!(error.code(), Some("invalid_token"), "{error}");
}
