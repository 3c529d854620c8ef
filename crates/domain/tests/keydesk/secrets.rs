//! A secret is stored and printed only where it must be.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
};

use domain::{Keydesk, NewAdministrator, NewKey, OpenOptions, Via};
use model::{Actor, Environment, ListQuery, PlainSecret, Role};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    people::in_at_once,
    test_keydesk::{TestKeydesk, new_key, once, overlap, verify},
};

on_both_databases!(
    no_row_and_no_file_of_the_database_holds_a_secret,
    no_printed_value_shows_a_secret,
    another_keyring_is_refused
);

const PASSWORD: &str = "correct horse battery staple";
const IDEMPOTENCY_KEY: &str = "a-key-that-opens-an-answer";

/// Runs a story; returns every text that must stay secret, and all that was printed on the way.
async fn story(desk: &TestKeydesk) -> (Vec<String>, Vec<String>) {
    let keydesk = &desk.keydesk;
    let (mut secrets, mut printed) = (vec![PASSWORD.to_owned(), IDEMPOTENCY_KEY.to_owned()], Vec::new());
    let mut keep = |secret: &PlainSecret| secrets.push(secret.expose().to_owned());
    for environment in [Environment::Live, Environment::Test] {
        let new = NewKey { environment: Some(environment), ..new_key("Acme") };
        let outcome = keydesk.issue_once(&desk.operator, new, once(IDEMPOTENCY_KEY, environment.as_str())).await;
        printed.push(format!("{outcome:?}"));
        let Ok(answer) = outcome else { continue };
        let issued = answer.issued().unwrap();
        keep(&issued.secret);
        let verdict = verify(keydesk, issued.secret.expose()).await;
        printed.push(format!("{issued:?} {issued:#?} {verdict:?} {}", serde_json::to_string(&issued.key).unwrap()));
        let revealed = keydesk.reveal(&desk.operator, issued.key.id).await.unwrap();
        printed.push(format!("{revealed:?}"));
        let renamed = keydesk.update(&desk.operator, issued.key.id, model::SettingsPatch::name("Beta"), None).await;
        printed.push(format!("{renamed:?}"));
        let made = keydesk.create_handover(&desk.operator, issued.key.id).await.unwrap();
        keep(&made.token);
        printed.push(format!("{:?}", keydesk.open_handover(&made.token, &Via::default()).await.unwrap()));
        printed.push(format!("{made:?} {:?}", keydesk.handovers(&desk.operator, issued.key.id).await));
        let rotated = keydesk.rotate(&desk.operator, issued.key.id, overlap(60), None).await.unwrap();
        keep(&rotated.secret);
        printed.push(format!("{rotated:?} {:?}", keydesk.secrets(&desk.operator, issued.key.id).await));
        keydesk.delete(&desk.operator, issued.key.id, None).await.unwrap();
        keydesk.restore(&desk.operator, issued.key.id).await.unwrap();
    }
    let default = keydesk.default_key(&desk.operator).await.unwrap();
    keep(&keydesk.reveal(&desk.operator, default.id).await.unwrap());
    let new = NewAdministrator {
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        role: Role::Owner,
        password: PlainSecret::new(PASSWORD.to_owned()),
    };
    printed.push(format!("{new:?}"));
    let installation = desk.operator.installation;
    let link = keydesk.set_up_link(Actor::Operator, installation).await.unwrap().unwrap();
    secrets.push(link.token.expose().to_owned());
    printed.push(format!("{link:?}"));
    keydesk.create_administrator(Actor::Operator, installation, new).await.unwrap();
    let password = PlainSecret::new(PASSWORD.to_owned());
    let entered = keydesk.sign_in("ada@example.com", password, IpAddr::from(Ipv4Addr::LOCALHOST), None).await;
    let signed_in = in_at_once(entered.unwrap());
    let session = keydesk.session(signed_in.token.expose()).await.unwrap();
    let device = keydesk.device_token("ada@example.com", None);
    printed.push(format!("{signed_in:?} {session:?} {device:?}"));
    secrets.push(device.expose().to_owned());
    secrets.push(signed_in.token.expose().to_owned());
    let page = keydesk.list(&desk.operator, &ListQuery { limit: 50, ..ListQuery::default() }).await.unwrap();
    printed.push(format!("{page:?} {}", serde_json::to_string(&page).unwrap()));
    printed.push(format!("{keydesk:?} {:?} {:?}", keydesk.verifier().counters(), desk.operator));
    printed.push(format!("{:?}", keydesk.examine().await));
    printed.push(format!("{:?}", desk.audit(&desk.operator).await));
    // The random part alone is enough for anyone who knows the format.
    let bodies: Vec<_> = secrets
        .iter()
        .filter_map(|secret| secret.strip_prefix("ccc_live_").or(secret.strip_prefix("ccc_test_")))
        .map(|body| body[..model::BODY_LEN].to_owned())
        .collect();
    assert_eq!(bodies.len(), 3);
    secrets.extend(bodies);
    (secrets, printed)
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

async fn no_row_and_no_file_of_the_database_holds_a_secret(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (mut secrets, _) = story(&desk).await;
    let keyring = fs::read_to_string(desk.database.dir().join("master.key")).unwrap();
    let keys: Vec<_> = keyring.lines().filter(|line| !line.starts_with('#')).collect();
    secrets.extend(keys.iter().filter_map(|line| Some(line.split_whitespace().nth(2)?.to_owned())));
    assert!(secrets.len() >= 9, "{}", secrets.len());
    let cells = desk.database.raw().await.dump().await;
    assert!(cells.len() > 200, "{}", cells.len());
    for secret in &secrets {
        let found: Vec<_> = cells.iter().filter(|cell| holds(&cell.bytes, secret)).collect();
        assert!(found.is_empty(), "{found:?}");
    }
    // What was deleted or overwritten may still lie in a page.
    for file in fs::read_dir(desk.database.dir()).unwrap().map(|file| file.unwrap().path()) {
        if !file.ends_with("master.key") {
            let bytes = fs::read(&file).unwrap();
            assert!(!secrets.iter().any(|secret| holds(&bytes, secret)), "{}", file.display());
        }
    }
}

async fn no_printed_value_shows_a_secret(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (secrets, printed) = story(&desk).await;
    for (number, text) in printed.iter().enumerate() {
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "text {number} shows a secret");
    }
}

async fn another_keyring_is_refused(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let elsewhere = TestDatabase::sqlite().await;
    Keydesk::open(OpenOptions::founding(elsewhere.address(), elsewhere.dir())).await.unwrap();
    let foreign = fs::read_to_string(elsewhere.dir().join("master.key")).unwrap();
    let own = fs::read_to_string(desk.database.dir().join("master.key")).unwrap();
    let open = async |keyring: Option<&str>, dir: &TestDatabase| {
        let mut options = OpenOptions::founding(desk.database.address(), dir.dir());
        options.keyring = keyring.map(str::to_owned);
        Keydesk::open(options).await.map(drop).map_err(|error| error.to_string())
    };
    let refused = open(Some(&foreign), &desk.database).await.unwrap_err();
    assert!(refused.contains("belongs to another database"), "{refused}");
    assert!(open(None, &elsewhere).await.is_err());
    let empty = TestDatabase::sqlite().await;
    let missing = open(None, &empty).await.unwrap_err();
    assert!(missing.contains("is missing"), "{missing}");
    assert_eq!(open(Some(&own), &empty).await, Ok(()));
    let broken = open(Some("pepper p1 c2VjcmV0"), &empty).await.unwrap_err();
    assert!(!broken.contains("c2VjcmV0"), "{broken}");
}
