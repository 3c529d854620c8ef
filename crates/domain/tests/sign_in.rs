//! Set-up, sign-in, sessions, roles.
#![expect(clippy::unwrap_used, reason = "a test stops where it can't go on")]

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
};

use domain::{Clock, Idempotency, Keydesk, NewAdministrator, NewKey, OpenOptions, Session, SignedIn, Via, fingerprint};
use model::{Actor, AdminError, Instant, KeyError, ListQuery, PlainSecret, Preset, Role, Selection, SettingsPatch};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse battery";
const MINUTE: i64 = 60 * 1000;
const HOUR: i64 = 60 * MINUTE;
const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));

struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Instant {
        Instant::from_millis(self.0.load(Relaxed))
    }

    fn of_database(&self, _said: Instant) -> Instant {
        self.now()
    }
}

struct Accounts {
    keydesk: Keydesk,
    clock: Arc<Hand>,
    _folder: TempDir,
}

impl Accounts {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hand(AtomicI64::new(1_800_000_000_000)));
        let keydesk = open(folder.path(), &clock).await;
        Self { keydesk, clock, _folder: folder }
    }

    /// A desk with the owner `ada@example.com`.
    async fn with_owner() -> Self {
        let desk = Self::open().await;
        desk.add("ada@example.com", Role::Owner).await.unwrap();
        desk
    }

    fn pass(&self, millis: i64) {
        self.clock.0.fetch_add(millis, Relaxed);
    }

    async fn token(&self) -> String {
        let installation = self.keydesk.installation("default").await.unwrap().unwrap();
        let link = self.keydesk.set_up_link(Actor::System, installation.id).await.unwrap().unwrap();
        link.token.expose().to_owned()
    }

    async fn add(&self, email: &str, role: Role) -> Result<model::Administrator, AdminError> {
        let installation = self.keydesk.installation("default").await.unwrap().unwrap().id;
        self.keydesk.create_administrator(Actor::Operator, installation, new(email, role)).await
    }

    async fn sign_in(&self, email: &str, password: &str, address: IpAddr) -> Result<SignedIn, AdminError> {
        let entered = self.keydesk.sign_in(email, PlainSecret::new(password.to_owned()), address, None).await?;
        Ok(entered.signed_in().expect("nobody here has a second factor"))
    }

    async fn session(&self, signed_in: &SignedIn) -> Option<Session> {
        self.keydesk.session(signed_in.token.expose()).await.unwrap()
    }
}

async fn open(folder: &Path, clock: &Arc<Hand>) -> Keydesk {
    let database = format!("sqlite:{}", folder.join("keydesk.db").display());
    let clock: Arc<dyn Clock> = Arc::<Hand>::clone(clock);
    Keydesk::open(OpenOptions { clock, ..OpenOptions::founding(database, folder) }).await.unwrap()
}

fn new(email: &str, role: Role) -> NewAdministrator {
    let password = PlainSecret::new(PASSWORD.to_owned());
    NewAdministrator { email: email.to_owned(), name: "Ada Lovelace".to_owned(), role, password }
}

#[tokio::test]
async fn a_session_ends_after_half_an_hour_without_a_use() {
    let desk = Accounts::with_owner().await;
    let signed_in = desk.sign_in("ada@example.com", PASSWORD, HOME).await.unwrap();
    desk.pass(30 * MINUTE - 1);
    assert_eq!(desk.session(&signed_in).await.unwrap().administrator.email, "ada@example.com");
    // The last call was a use.
    desk.pass(30 * MINUTE - 1);
    assert!(desk.session(&signed_in).await.is_some());
    desk.pass(30 * MINUTE);
    assert!(desk.session(&signed_in).await.is_none());
    // A session that has ended stays ended, even if the clock is set back.
    desk.pass(-MINUTE);
    let again = desk.sign_in("ada@example.com", PASSWORD, HOME).await.unwrap();
    assert_ne!(again.token.expose(), signed_in.token.expose());
}

#[tokio::test]
async fn requests_that_a_page_makes_by_itself_do_not_use_the_session() {
    let desk = Accounts::with_owner().await;
    let signed_in = desk.sign_in("ada@example.com", PASSWORD, HOME).await.unwrap();
    for minutes in 1..=29 {
        desk.pass(MINUTE);
        let looked = desk.keydesk.session_unused(signed_in.token.expose()).await.unwrap();
        assert_eq!(looked.unwrap().administrator.email, "ada@example.com", "{minutes}");
    }
    desk.pass(MINUTE);
    assert!(desk.keydesk.session_unused(signed_in.token.expose()).await.unwrap().is_none());
    assert!(desk.session(&signed_in).await.is_none());
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_however_much_it_is_used() {
    let desk = Accounts::with_owner().await;
    let signed_in = desk.sign_in("ada@example.com", PASSWORD, HOME).await.unwrap();
    for _ in 0..12 * 60 / 20 - 1 {
        desk.pass(20 * MINUTE);
        assert!(desk.session(&signed_in).await.is_some());
    }
    desk.pass(20 * MINUTE - 1);
    assert!(desk.session(&signed_in).await.is_some());
    desk.pass(1);
    assert!(desk.session(&signed_in).await.is_none());
    assert_eq!(12 * HOUR, 36 * 20 * MINUTE);
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server_and_no_other() {
    let desk = Accounts::with_owner().await;
    let here = desk.sign_in("ada@example.com", PASSWORD, HOME).await.unwrap();
    let there = desk.sign_in("ADA@Example.com ", PASSWORD, ELSEWHERE).await.unwrap();
    desk.keydesk.sign_out(here.token.expose(), HOME).await.unwrap();
    assert!(desk.session(&here).await.is_none());
    assert!(desk.session(&there).await.is_some());
    // Signing out twice is no error, nor with a token that never existed.
    desk.keydesk.sign_out(here.token.expose(), HOME).await.unwrap();
    desk.keydesk.sign_out("never", HOME).await.unwrap();
}

#[tokio::test]
async fn a_token_is_random_and_stands_in_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand(AtomicI64::new(1_800_000_000_000)));
    let keydesk = open(folder.path(), &clock).await;
    let installation = keydesk.installation("default").await.unwrap().unwrap().id;
    let link = keydesk.set_up_link(Actor::System, installation).await.unwrap().unwrap();
    let set_up = link.token.expose();
    let token = keydesk.set_up(set_up, new("ada@example.com", Role::Owner), None, HOME).await.unwrap().token;
    assert_eq!(token.expose().len(), 43);
    assert!(!format!("{token:?}").contains(token.expose()));
    keydesk.close().await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in [token.expose(), PASSWORD, set_up] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
}

#[tokio::test]
async fn an_unknown_account_gets_the_answer_of_a_wrong_password() {
    let desk = Accounts::with_owner().await;
    let wrong = desk.sign_in("ada@example.com", "wrong password", HOME).await;
    for (email, password) in [
        ("nobody@example.com", PASSWORD),
        ("no address", PASSWORD),
        ("", ""),
        ("ada@example.com", ""),
        ("ada@example.com", &"x".repeat(10_000)),
    ] {
        let answer = desk.sign_in(email, password, HOME).await;
        assert_eq!(format!("{answer:?}"), format!("{wrong:?}"), "{email}");
    }
    assert_eq!(wrong.err(), Some(AdminError::WrongCredentials));
}

#[tokio::test]
async fn guesses_are_slowed_down_alike_for_accounts_that_exist_and_that_do_not() {
    let desk = Accounts::with_owner().await;
    let mut refusals = Vec::new();
    for email in ["ada@example.com", "nobody@example.com"] {
        let mut answers = Vec::new();
        for _ in 0..8 {
            answers.push(desk.sign_in(email, "wrong password", HOME).await.err());
        }
        refusals.push(answers);
    }
    assert_eq!(refusals[0], refusals[1]);
    assert!(matches!(refusals[0].last(), Some(Some(AdminError::TooManyAttempts { .. }))), "{refusals:?}");
}

#[tokio::test]
async fn an_owner_is_never_locked_out_for_good() {
    let desk = Accounts::with_owner().await;
    desk.sign_in("ada@example.com", PASSWORD, HOME).await.unwrap();
    // Guesses from many places, so that the account itself is throttled.
    for place in 0..30 {
        let place = IpAddr::V4(Ipv4Addr::new(198, 51, 100, place));
        let _ = desk.sign_in("ada@example.com", "wrong password", place).await;
    }
    let refused = desk.sign_in("ada@example.com", PASSWORD, ELSEWHERE).await;
    let Err(AdminError::TooManyAttempts { retry_after_seconds }) = refused else { panic!("{refused:?}") };
    assert!(retry_after_seconds <= 60, "{retry_after_seconds}");
    desk.sign_in("ada@example.com", PASSWORD, HOME).await.expect("whoever signed in from here before does not wait");
    desk.pass(retry_after_seconds as i64 * 1000);
    desk.sign_in("ada@example.com", PASSWORD, ELSEWHERE).await.unwrap();
    // Afterwards a mistake is free again.
    let mistaken = desk.sign_in("ada@example.com", "wrong password", ELSEWHERE).await;
    assert_eq!(mistaken.err(), Some(AdminError::WrongCredentials));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_holders_of_the_set_up_link_becomes_the_owner() {
    let desk = Accounts::open().await;
    let token = desk.token().await;
    let attempt = |email: &str| {
        let (keydesk, token, new) = (desk.keydesk.clone(), token.clone(), new(email, Role::Viewer));
        tokio::spawn(async move { keydesk.set_up(&token, new, None, HOME).await })
    };
    let (one, other) = (attempt("one@example.com"), attempt("other@example.com"));
    let outcomes = [one.await.unwrap(), other.await.unwrap()];
    let owners: Vec<_> = outcomes.iter().flatten().collect();
    assert_eq!(owners.len(), 1);
    // The first administrator is an owner, whatever role was asked for.
    assert_eq!(owners[0].administrator.role, Role::Owner);
    assert!(desk.session(owners[0]).await.is_some());
    let refused: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused, [AdminError::SetUpOver]);
    assert_eq!(desk.keydesk.set_up_of(&token, &Via::default()).await.unwrap(), None);
}

#[tokio::test]
async fn the_set_up_link_is_one_installations_and_works_once() {
    let desk = Accounts::open().await;
    let token = desk.token().await;
    let installation = desk.keydesk.installation("default").await.unwrap().unwrap().id;
    assert!(desk.keydesk.needs_set_up(installation).await.unwrap());
    assert_eq!(desk.keydesk.set_up_of(&token, &Via::default()).await.unwrap(), Some(installation));
    for forged in ["", "x", &token[1..], &format!("{token}="), &token.to_ascii_uppercase()] {
        let refused = desk.keydesk.set_up(forged, new("eve@example.com", Role::Owner), None, HOME).await;
        assert_eq!(refused.err(), Some(AdminError::SetUpOver), "{forged}");
    }
    // A mistake leaves the link as it was.
    let weak =
        NewAdministrator { password: PlainSecret::new("short".to_owned()), ..new("ada@example.com", Role::Owner) };
    assert_eq!(desk.keydesk.set_up(&token, weak, None, HOME).await.err(), Some(AdminError::WeakPassword));
    desk.keydesk.set_up(&token, new("ada@example.com", Role::Owner), None, HOME).await.unwrap();
    assert!(!desk.keydesk.needs_set_up(installation).await.unwrap());
    let again = desk.keydesk.set_up(&token, new("eve@example.com", Role::Owner), None, HOME).await;
    assert_eq!(again.err(), Some(AdminError::SetUpOver));
}

#[tokio::test]
async fn one_address_has_one_account() {
    let desk = Accounts::with_owner().await;
    assert_eq!(desk.add("Ada@EXAMPLE.com", Role::Viewer).await, Err(AdminError::EmailTaken));
    assert_eq!(desk.add("ada", Role::Viewer).await, Err(AdminError::InvalidEmail));
}

#[tokio::test]
async fn a_viewer_sees_keys_and_changes_and_reveals_nothing() {
    let desk = Accounts::with_owner().await;
    desk.add("vera@example.com", Role::Viewer).await.unwrap();
    let [owner, viewer] = [
        desk.sign_in("ada@example.com", PASSWORD, HOME).await.unwrap(),
        desk.sign_in("vera@example.com", PASSWORD, HOME).await.unwrap(),
    ];
    let (owner, viewer) = (desk.session(&owner).await.unwrap().caller(), desk.session(&viewer).await.unwrap().caller());
    let keydesk = &desk.keydesk;
    let acme = || NewKey::of(SettingsPatch { preset: Some(Preset::Crm), ..SettingsPatch::name("Acme CRM") });
    let once = || Some(Idempotency { key: "once".to_owned(), fingerprint: fingerprint(b"acme") });
    let kept = keydesk.issue_once(&owner, acme(), once()).await.unwrap().key.id;
    let gone = keydesk.issue(&owner, acme()).await.unwrap().key.id;
    keydesk.delete(&owner, gone, None).await.unwrap();
    let all = Selection::Ids(vec![kept]);

    let forbidden = Some(KeyError::Forbidden);
    assert_eq!(keydesk.issue_once(&viewer, acme(), once()).await.err(), forbidden);
    assert_eq!(keydesk.update(&viewer, kept, SettingsPatch::name("Eve"), None).await.err(), forbidden);
    assert_eq!(keydesk.delete(&viewer, kept, None).await.err(), forbidden);
    assert_eq!(keydesk.bulk_delete(&viewer, &[kept]).await.err(), forbidden);
    assert_eq!(keydesk.delete_selected(&viewer, &all).await.err(), forbidden);
    assert_eq!(keydesk.undo_delete(&viewer, &[1]).await.err(), forbidden);
    assert_eq!(keydesk.undo_switch(&viewer, &[1], false).await.err(), forbidden);
    assert_eq!(keydesk.restore(&viewer, gone).await.err(), forbidden);
    assert_eq!(keydesk.reveal(&viewer, kept).await.err(), forbidden);
    let default = keydesk.default_key(&viewer).await.unwrap().id;
    assert_eq!(keydesk.reveal(&viewer, default).await.err(), forbidden);

    let page = keydesk.list(&viewer, &ListQuery { limit: 50, ..ListQuery::default() }).await.unwrap();
    let names: Vec<_> = page.items.iter().map(|key| key.settings.client_name.as_str()).collect();
    assert_eq!(names, ["Default API Key", "Acme CRM"]);
    assert_eq!(keydesk.get(&viewer, kept).await.unwrap().version, 1);
    assert_eq!(keydesk.deletion_impact(&viewer, &all).await.unwrap().keys, 1);
}
