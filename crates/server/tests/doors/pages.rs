//! Pages and the API in one server.

use axum::http::Method;
use store::testing::TestDatabase;

use crate::support::{FULL, TestApp};

#[tokio::test]
async fn people_get_pages_and_programs_get_problems() {
    let database = TestDatabase::sqlite().await;
    let app = TestApp::new(&database).await;
    let html = [("accept", "text/html,application/xhtml+xml")];
    let home = app.anonymous().call(Method::GET, "/", None, &html).await;
    assert_eq!(home.status, 200);
    assert!(home.text().contains("Keydesk is not set up yet"));
    let nowhere = app.anonymous().call(Method::GET, "/nothing", None, &html).await;
    assert_eq!((nowhere.status.as_u16(), nowhere.header("content-type")), (404, "text/html; charset=utf-8"));
    let nowhere = app.anonymous().call(Method::GET, "/api/nothing", None, &html).await;
    assert_eq!(nowhere.refusal(), (404, "not_found".to_owned()));
    for path in ["/", "/api/v1/keys", "/api/docs", "/nothing", "/healthz"] {
        assert_eq!(app.anonymous().get(path).await.header("x-request-id").len(), 36, "{path}");
    }
}

#[tokio::test]
async fn server_functions_take_no_keys() {
    let database = TestDatabase::sqlite().await;
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let form = [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];
    let answer = client.call(Method::POST, "/api/_fn/who", None, &form).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
}
