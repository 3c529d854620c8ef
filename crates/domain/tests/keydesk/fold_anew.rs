use model::{ListQuery, fold_name_before};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{DONE, TestKeydesk, within};

on_both_databases!(names_of_an_earlier_release_are_folded_anew_in_the_background);

/// More than a batch of them, with other names between.
async fn names_of_an_earlier_release_are_folded_anew_in_the_background(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let names =
        |number: usize| if number.is_multiple_of(2) { format!("Straße {number}") } else { format!("Weg {number}") };
    let new = (0..500).map(|number| crate::test_keydesk::new_key(&names(number))).collect();
    let issued = desk.keydesk.issue_many(&desk.operator, new).await.unwrap();
    let mut raw = desk.database.raw().await;
    for one in &issued {
        let (id, folded) = (raw.id(one.key.id.0), fold_name_before(one.key.settings.client_name.as_str()));
        let set = format!("client_name_folded = '{folded}', fold_version = 1");
        raw.execute(&format!("UPDATE api_key SET {set} WHERE id = {id}")).await.unwrap();
    }
    let found = async |search: &str| {
        let query = ListQuery { search: search.to_owned(), limit: 1, ..ListQuery::default() };
        desk.keydesk.list(&desk.operator, &query).await.unwrap().total
    };
    assert_eq!((found("straße").await, found("strasse").await), (250, 0));
    let background = desk.keydesk.start();
    within(DONE, "all are folded anew", async || found("strasse").await == 250 && found("straße").await == 250).await;
    assert_eq!((found("4 STRASSE").await, found("weg").await), (106, 250));
    background.stop().await;
    let versions = "SELECT COUNT(*) FROM api_key WHERE kind = 'issued' AND fold_version = 4";
    assert_eq!(raw.number(versions).await, 500);
}
