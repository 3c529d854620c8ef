use model::OriginPattern;
use store::{on_both_databases, testing::TestDatabase};

use crate::fixture::{at, two_installations};

on_both_databases!(an_origin_is_known_until_its_last_token_ends);

async fn an_origin_is_known_until_its_last_token_ends(database: TestDatabase) {
    let store = two_installations(&database).await;
    let [shop, other] =
        ["https://shop.example", "https://*.other.example"].map(|text| text.parse::<OriginPattern>().unwrap());
    let known = async |ms: i64| {
        let mut known: Vec<_> = store.token_origins(at(ms)).await.unwrap().iter().map(ToString::to_string).collect();
        known.sort();
        known
    };
    assert!(known(0).await.is_empty());
    store.note_token_origin(&shop, at(100), at(1)).await.unwrap();
    store.note_token_origin(&other, at(50), at(2)).await.unwrap();
    store.note_token_origin(&shop, at(60), at(3)).await.unwrap();
    assert_eq!(known(49).await, ["https://*.other.example", "https://shop.example"]);
    assert_eq!(known(50).await, ["https://shop.example"]);
    assert_eq!(known(99).await, ["https://shop.example"], "an earlier end takes nothing back");
    store.note_token_origin(&other, at(200), at(150)).await.unwrap();
    assert_eq!(known(0).await, ["https://*.other.example"], "what has ended is removed");
}
