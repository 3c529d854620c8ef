//! What one person, or somebody whom nobody knows, may send and ask for at once.

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
};
use futures::FutureExt as _;

use crate::site::{DRAWN_FOR, HOST, HTML, OWN, Site};

/// A body that never comes.
fn never() -> Body {
    Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>())
}

#[tokio::test]
async fn a_long_search_is_refused_with_a_sentence() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let who = site.signed_in(&[("cookie", &cookie)]).await.unwrap();
    for (length, status) in [(200, 200), (201, 422), (900_000, 422)] {
        let call = format!(
            "{{\"filter\":{{\"search\":\"{}\",\"sort\":\"client_name\",\"status\":null,\"environment\":null,\"preset\":null,\
             \"expiring\":false}},\"cursor\":null,\"limit\":50}}",
            "a".repeat(length)
        );
        let headers = [HOST, OWN, ("cookie", &cookie), ("content-type", "application/json"), (DRAWN_FOR, &who)];
        let answer = site.send("POST", "/api/_fn/list_keys", &headers, Body::from(call)).await;
        assert_eq!(answer.status.as_u16(), status, "{length}: {}", answer.text);
        assert!(status == 200 || answer.text.contains("at most 200 characters"), "{}", answer.text);
    }
    for (length, status) in [(200, 200), (201, 422), (60_000, 422)] {
        let path = format!("/keys?search={}", "a".repeat(length));
        let page = site.ask("GET", &path, &[HOST, HTML, ("cookie", &cookie)]).await;
        assert_eq!(page.status.as_u16(), status, "{length}");
        assert_eq!(page.text.contains("at most 200 characters"), status == 422, "{}", page.text);
    }
}

#[tokio::test]
async fn a_session_gets_no_more_at_once_by_other_cookies_beside_its_own() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let (name, _) = cookie.split_once('=').unwrap();
    let cookies: Vec<_> = (0..36).map(|number| format!("{name}=other{number}; {cookie}")).collect();
    let form = ("content-type", "application/x-www-form-urlencoded");
    let headers: Vec<_> = cookies.iter().map(|cookies| [HOST, OWN, ("cookie", cookies), form]).collect();
    let mut under_way: Vec<_> =
        headers.iter().map(|headers| Box::pin(site.send("POST", "/keys", headers, never()))).collect();
    assert!(under_way.iter_mut().all(|request| request.now_or_never().is_none()));
    let refused = site.ask("GET", "/keys", &[HOST, HTML, ("cookie", &cookie)]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_session_that_asks_for_too_much_at_once_is_told_so_and_others_are_not() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let headers = [HOST, OWN, ("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let mut under_way: Vec<_> = (0..36).map(|_| Box::pin(site.send("POST", "/keys", &headers, never()))).collect();
    assert!(under_way.iter_mut().all(|request| request.now_or_never().is_none()));
    // The others go on meanwhile: one that has asked the database something lets go of it.
    let others = async {
        let before = app::refused_turns();
        let refused = site.ask("GET", "/keys", &[HOST, HTML, ("cookie", &cookie)]).await;
        assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "1"));
        assert!(refused.text.contains("too_much"), "{}", refused.text);
        assert!(app::refused_turns() > before);
        assert_eq!(site.ask("GET", "/login", &[HOST, HTML]).await.status, StatusCode::OK);
        let another = [HOST, HTML, ("cookie", "__Host-keydesk=another")];
        assert_eq!(site.ask("GET", "/keys", &another).await.status, StatusCode::SEE_OTHER);
    };
    tokio::select! {
        _ = futures::future::join_all(under_way) => panic!("a body that never comes was answered"),
        () = others => {}
    }
    assert_eq!(site.ask("GET", "/keys", &[HOST, HTML, ("cookie", &cookie)]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn only_a_few_long_bodies_come_at_once_and_short_ones_always() {
    let site = Site::open().await;
    site.add_owner().await;
    let headers = [HOST, OWN, ("content-type", "application/x-www-form-urlencoded")];
    let mut under_way: Vec<_> = (0..64).map(|_| Box::pin(site.send("POST", "/login", &headers, never()))).collect();
    assert!(under_way.iter_mut().all(|request| request.now_or_never().is_none()));
    let long = format!("email=ada@example.com&password={}", "a".repeat(65 * 1024));
    let refused = site.send("POST", "/login", &headers, Body::from(long)).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let short = "email=ada@example.com&password=correct+horse+battery";
    assert_eq!(site.send("POST", "/login", &headers, Body::from(short)).await.status, StatusCode::SEE_OTHER);
}
