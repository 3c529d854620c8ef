use std::ops::Range;

use model::{ClientName, Key, KeyId, KeySettings, KeyStatus, Metadata, fold_name, fold_name_before, name_order};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any},
    sample::select,
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use store::{KeyFilter, Store, on_both_databases, testing::TestDatabase};

use crate::{
    fixture::{at, installation, key, key_id, name, put, put_names, search_of, two_installations},
    list::{all, numbers},
};

on_both_databases!(
    a_search_finds_what_a_slow_one_finds,
    special_characters_are_ordinary,
    names_of_an_earlier_release_are_found_before_and_after_they_are_folded_anew,
);

/// Few enough characters that texts match often, with all that a pattern, a quotation or a fold could trip over.
const CHARACTERS: &[char] = &[
    'a', 'A', 'b', 'B', 'c', ' ', ' ', '0', '9', '%', '%', '_', '_', '\\', '\\', '"', '\'', '*', '(', ')', '-', ':',
    '^', '+', '.', '{', '[', '?', 'é', 'É', 'e', '\u{301}', 'ß', 'ẞ', 'İ', 'I', 'ı', 'i', 'Σ', 'σ', 'ς', 'Я', 'я',
    '漢', '字', '🦀', 'ǅ', 'ﬁ',
];

fn text(length: Range<usize>) -> impl Strategy<Value = String> {
    vec(select(CHARACTERS), length).prop_map(|characters| characters.into_iter().collect())
}

/// Texts to look for: parts of names, in another case, and made-up ones, often shorter than a trigram.
fn needle(names: Vec<String>) -> impl Strategy<Value = String> {
    let part = (select(names), any::<(u8, u8, bool)>()).prop_map(|(name, (from, length, upper))| {
        let characters: Vec<char> = name.chars().collect();
        let from = usize::from(from) % characters.len();
        let part: String = characters.iter().skip(from).take(usize::from(length) % 6 + 1).collect();
        if upper { part.to_uppercase() } else { part }
    });
    proptest::prop_oneof![3 => part, 2 => text(1..5), 1 => Just("default".to_owned())]
}

fn sample<T>(runner: &mut TestRunner, strategy: &impl Strategy<Value = T>) -> T {
    strategy.new_tree(runner).expect("a value").current()
}

/// What a search must find, found by looking at each key.
fn slowly(keys: &[Key], kept: impl Fn(u128) -> bool, filter: &KeyFilter) -> Vec<u128> {
    let mut found: Vec<(Vec<u8>, KeyId)> = keys
        .iter()
        .filter(|key| kept(key.id.0.as_u128()) && filter.search.finds(key, filter.search_notes))
        .map(|key| (name_order(&fold_name(key.settings.client_name.as_str())), key.id))
        .collect();
    found.sort();
    found.into_iter().map(|(_, id)| id.0.as_u128()).collect()
}

async fn compare(store: &Store, keys: &[Key], runner: &mut TestRunner, needles: usize) {
    let deleted = |number: u128| number.is_multiple_of(7);
    let mut change = store.change().await.unwrap();
    let gone: Vec<KeyId> = keys.iter().map(|key| key.id).filter(|id| deleted(id.0.as_u128())).collect();
    change.delete_keys(installation(1), &gone, at(50)).await.unwrap();
    change.commit().await.unwrap();
    let texts = keys.iter().flat_map(|key| {
        let settings = &key.settings;
        let owner = settings.owner_email.iter().map(|owner| owner.as_str().to_owned());
        let notes = settings.notes.iter().map(|notes| notes.as_str().to_owned());
        std::iter::once(settings.client_name.as_str().to_owned()).chain(owner).chain(notes)
    });
    let strategy = (needle(texts.clone().collect()), needle(texts.collect()), any::<(bool, bool)>());
    for _ in 0..needles {
        let (one, other, (two, search_notes)) = sample(runner, &strategy);
        let search = search_of(&if two { format!("{one} {other}") } else { one });
        let filter = KeyFilter { search, search_notes, ..all() };
        let expected = slowly(keys, |number| !deleted(number), &filter);
        assert_eq!(numbers(store, &filter).await, expected, "{:?}", filter.search);
        let filter = KeyFilter { status: Some(KeyStatus::Revoked), ..filter };
        let expected = slowly(keys, deleted, &filter);
        assert_eq!(numbers(store, &filter).await, expected, "deleted {:?}", filter.search);
    }
}

/// Keys with names, owners and notes, as somebody would not write them.
fn keys(runner: &mut TestRunner, count: usize) -> Vec<Key> {
    let strategy = (text(1..12), text(1..6), text(1..20), text(1..8), any::<(bool, bool, bool)>());
    let made = std::iter::repeat_with(|| sample(runner, &strategy));
    let named = made.filter(|(name, ..)| ClientName::parse(name).is_ok()).take(count);
    (1..)
        .zip(named)
        .map(|(number, (name, owner, notes, value, (owned, noted, pairs)))| {
            let mut key = key(number, &name);
            let settings = &mut key.settings;
            settings.owner_email = format!("{}@x.yz", owner.replace(' ', "")).parse().ok().filter(|_| owned);
            settings.notes = notes.parse().ok().filter(|_| noted);
            if pairs {
                settings.metadata = Metadata::new([("Paar".to_owned(), value)].into()).unwrap();
            }
            key
        })
        .collect()
}

async fn put_keys(store: &Store, keys: &[Key]) {
    let mut change = store.change().await.unwrap();
    for key in keys {
        put(&mut change, installation(1), key.clone()).await.unwrap();
    }
    change.commit().await.unwrap();
}

async fn a_search_finds_what_a_slow_one_finds(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut runner = TestRunner::deterministic();
    let keys = keys(&mut runner, 200);
    put_keys(&store, &keys).await;
    compare(&store, &keys, &mut runner, 150).await;
    // The same once it is known where in the order something can be.
    assert_eq!(store.fold_some_anew(uuid::Uuid::nil()).await.unwrap(), None);
    store.keep_search_map().await.unwrap();
    compare(&store, &keys, &mut runner, 150).await;
}

/// With only a few rows the planner would never use the index that a million rows need.
#[tokio::test]
async fn postgres_finds_the_same_through_its_trigram_index() {
    let database = TestDatabase::postgres().await;
    let store = two_installations(&database).await;
    let mut runner = TestRunner::deterministic();
    let keys = keys(&mut runner, 150);
    put_keys(&store, &keys).await;
    store.close().await;
    let mut raw = database.raw().await;
    let settings = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database()); \
                    EXECUTE format('ALTER DATABASE %I SET enable_indexscan = off', current_database()); END $$; \
                    DROP INDEX api_key_by_name; DROP INDEX api_key_by_created; DROP INDEX api_key_by_last_used; \
                    DROP INDEX api_key_one_default; DROP INDEX api_key_by_epoch; DROP INDEX api_key_by_client; \
                    DROP INDEX api_key_by_end; DROP INDEX api_key_by_preset; DROP INDEX api_key_by_expiry; \
                    DROP INDEX api_key_by_status;";
    raw.execute(settings).await.unwrap();
    let plan = "EXPLAIN SELECT 1 FROM api_key WHERE kind = 'issued' AND deleted_at IS NULL \
                AND client_name_folded || chr(10) || owner_folded || chr(10) || notes_folded LIKE '%acme%'";
    let plan = database.raw().await.texts(plan).await.join("\n");
    assert!(plan.contains("api_key_search"), "{plan}");
    compare(&database.store().await, &keys, &mut runner, 100).await;
}

/// One text is so common that the order of the list leads, and not the trigrams.
#[tokio::test]
async fn sqlite_finds_common_and_rare_texts_alike() {
    let database = TestDatabase::sqlite().await;
    let store = two_installations(&database).await;
    let names: Vec<String> = (1..=2_200).map(|number| format!("Client {}{number}", number % 9)).collect();
    put_names(&store, 1, &names).await;
    let keys: Vec<Key> = (1..).zip(&names).map(|(number, name)| key(number, name)).collect();
    for search in ["client", "client 1", "client 777", "lie", "nothing", "1", "ent"] {
        let filter = KeyFilter { search: search_of(search), ..all() };
        assert_eq!(numbers(&store, &filter).await, slowly(&keys, |_| true, &filter), "{search}");
    }
}

async fn special_characters_are_ordinary(database: TestDatabase) {
    let store = two_installations(&database).await;
    let names =
        ["100% sure", "a_b\\c", "\"quoted\" 'text'", "NEAR AND OR NOT", "col:umn* ^(x)", "Straße", "ΣΊΣΥΦΟΣ", "plain"];
    put_names(&store, 1, &names.map(str::to_owned)).await;
    let rows: [(&str, &[u128]); 21] = [
        ("%", &[1]),
        ("0% s", &[1]),
        ("_", &[2]),
        ("_b\\", &[2]),
        ("\\", &[2]),
        ("\\c", &[2]),
        ("\"", &[3]),
        ("\"quoted\"", &[3]),
        ("' ", &[3]),
        ("'text'", &[3]),
        ("near and", &[4]),
        ("not", &[4]),
        ("umn*", &[5]),
        ("^(x)", &[5]),
        ("straße", &[6]),
        ("STRASSE", &[6]),
        ("σίσυφοσ", &[7]),
        ("σισυφος", &[7]),
        ("text quoted", &[3]),
        ("text sure", &[]),
        ("%%%", &[]),
    ];
    for (search, expected) in rows {
        let filter = KeyFilter { search: search_of(search), ..all() };
        assert_eq!(numbers(&store, &filter).await, expected, "{search}");
    }
    // An edit and a deletion reach the index too.
    let mut change = store.change().await.unwrap();
    let client_name = ClientName::parse("Not 100%").unwrap();
    let renamed = KeySettings { client_name, ..key(8, "Acme").settings };
    assert!(change.update_key(installation(1), key_id(8), &renamed, at(70)).await.unwrap());
    change.delete_keys(installation(1), &[key_id(1)], at(70)).await.unwrap();
    change.commit().await.unwrap();
    for (search, expected) in [("100%", &[8][..]), ("plain", &[])] {
        let filter = KeyFilter { search: search_of(search), ..all() };
        assert_eq!(numbers(&store, &filter).await, expected, "{search}");
    }
    let mut change = store.change().await.unwrap();
    assert!(change.restore_key(installation(1), key_id(1), at(80)).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(numbers(&store, &KeyFilter { search: search_of("100%"), ..all() }).await, [1, 8]);
}

/// As the release before wrote them, with names that this one would not take, and one name that was folded by this one.
async fn names_of_an_earlier_release_are_found_before_and_after_they_are_folded_anew(database: TestDatabase) {
    let store = two_installations(&database).await;
    let old = ["Acme\u{a0}CRM", "Straße", "ΟΔΟΣ", "İstanbul", "\u{FE0F}", "Plain  Name"];
    put_names(&store, 1, &["one", "two", "three", "four", "five", "six", "Straße"].map(str::to_owned)).await;
    let mut raw = database.raw().await;
    for (number, text) in (1..).zip(old) {
        let (id, folded) = (raw.id(key_id(number).0), fold_name_before(text));
        let set = format!("client_name = '{text}', client_name_folded = '{folded}', fold_version = 1");
        raw.execute(&format!("UPDATE api_key SET {set} WHERE id = {id}")).await.unwrap();
    }
    let find = async |text: &str| numbers(&store, &KeyFilter { search: search_of(text), ..all() }).await;
    for (search, expected) in [
        ("acme\u{a0}crm", &[1][..]),
        ("ACME", &[1]),
        ("straße", &[2, 7]),
        ("strasse", &[7]),
        ("οδοσ", &[3]),
        ("οδος", &[]),
        ("plain  name", &[6]),
        ("name", &[6]),
    ] {
        let mut found = find(search).await;
        found.sort_unstable();
        assert_eq!(found, expected, "before: {search}");
    }
    assert_eq!(store.count_named(installation(1), &name("straße"), key_id(0)).await.unwrap(), 2);
    assert!(store.fold_some_anew(uuid::Uuid::nil()).await.unwrap().is_some());
    assert_eq!(store.fold_some_anew(uuid::Uuid::nil()).await.unwrap(), None);
    for (search, expected) in [
        ("crm acme", &[1][..]),
        ("acme\u{a0}crm", &[1]),
        ("strasse", &[2, 7]),
        ("straße", &[2, 7]),
        ("οδοσ", &[3]),
        ("οδός", &[3]),
        ("istanbul", &[4]),
        ("ISTANBUL", &[4]),
        ("plain name", &[6]),
        ("", &[1, 2, 3, 4, 5, 6, 7]),
    ] {
        let mut found = find(search).await;
        found.sort_unstable();
        assert_eq!(found, expected, "after: {search}");
    }
    // What is shown stays as it was, and so does the version.
    for (number, text) in (1..).zip(old) {
        let key = store.key(installation(1), key_id(number)).await.unwrap().unwrap();
        assert_eq!((key.client_name().as_str(), key.version()), (text, 1));
    }
    assert_eq!(store.count_named(installation(1), &name("STRASSE"), key_id(0)).await.unwrap(), 2);
    assert_eq!(store.count_named(installation(1), &name("acme crm"), key_id(0)).await.unwrap(), 1);
}
