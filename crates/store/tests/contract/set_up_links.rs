use store::{StoredSetUpLink, on_both_databases, testing::TestDatabase};

use crate::fixture::{at, installation, two_installations};

on_both_databases!(an_installation_has_one_set_up_link);

async fn an_installation_has_one_set_up_link(database: TestDatabase) {
    let store = two_installations(&database).await;
    let link = |number, byte, made| StoredSetUpLink {
        installation: installation(number),
        random: [byte; 32],
        made_at: at(made),
    };
    assert_eq!(store.set_up_link(installation(1)).await.unwrap(), None);
    let mut change = store.change().await.unwrap();
    for new in [link(1, 1, 10), link(2, 2, 20), link(1, 3, 30)] {
        change.put_set_up_link(&new).await.unwrap();
        assert_eq!(change.set_up_link(new.installation).await.unwrap(), Some(new));
    }
    change.commit().await.unwrap();
    assert_eq!(store.set_up_link(installation(1)).await.unwrap(), Some(link(1, 3, 30)));
    let mut all = store.set_up_links().await.unwrap();
    all.sort_by_key(|link| link.made_at.as_millis());
    assert_eq!(all, [link(2, 2, 20), link(1, 3, 30)]);
    let mut change = store.change().await.unwrap();
    change.end_set_up_links().await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.set_up_links().await.unwrap(), []);
}
