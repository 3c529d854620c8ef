//! Keys that another system issued go on working, and an import is whole or is not there.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use domain::{Caller, Import, ImportOptions, ImportPart, ImportStopped, InstallationPatch, Keydesk, NewKey};
use model::{
    Action, Actor, Code, Environment, ImportCode, ImportFault, ImportFormat, ImportId, ImportOutcome, Instant,
    KeyError, KeyId, KeyKind, ListQuery, Overlap, SettingsPatch,
};
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};
use tokio::{sync::mpsc, time::sleep};

use crate::test_keydesk::{DONE, HOUR, SECOND, START, TestKeydesk, code, new_key, scopes, verify, within};

on_both_databases!(
    each_row_is_told_what_becomes_of_it,
    a_key_is_imported_once_however_often_its_row_comes,
    it_is_all_or_nothing_unless_a_part_is_wanted,
    what_waits_to_be_confirmed_is_nowhere,
    what_was_broken_off_is_removed,
    an_installation_has_one_import_at_a_time,
    a_calling_key_imports_what_it_could_issue,
    what_owners_set_holds_for_imported_keys,
);

pub(crate) const WHOLE: ImportOptions = ImportOptions { format: None, dry_run: false, partial: false };
pub(crate) const PARTIAL: ImportOptions = ImportOptions { partial: true, ..WHOLE };
const DRY: ImportOptions = ImportOptions { dry_run: true, ..WHOLE };

/// A key with its slow hash: PBKDF2 as Django makes it.
pub(crate) const SLOW_KEY: &str = "acme_01.Zm9vYmFyYmF6cXV4MDEyMzQ1";
pub(crate) const SLOW_HASH: &str = "pbkdf2_sha256$1000$NaClNaClNaCl$wPYQVWv1t45GRos+KDiId6PYV0i7B/1aXhe2WwocsbM=";

/// A key that no Keydesk has issued.
pub(crate) fn foreign(number: usize) -> String {
    format!("acme_{number:032}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn sha256(key: &str) -> String {
    hex(digest(&SHA256, key.as_bytes()).as_ref())
}

pub(crate) fn sha512(key: &str) -> String {
    format!("sha512$${}", hex(digest(&SHA512, key.as_bytes()).as_ref()))
}

pub(crate) fn ndjson(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

fn sent(text: &str) -> mpsc::Receiver<ImportPart> {
    let (send, receive) = mpsc::channel(2);
    assert!(send.try_send(ImportPart::Bytes(text.into())).is_ok() && send.try_send(ImportPart::End).is_ok());
    receive
}

async fn rest(import: &mut Import) -> (Vec<Value>, Option<ImportStopped>) {
    let mut text = Vec::new();
    let stopped = loop {
        match import.next().await {
            Ok(Some(part)) => text.extend(part),
            Ok(None) => break None,
            Err(stopped) => break Some(stopped),
        }
    };
    let text = String::from_utf8(text).unwrap();
    (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), stopped)
}

/// The lines, and why there is no summary.
pub(crate) async fn import(
    keydesk: &Keydesk,
    caller: &Caller,
    options: ImportOptions,
    text: &str,
) -> (Vec<Value>, Option<ImportStopped>) {
    let mut import = keydesk.import(caller, options, sent(text)).await.unwrap();
    rest(&mut import).await
}

/// Results and codes, and the numbers of the summary.
pub(crate) async fn told(desk: &TestKeydesk, options: ImportOptions, text: &str) -> (Vec<String>, Value) {
    let (mut lines, stopped) = import(&desk.keydesk, &desk.operator, options, text).await;
    assert_eq!(stopped, None);
    let summary = lines.pop().unwrap()["summary"].clone();
    (lines.iter().map(short).collect(), summary)
}

pub(crate) fn short(line: &Value) -> String {
    let text = |name: &str| line[name].as_str().unwrap_or_default();
    [text("result"), text("code"), text("field")].join(" ").trim().to_owned()
}

/// How many keys there are besides the Default API Key.
async fn keys(keydesk: &Keydesk, caller: &Caller) -> usize {
    let all = keydesk.list_all(caller, &ListQuery::default()).await.unwrap();
    all.iter().filter(|key| key.kind == KeyKind::Issued).count()
}

pub(crate) async fn number(desk: &TestKeydesk, sql: &str) -> i64 {
    desk.database.raw().await.number(sql).await
}

async fn each_row_is_told_what_becomes_of_it(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let others = desk.keydesk.issue(&desk.other, new_key("Theirs")).await.unwrap();
    told(&desk, WHOLE, &ndjson(&[json!({"client_name": "Gone", "key": foreign(90)})])).await;
    let gone = desk.keydesk.list_all(&desk.operator, &ListQuery::default()).await.unwrap();
    let gone = gone.into_iter().find(|key| key.settings.client_name.as_str() == "Gone").unwrap();
    desk.keydesk.delete(&desk.operator, gone.id, None).await.unwrap();
    let of = |key: usize| json!({"client_name": "Acme", "key": foreign(key)});
    let with = |key: usize, name: &str, value: Value| {
        let mut row = of(key);
        row[name] = value;
        row
    };
    let crowded = |number: usize| json!({"client_name": "Slow", "prefix": "crowd_", "hash": format!("pbkdf2_sha256$1000$Salt{number}$wPYQVWv1t45GRos+KDiId6PYV0i7B/1aXhe2WwocsbM=")});
    let rows = [
        (of(1), "imported"),
        (json!({"client_name": "Acme", "hash": sha256(&foreign(2)), "preset": "crm"}), "imported"),
        (json!({"client_name": "Acme", "hash": sha512(&foreign(3)), "environment": "test"}), "imported"),
        (json!({"client_name": "Acme", "hash": SLOW_HASH, "prefix": "acme_01."}), "imported"),
        (of(1), "unchanged"),
        (json!({"client_name": "Acme", "hash": sha256(&foreign(1))}), "unchanged"),
        (with(1, "notes", json!("Ada")), "conflict different_settings"),
        (json!({"client_name": "Acme", "key": issued.secret.expose()}), "exists issued_here"),
        (json!({"client_name": "Acme", "key": others.secret.expose()}), "exists elsewhere"),
        (of(90), "exists deleted_here"),
        (json!({"client_name": "Acme"}), "refused missing_key"),
        (json!({"client_name": "Acme", "key": "too short"}), "refused invalid_key key"),
        (json!({"client_name": "Acme", "key": format!("ccc_live_{}", "x".repeat(40))}), "refused own_prefix key"),
        (json!({"client_name": "Acme", "hash": "sha512$salt$abc"}), "refused salted_hash hash"),
        (json!({"client_name": "Acme", "hash": SLOW_HASH}), "refused prefix_needed prefix"),
        (json!({"client_name": "", "key": foreign(4)}), "refused invalid_client_name client_name"),
        (with(5, "scopes", json!(["calls:nothing"])), "refused unknown_scope scopes"),
        (with(6, "expires_at", json!("2020-01-01T00:00:00Z")), "refused already_expired expires_at"),
        (with(7, "colour", json!("blue")), "refused unknown_field"),
        (with(8, "sandbox_world", json!("main")), "refused invalid_setting sandbox_world"),
        (crowded(1), "imported"),
        (crowded(2), "imported"),
        (crowded(3), "imported"),
        (crowded(4), "imported"),
        (crowded(5), "imported"),
        (crowded(6), "refused prefix_crowded prefix"),
    ];
    let text = ndjson(&rows.clone().map(|(row, _)| row));
    let expected: Vec<_> = rows.iter().map(|(_, told)| (*told).to_owned()).collect();
    let before = keys(&desk.keydesk, &desk.operator).await;
    let (dry, summary) = told(&desk, DRY, &text).await;
    assert_eq!(dry, expected);
    assert_eq!((&summary["kept"], &summary["dry_run"]), (&json!(false), &json!(true)));
    assert_eq!(keys(&desk.keydesk, &desk.operator).await, before);
    let (lines, stopped) = import(&desk.keydesk, &desk.operator, PARTIAL, &text).await;
    assert_eq!(stopped, None);
    assert_eq!(lines.iter().filter(|line| line["line"].is_u64()).map(short).collect::<Vec<_>>(), expected);
    let summary = &lines.last().unwrap()["summary"];
    let count = |name: &str| summary[name].as_u64().unwrap();
    let counts = ["rows", "imported", "unchanged", "conflict", "exists", "refused"].map(count);
    assert_eq!((counts, &summary["kept"]), ([26, 9, 2, 1, 3, 11], &json!(true)));
    assert_eq!(keys(&desk.keydesk, &desk.operator).await, before + 9);
    let counted = number(&desk, "SELECT key_count FROM installation WHERE name = 'default'").await;
    assert_eq!(usize::try_from(counted), Ok(before + 9));
    // Nobody is told of the keys of others, and everybody of their own.
    assert_eq!((&lines[7]["id"], &lines[8]["id"]), (&json!(issued.key.id), &Value::Null));
    assert_eq!(lines[4]["id"], lines[0]["id"]);
    let id: KeyId = serde_json::from_value(lines[2]["id"].clone()).unwrap();
    let key = desk.keydesk.get(&desk.operator, id).await.unwrap();
    assert!(key.imported && key.environment == Environment::Test);
    for code in expected.iter().filter_map(|told| told.split(' ').nth(1)) {
        assert!(ImportCode::ALL.iter().any(|known| known.as_str() == code), "{code}");
    }
}

async fn a_key_is_imported_once_however_often_its_row_comes(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    // A linear congruence makes files of some rows, in which keys come as themselves and as hashes, once and more often.
    let mut state = 11_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..12 {
        let mut table = String::from("client_name,key,hash\n");
        for _ in 0..random(60) + 1 {
            let key = foreign(usize::try_from(random(40)).unwrap());
            let row = match random(3) {
                0 => format!("Acme,{key},\n"),
                1 => format!("Acme,,{}\n", sha256(&key)),
                _ => format!("Acme;{key}\n"),
            };
            table.push_str(&row);
        }
        let (_, first) = told(&desk, PARTIAL, &table).await;
        let total = keys(&desk.keydesk, &desk.operator).await;
        let (_, again) = told(&desk, PARTIAL, &table).await;
        let count = |of: &Value, name: &str| of[name].as_u64().unwrap();
        assert_eq!(count(&again, "imported"), 0);
        assert_eq!(count(&again, "unchanged"), count(&first, "imported") + count(&first, "unchanged"));
        assert_eq!(
            ["rows", "refused"].map(|name| count(&again, name)),
            ["rows", "refused"].map(|name| count(&first, name))
        );
        assert_eq!(keys(&desk.keydesk, &desk.operator).await, total);
        let entries = desk.audit(&desk.operator).await;
        let imports = entries.iter().filter(|entry| entry.action().unwrap() == Action::KeyImport).count();
        let live = number(&desk, "SELECT COUNT(*) FROM key_import WHERE state = 'live'").await;
        assert_eq!(imports as i64, live, "what brings nothing is no entry");
    }
    assert!(keys(&desk.keydesk, &desk.operator).await <= 40, "no key twice");
}

async fn it_is_all_or_nothing_unless_a_part_is_wanted(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let table = format!("client_name,key\nAcme,{}\nBeta,short\n", foreign(1));
    let (lines, stopped) = import(&desk.keydesk, &desk.operator, WHOLE, &table).await;
    assert_eq!(lines.iter().map(short).collect::<Vec<_>>(), ["imported", "refused invalid_key key"]);
    assert_eq!(stopped, Some(ImportFault::RowsRefused { rows: 1 }.into()));
    assert_eq!(
        (code(&desk.keydesk, &foreign(1)).await, keys(&desk.keydesk, &desk.operator).await),
        (Code::NotFound, 0)
    );
    desk.keydesk.remove_imports_given_up().await.unwrap();
    assert_eq!(number(&desk, "SELECT COUNT(*) FROM key_import").await, 0);
    assert_eq!(number(&desk, "SELECT COUNT(*) FROM imported_secret").await, 0);
    let (lines, _) = told(&desk, PARTIAL, &table).await;
    assert_eq!(lines, ["imported", "refused invalid_key key"]);
    assert_eq!((code(&desk.keydesk, &foreign(1)).await, keys(&desk.keydesk, &desk.operator).await), (Code::Valid, 1));
    // A fault of the whole text, wherever it stands.
    let unclosed = format!("client_name,key\nAcme,{}\n\"Beta,{}\n", foreign(2), foreign(3));
    let (_, stopped) = import(&desk.keydesk, &desk.operator, PARTIAL, &unclosed).await;
    assert_eq!(stopped, Some(ImportFault::UnclosedQuote { line: 3 }.into()));
    assert_eq!(code(&desk.keydesk, &foreign(2)).await, Code::NotFound);
    // Whoever breaks off has imported nothing, and is told so before anything else.
    let (send, receive) = mpsc::channel(2);
    send.send(ImportPart::Bytes(format!("client_name,key\nAcme,{}\n", foreign(4)).into())).await.unwrap();
    drop(send);
    let mut broken = desk.keydesk.import(&desk.operator, PARTIAL, receive).await.unwrap();
    assert_eq!(broken.arrived().await, Err(ImportFault::BrokenOff.into()));
    drop(broken);
    assert_eq!(
        (code(&desk.keydesk, &foreign(4)).await, keys(&desk.keydesk, &desk.operator).await),
        (Code::NotFound, 1)
    );
}

async fn what_waits_to_be_confirmed_is_nowhere(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator) = (&desk.keydesk, &desk.operator);
    let table = format!("client_name,key\nAcme,{}\nBeta,{}\nGamma,short\n", foreign(1), foreign(2));
    let id = keydesk.stage_import(operator, Some(ImportFormat::Csv), sent(&table)).await.unwrap();
    let waits = keydesk.staged_import(operator, id).await.unwrap();
    assert_eq!((waits.report.summary.imported, waits.report.summary.refused, waits.live_at), (2, 1, None));
    let [refused] = &waits.report.left_out[..] else { panic!("one is left out") };
    assert_eq!((refused.line.line, refused.line.result), (4, ImportOutcome::Refused));
    assert_eq!(waits.report.taken[1].client_name.as_deref(), Some("Beta"));
    let staged = waits.report.taken[0].line.id.unwrap();
    assert_eq!((keys(keydesk, operator).await, code(keydesk, &foreign(1)).await), (0, Code::NotFound));
    assert_eq!(keydesk.get(operator, staged).await.err(), Some(KeyError::NotFound));
    assert_eq!(keydesk.delete(operator, staged, None).await, Err(KeyError::NotFound));
    assert_eq!(
        keydesk.rotate(operator, staged, Overlap::try_from(0).unwrap(), None).await.err(),
        Some(KeyError::NotFound)
    );
    assert!(keydesk.list_all(operator, &ListQuery::default()).await.unwrap().iter().all(|key| !key.imported));
    let node = desk.second_node().await;
    assert_eq!(code(&node, &foreign(1)).await, Code::NotFound);
    // It is its caller's alone.
    let calling = desk.caller(&["keys:write"]).await;
    for other in [&desk.other, &calling] {
        assert_eq!(keydesk.staged_import(other, id).await.err(), Some(KeyError::NotFound));
        assert_eq!(keydesk.confirm_import(other, id).await.err(), Some(KeyError::NotFound));
        assert_eq!(keydesk.cancel_import(other, id).await.err(), Some(KeyError::NotFound));
    }
    let before = desk.audit(operator).await.len();
    for _ in 0..2 {
        let live = keydesk.confirm_import(operator, id).await.unwrap();
        assert!(live.live_at.is_some() && live.report.left_out.is_empty() && live.report.summary.kept);
    }
    assert_eq!((keys(keydesk, operator).await, code(keydesk, &foreign(1)).await), (3, Code::Valid));
    assert_eq!(desk.audit(operator).await.len(), before + 1, "once");
    assert_eq!(keydesk.cancel_import(operator, id).await, Err(KeyError::NotFound), "it is live");
    let second = keydesk.stage_import(operator, None, sent(&table)).await.unwrap();
    let third = keydesk.stage_import(operator, None, sent(&table)).await.unwrap();
    assert_eq!(keydesk.staged_import(operator, second).await.err(), Some(KeyError::NotFound), "another took its place");
    assert_eq!(keydesk.staged_import(operator, third).await.unwrap().report.summary.unchanged, 2);
    keydesk.cancel_import(operator, third).await.unwrap();
    assert_eq!(keydesk.confirm_import(operator, third).await.err(), Some(KeyError::NotFound));
    assert_eq!(keydesk.confirm_import(operator, ImportId(staged.0)).await.err(), Some(KeyError::NotFound));
}

async fn what_was_broken_off_is_removed(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let table: String = (0..450).map(|number| format!("Acme,{}\n", foreign(number))).collect();
    let table = format!("client_name,key\n{table}");
    let crash = async || {
        let id = desk.keydesk.stage_import(&desk.operator, None, sent(&table)).await.unwrap();
        // As a process leaves it that ends between two batches.
        let mut raw = desk.database.raw().await;
        assert_eq!(
            raw.execute("UPDATE key_import SET state = 'staging', report = NULL WHERE state = 'ready'").await,
            Ok(1)
        );
        raw.close().await;
        id
    };
    let first = crash().await;
    assert_eq!(number(&desk, "SELECT COUNT(*) FROM api_key WHERE import_id IS NOT NULL").await, 450);
    // Whoever imports next waits until it is sure that nobody is at work.
    let (imported, ()) = tokio::join!(import(&desk.keydesk, &desk.operator, WHOLE, &table), async {
        sleep(Duration::from_millis(800)).await;
        desk.clock.advance(16 * SECOND);
    });
    assert_eq!((imported.0.len(), imported.1), (451, None));
    assert_eq!(code(&desk.keydesk, &foreign(449)).await, Code::Valid);
    assert_eq!(
        number(&desk, &format!("SELECT COUNT(*) FROM key_import WHERE id = {}", id_text(&desk, first).await)).await,
        0
    );
    // Or the background does it, also after the next start.
    let more = table.replace("acme_", "beta_");
    let second = desk.keydesk.stage_import(&desk.operator, None, sent(&more)).await.unwrap();
    let mut raw = desk.database.raw().await;
    raw.execute("UPDATE key_import SET state = 'staging' WHERE state = 'ready'").await.unwrap();
    raw.close().await;
    let node = desk.second_node().await;
    let background = node.start();
    sleep(Duration::from_millis(500)).await;
    desk.clock.advance(16 * SECOND);
    let gone = format!("SELECT COUNT(*) FROM key_import WHERE id = {}", id_text(&desk, second).await);
    within(DONE, "it is gone", async || number(&desk, &gone).await == 0).await;
    background.stop().await;
    assert_eq!(
        number(&desk, "SELECT COUNT(*) FROM api_key WHERE import_id IS NOT NULL").await,
        450,
        "what is live stays"
    );
    assert_eq!(keys(&desk.keydesk, &desk.operator).await, 450);
    assert_eq!(number(&desk, "SELECT COUNT(*) FROM imported_secret").await, 450);
}

async fn id_text(desk: &TestKeydesk, id: ImportId) -> String {
    desk.database.raw().await.id(id.0)
}

async fn an_installation_has_one_import_at_a_time(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (send, receive) = mpsc::channel(2);
    let begun = desk.keydesk.import(&desk.operator, WHOLE, receive).await.unwrap();
    let table = format!("client_name,key\nAcme,{}\n", foreign(1));
    // A dry run keeps nothing, and is in nobody's way.
    assert_eq!(told(&desk, DRY, &table).await.0, ["imported"]);
    // It says every 3 s that it goes on.
    let refused = desk.keydesk.import(&desk.operator, WHOLE, sent(&table)).await;
    assert_eq!(refused.err(), Some(KeyError::ImportRunning));
    let (lines, stopped) = import(&desk.keydesk, &desk.other, WHOLE, &table).await;
    assert_eq!((lines.len(), stopped), (2, None), "another installation has its own");
    // Whoever hangs up has given up.
    drop((begun, send));
    let table = format!("client_name,key\nAcme,{}\n", foreign(2));
    let (lines, stopped) = import(&desk.keydesk, &desk.operator, WHOLE, &table).await;
    assert_eq!((lines.len(), stopped), (2, None));
}

async fn a_calling_key_imports_what_it_could_issue(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let caller = desk.caller(&["keys:write", "calls:read"]).await;
    let rows = ndjson(&[
        json!({"client_name": "May", "key": foreign(1), "scopes": ["calls:read"]}),
        json!({"client_name": "May not", "key": foreign(2), "scopes": ["contacts:read"]}),
        json!({"client_name": "Bounds", "key": foreign(3), "issue_bounds": {}}),
    ]);
    let (lines, stopped) = import(&desk.keydesk, &caller, PARTIAL, &rows).await;
    let results: Vec<_> = lines.iter().map(short).collect();
    assert_eq!(results[..3], ["imported", "refused scope_escalation scopes", "refused bounds_escalation issue_bounds"]);
    assert_eq!(stopped, None);
    // A test key makes test keys alone, and knows of no others.
    let new = NewKey {
        environment: Some(Environment::Test),
        settings: SettingsPatch { scopes: Some(scopes(&["keys:write"])), ..SettingsPatch::name("Tester") },
    };
    let tester = desk.keydesk.issue(&desk.operator, new).await.unwrap();
    let tester = Caller::key(&verify(&desk.keydesk, tester.secret.expose()).await.record.unwrap());
    let rows = ndjson(&[
        json!({"client_name": "Test", "key": foreign(5)}),
        json!({"client_name": "Live", "key": foreign(6), "environment": "live"}),
        json!({"client_name": "May", "key": foreign(1)}),
    ]);
    let (lines, _) = import(&desk.keydesk, &tester, PARTIAL, &rows).await;
    let results: Vec<_> = lines.iter().map(short).collect();
    assert_eq!(results[..3], ["imported", "refused environment_escalation environment", "exists elsewhere"]);
    assert_eq!(lines[2]["id"], Value::Null);
}

/// Within how many days keys must end, and that none is kept to be shown again.
async fn what_owners_set_holds_for_imported_keys(database: TestDatabase) {
    const DAY: i64 = 24 * HOUR;
    let desk = TestKeydesk::open(database).await;
    let before = json!({"client_name": "Old", "key": foreign(1)});
    told(&desk, WHOLE, &ndjson(std::slice::from_ref(&before))).await;
    let patch = InstallationPatch {
        longest_life: Some("30".parse().ok()),
        show_once: Some(true),
        ..InstallationPatch::default()
    };
    desk.keydesk.set_installation(Actor::Operator, "default", patch).await.unwrap();
    let ends = |key: usize, days: i64| {
        let end = Instant::from_millis(START + days * DAY);
        json!({"client_name": "Acme", "key": foreign(key), "expires_at": end})
    };
    let text = ndjson(&[before, json!({"client_name": "Acme", "key": foreign(2)}), ends(3, 20), ends(4, 40)]);
    let late = "refused invalid_setting expires_at";
    assert_eq!(told(&desk, PARTIAL, &text).await.0, ["unchanged", "imported", "imported", late]);
    let all = desk.keydesk.list_all(&desk.operator, &ListQuery::default()).await.unwrap();
    let days = |end: Instant| (end.as_millis() - START) / DAY;
    let mut found: Vec<_> =
        all.iter().filter(|key| key.imported).map(|key| key.settings.expires_at.map(days)).collect();
    found.sort_unstable();
    assert_eq!(found, [None, Some(20), Some(30)]);
    let sealed = "SELECT COUNT(*) FROM api_key_secret s JOIN api_key k ON k.id = s.key_id \
                  WHERE k.import_id IS NOT NULL AND s.sealed_secret IS NOT NULL";
    assert_eq!(number(&desk, sealed).await, 1, "the one of before");
    // The same rows bring nothing new later, when the last day that may be is another.
    desk.clock.advance(2 * DAY);
    assert_eq!(told(&desk, PARTIAL, &text).await.0, ["unchanged", "unchanged", "unchanged", late]);
}
