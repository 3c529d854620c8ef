//! Secrets that were found where they must not be: whose they are, what becomes of them, and who may say so.

use std::sync::Arc;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use delivery::testing::Receiver;
use domain::{
    Caller, InstallationPatch, Keydesk, LeakDone, LeakStanding, Leaked, LeakedKey, ReportError, Reported, ReporterKeys,
    SignedReport, Via,
};
use model::{Action, Actor, Code, Environment, KeyError, LeakPlace, LeakRule, PlainSecret, TokenLife, TokenWish};
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    test_keydesk::{HOUR, SECOND, TestKeydesk, code, options, overlap},
    webhooks::{bodies, hook, open, types},
};

on_both_databases!(
    a_found_secret_is_told_with_whether_it_works,
    a_leak_is_dealt_with_as_the_rule_says,
    what_ended_by_itself_takes_no_key_away,
    the_default_key_is_told_of_and_stays,
    the_same_place_is_told_once,
    receivers_are_told_without_a_secret,
    a_webhooks_secret_is_known_by_itself,
    only_a_signed_report_is_taken_and_only_once,
    each_installation_has_a_rule_of_its_own
);

fn place(url: &str) -> LeakPlace {
    LeakPlace::of(Some(url), Some("content"))
}

async fn leaked_key(keydesk: &Keydesk, secret: &PlainSecret) -> LeakedKey {
    match keydesk.leaked(secret).await.unwrap() {
        Some(Leaked::Key(leaked)) => *leaked,
        other => panic!("no key: {other:?}"),
    }
}

async fn standing(desk: &TestKeydesk, secret: &PlainSecret) -> LeakStanding {
    leaked_key(&desk.keydesk, secret).await.standing(desk.keydesk.now())
}

async fn report(desk: &TestKeydesk, secret: &PlainSecret, url: &str, rule: LeakRule) -> LeakDone {
    let leaked = leaked_key(&desk.keydesk, secret).await;
    desk.keydesk.report_leak(&desk.operator, &leaked, &place(url), None, rule).await.unwrap()
}

/// What the audit log says of leaks.
async fn told(desk: &TestKeydesk, caller: &Caller) -> Vec<Value> {
    let entries = desk.audit(caller).await;
    let of_leaks = entries.iter().filter(|entry| entry.action == Action::KeyLeaked.as_str());
    of_leaks.map(|entry| serde_json::from_str(&entry.detail).unwrap()).collect()
}

async fn a_found_secret_is_told_with_whether_it_works(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let issued = desk.issue("Acme").await;
    let (id, first) = (issued.key.id, issued.secret.clone());
    let found = leaked_key(keydesk, &PlainSecret::new(format!(" {}\n", first.expose()))).await;
    assert_eq!((found.key.id, found.installation), (id, desk.operator.installation));
    assert_eq!(standing(&desk, &first).await, LeakStanding::Works);
    let wish = TokenWish { expires_in: TokenLife::try_from(60).unwrap(), ..TokenWish::default() };
    let token = keydesk.make_token(&desk.operator, id, wish).await.unwrap().token;
    assert_eq!(standing(&desk, &token).await, LeakStanding::Works);
    desk.clock.advance(60 * SECOND);
    assert_eq!(standing(&desk, &token).await, LeakStanding::Ended);

    let second = keydesk.rotate(&desk.operator, id, overlap(3_600), None).await.unwrap().secret;
    assert_eq!(
        (standing(&desk, &first).await, standing(&desk, &second).await),
        (LeakStanding::Works, LeakStanding::Works)
    );
    desk.clock.advance(HOUR);
    assert_eq!(
        (standing(&desk, &first).await, standing(&desk, &second).await),
        (LeakStanding::Ended, LeakStanding::Works)
    );
    keydesk.set_enabled(&desk.operator, id, false, None).await.unwrap();
    assert_eq!(
        (standing(&desk, &first).await, standing(&desk, &second).await),
        (LeakStanding::Ended, LeakStanding::Disabled)
    );
    keydesk.set_module(Actor::Operator, "default", false).await.unwrap();
    assert_eq!(standing(&desk, &second).await, LeakStanding::Disabled, "whether or not keys are managed here");
    keydesk.set_module(Actor::Operator, "default", true).await.unwrap();
    keydesk.delete(&desk.operator, id, None).await.unwrap();
    assert_eq!(
        (standing(&desk, &first).await, standing(&desk, &second).await),
        (LeakStanding::Revoked, LeakStanding::Revoked)
    );

    let other = keydesk.secret_format().write(Environment::Live, &[3; model::BODY_LEN]);
    for unknown in [other.expose(), "", "x", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &"a".repeat(100_000)] {
        assert!(keydesk.leaked(&PlainSecret::new(unknown.to_owned())).await.unwrap().is_none(), "{unknown}");
    }
}

async fn a_leak_is_dealt_with_as_the_rule_says(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let node = desk.second_node().await;
    for (rule, done, after, actions) in [
        (LeakRule::Notify, LeakDone::Told, Code::Valid, &["key.leaked"][..]),
        (LeakRule::Disable, LeakDone::Disabled, Code::Disabled, &["key.leaked", "key.disable"]),
        (LeakRule::Revoke, LeakDone::Revoked, Code::Revoked, &["key.leaked", "key.delete"]),
    ] {
        let secret = desk.issue("Acme").await.secret;
        let before = desk.audit(&desk.operator).await.len();
        assert_eq!(report(&desk, &secret, "https://example.com/a", rule).await, done);
        assert_eq!(code(&desk.keydesk, secret.expose()).await, after, "from the moment of the answer");
        let entries = desk.audit(&desk.operator).await;
        let written: Vec<_> = entries[before..].iter().map(|entry| entry.action.as_str()).collect();
        assert_eq!(written, actions);
        node.verifier().catch_up().await.unwrap();
        assert_eq!(code(&node, secret.expose()).await, after);
        // What is so already is told, and no more.
        assert_eq!(report(&desk, &secret, "https://example.com/b", rule).await, LeakDone::Told);
    }
    let all = told(&desk, &desk.operator).await;
    assert_eq!(all.len(), 6);
    let rest = (&all[4]["url"], &all[4]["source"], &all[4]["rule"], &all[4]["done"], &all[4]["reporter"]);
    let expected = (json!("https://example.com/a"), json!("content"), json!("revoke"), json!("revoked"), Value::Null);
    assert_eq!(rest, (&expected.0, &expected.1, &expected.2, &expected.3, &expected.4));
    let text = format!("{all:?}");
    assert!(!text.contains("ccc_live_"), "{text}");
}

async fn what_ended_by_itself_takes_no_key_away(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let token = desk.keydesk.make_token(&desk.operator, issued.key.id, TokenWish::default()).await.unwrap().token;
    assert_eq!(report(&desk, &token, "a", LeakRule::Revoke).await, LeakDone::Told, "it ends within the hour");
    let rotated = desk.keydesk.rotate(&desk.operator, issued.key.id, overlap(0), None).await.unwrap();
    let second = rotated.secret;
    assert_eq!(report(&desk, &issued.secret, "a", LeakRule::Revoke).await, LeakDone::Told, "it opens nothing");
    assert_eq!(code(&desk.keydesk, second.expose()).await, Code::Valid);
    // One that is switched off could be switched on.
    desk.keydesk.set_enabled(&desk.operator, issued.key.id, false, None).await.unwrap();
    assert_eq!(report(&desk, &second, "a", LeakRule::Revoke).await, LeakDone::Revoked);
}

async fn the_default_key_is_told_of_and_stays(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let key = desk.keydesk.default_key(&desk.operator).await.unwrap();
    let secret = desk.keydesk.reveal(&desk.operator, key.id).await.unwrap();
    for rule in LeakRule::ALL {
        assert_eq!(report(&desk, &secret, rule.as_str(), rule).await, LeakDone::DefaultKey);
    }
    assert_eq!(code(&desk.keydesk, secret.expose()).await, Code::Valid);
    assert_eq!(told(&desk, &desk.operator).await.len(), 3);
    let counted = desk.keydesk.leaks_reported();
    assert!(counted.contains(&(LeakDone::DefaultKey, 3)), "{counted:?}");
}

async fn the_same_place_is_told_once(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    for _ in 0..3 {
        assert_eq!(report(&desk, &issued.secret, "https://example.com/a", LeakRule::Notify).await, LeakDone::Told);
    }
    assert_eq!(told(&desk, &desk.operator).await.len(), 1);
    assert_eq!(report(&desk, &issued.secret, "https://example.com/a", LeakRule::Revoke).await, LeakDone::Revoked);
    // Somebody restores it, and it is found there again.
    desk.keydesk.restore(&desk.operator, issued.key.id).await.unwrap();
    assert_eq!(report(&desk, &issued.secret, "https://example.com/a", LeakRule::Revoke).await, LeakDone::Revoked);
    assert_eq!(told(&desk, &desk.operator).await.len(), 3, "each time that something was done");
}

async fn receivers_are_told_without_a_secret(database: TestDatabase) {
    let desk = open(database).await;
    let receiver = Receiver::start().await.unwrap();
    hook(&desk, &receiver, &["key.leaked", "key.deleted"]).await;
    let issued = desk.issue("Acme").await;
    report(&desk, &issued.secret, "https://example.com/a", LeakRule::Revoke).await;
    desk.keydesk.deliver_due().await;
    assert_eq!(types(&receiver), ["key.leaked", "key.deleted"], "in their order");
    let told = &bodies(&receiver)[0];
    assert_eq!((&told["subject"]["id"], &told["data"]["done"]), (&json!(issued.key.id), &json!("revoked")));
    assert_eq!(told["data"]["key"]["client_name"], "Acme");
    assert!(receiver.received().iter().all(|of| !of.text().contains(issued.secret.expose())));
}

async fn a_webhooks_secret_is_known_by_itself(database: TestDatabase) {
    let desk = open(database).await;
    let receiver = Receiver::start().await.unwrap();
    let made = hook(&desk, &receiver, &["*"]).await;
    let secret = made.secret.unwrap();
    let id = made.webhook.id;
    for _ in 0..2 {
        let Some(Leaked::Webhook(found)) = desk.keydesk.leaked(&secret).await.unwrap() else { panic!("a webhook") };
        assert_eq!((found.webhook, found.installation), (id, desk.operator.installation));
        assert!(found.host.starts_with("127.0.0.1"), "{}", found.host);
        // The secret of before works for a day.
        desk.keydesk.rotate_webhook_secret(&desk.operator, id, None).await.unwrap();
        desk.clock.advance(23 * HOUR);
    }
    assert!(desk.keydesk.leaked(&secret).await.unwrap().is_none(), "it signs nothing any more");
}

/// A reporter, as the configuration names it.
struct Reporter {
    id: &'static str,
    pair: EcdsaKeyPair,
}

impl Reporter {
    fn new(id: &'static str) -> Self {
        Self { id, pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap() }
    }

    fn configured(&self) -> ReporterKeys {
        // What stands before a point of this curve in a public key.
        let head = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
            0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        let der = STANDARD.encode([&head[..], self.pair.public_key().as_ref()].concat());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n");
        ReporterKeys::new([(self.id.to_owned(), pem)]).unwrap()
    }

    fn sign(&self, body: &[u8]) -> Vec<u8> {
        self.pair.sign(&SystemRandom::new(), body).unwrap().as_ref().to_vec()
    }

    fn signed(&self, keydesk: &Keydesk, body: &[u8]) -> SignedReport {
        keydesk.signed_report(self.id, &self.sign(body), body).unwrap()
    }
}

/// The other signature that verifies wherever this one does: its second number is taken from the order of the curve.
fn twin(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let first = usize::from(signature[3]) + 4;
    let second = &signature[first + 2..];
    let mut padded = [0; 33];
    padded[33 - second.len()..].copy_from_slice(second);
    let (mut negated, mut borrowed) = ([0; 33], 0_i16);
    for at in (0..32).rev() {
        let rest = i16::from(ORDER[at]) - i16::from(padded[at + 1]) - borrowed;
        borrowed = i16::from(rest < 0);
        negated[at + 1] = rest.rem_euclid(256) as u8;
    }
    let from = negated.iter().position(|byte| *byte != 0).unwrap();
    // A number whose first bit is set has a zero in front.
    let from = if negated[from] < 0x80 { from } else { from - 1 };
    let second = &negated[from..];
    let both = [&signature[2..first], &[0x02, second.len() as u8], second].concat();
    [&[0x30, both.len() as u8][..], &both].concat()
}

async fn only_a_signed_report_is_taken_and_only_once(database: TestDatabase) {
    let mut desk = TestKeydesk::open(database).await;
    let (reporter, other) = (Reporter::new("k1"), Reporter::new("k1"));
    let mut options = options(&desk.database, &Arc::clone(&desk.clock));
    options.reporters = reporter.configured();
    desk.keydesk = Keydesk::open(options.clone()).await.unwrap();
    let keydesk = &desk.keydesk;
    assert!(keydesk.knows_reporter("k1") && !keydesk.knows_reporter("k2"));
    let body = b"[{}]";
    let signature = reporter.sign(body);
    assert!(keydesk.signed_report("k1", &signature, body).is_some());
    for (id, signature, body) in [
        ("k2", &signature[..], &body[..]),
        ("k1", &signature, b"[{} ]"),
        ("k1", &signature[1..], body),
        ("k1", b"", body),
        ("k1", &other.sign(body), body),
        ("k1", &[&signature[..], &[0]].concat(), body),
    ] {
        assert!(keydesk.signed_report(id, signature, body).is_none());
    }

    let secret = desk.issue("Acme").await.secret;
    let unknown = PlainSecret::new("ccc_live_nobody".to_owned());
    let reported = [&secret, &unknown, &secret]
        .map(|secret| Reported { secret: secret.clone(), place: place("https://example.com/a") });
    let signed = keydesk.signed_report("k1", &signature, body).unwrap();
    let via = Via::default();
    assert_eq!(keydesk.take_report(&signed, &via, &reported).await, Ok(vec![true, false, true]));
    let entries = told(&desk, &desk.operator).await;
    assert_eq!((entries.len(), &entries[0]["reporter"]), (1, &json!("k1")));
    assert_eq!(keydesk.take_report(&signed, &via, &reported).await, Err(ReportError::Repeated));
    let negated = twin(&signature);
    assert!(negated != signature);
    let again = keydesk.signed_report("k1", &negated, body).expect("a signature that verifies as well");
    assert_eq!(keydesk.take_report(&again, &via, &reported).await, Err(ReportError::Repeated));
    let node = Keydesk::open(options).await.unwrap();
    assert_eq!(node.take_report(&signed, &via, &reported).await, Err(ReportError::Repeated), "on every node");
    // The reporter itself may say the same again, and is heard.
    let anew = reporter.signed(keydesk, body);
    assert_eq!(keydesk.take_report(&anew, &via, &reported).await, Ok(vec![true, false, true]));
    assert_eq!(told(&desk, &desk.operator).await.len(), 1, "the place is known");
}

async fn each_installation_has_a_rule_of_its_own(database: TestDatabase) {
    let mut desk = TestKeydesk::open(database).await;
    let reporter = Reporter::new("k1");
    let mut options = options(&desk.database, &Arc::clone(&desk.clock));
    options.reporters = reporter.configured();
    desk.keydesk = Keydesk::open(options).await.unwrap();
    let keydesk = &desk.keydesk;
    let rule = |rule| InstallationPatch { leak_rule: Some(rule), ..InstallationPatch::default() };
    assert_eq!(keydesk.installation("default").await.unwrap().unwrap().leak_rule, LeakRule::Notify);
    let set = keydesk.set_installation(Actor::Operator, "other", rule(LeakRule::Revoke)).await.unwrap();
    assert_eq!(set.leak_rule, LeakRule::Revoke);
    let entries = desk.audit(&desk.other).await;
    let last = entries.last().unwrap();
    assert_eq!(
        (last.action.as_str(), last.detail.as_str()),
        ("installation.update", r#"{"leak_rule":{"from":"notify","to":"revoke"}}"#)
    );
    let ours = desk.issue("Acme").await.secret;
    let theirs = keydesk.issue(&desk.other, crate::test_keydesk::new_key("Beta")).await.unwrap().secret;
    let reported =
        [&ours, &theirs].map(|secret| Reported { secret: secret.clone(), place: place("https://example.com/a") });
    let signed = reporter.signed(keydesk, b"1");
    assert_eq!(keydesk.take_report(&signed, &Via::default(), &reported).await, Ok(vec![true, true]));
    assert_eq!(
        (code(keydesk, ours.expose()).await, code(keydesk, theirs.expose()).await),
        (Code::Valid, Code::Revoked)
    );
    let all = told(&desk, &desk.other).await;
    let [entry] = &all[..] else { panic!("one entry: {all:?}") };
    assert_eq!((&entry["rule"], &entry["done"]), (&json!("revoke"), &json!("revoked")));
    let revoked = keydesk.set_installation(Actor::Operator, "nobody", rule(LeakRule::Revoke)).await;
    assert_eq!(revoked, Err(KeyError::NoInstallation));
}
