//! The second step of a sign-in at each door: the page without scripts, the function that scripts call, a form that was kept, and a link
//! for a new password.

use axum::{body::Body, http::StatusCode};
use domain::{InstallationPatch, Session};
use model::{Actor, PlainSecret, RequiredSecondFactor};
use totp_rs::{Builder, Secret};

use crate::site::{Answer, DRAWN_FOR, HOST, HTML, OWN, PASSWORD, Site};

const CREDENTIALS: &str = "email=ada@example.com&password=correct+horse+battery";
const MINUTE: i64 = 60 * 1000;

/// The code that an app shows now.
pub(crate) fn code_of(site: &Site, app: &str) -> String {
    let secret = Secret::try_from_base32(app).unwrap();
    let seconds = u64::try_from(site.keydesk.now().as_millis() / 1_000).unwrap();
    Builder::new().with_secret(secret).build().unwrap().generate(seconds).to_string()
}

/// The session of this cookie.
pub(crate) async fn session(site: &Site, cookie: &str) -> Session {
    site.keydesk.session(cookie.split_once('=').unwrap().1).await.unwrap().unwrap()
}

/// Gives whoever is signed in with this cookie an app. Returns their recovery codes.
pub(crate) async fn with_app(site: &Site, cookie: &str) -> Vec<String> {
    let session = session(site, cookie).await;
    let app = site.keydesk.new_app(&session);
    let code = PlainSecret::new(code_of(site, app.secret.expose()));
    let codes = site.keydesk.add_app(&session, app.ticket.expose(), &code).await.unwrap();
    codes.iter().map(|code| code.expose().to_owned()).collect()
}

/// The value of a hidden field.
fn field<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split('"').next().unwrap()
}

fn is_signed_in(answer: &Answer) -> bool {
    answer.status == StatusCode::SEE_OTHER && answer.header("set-cookie").contains("keydesk")
}

#[tokio::test]
async fn the_second_step_is_a_page_without_scripts() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let codes = with_app(&site, &cookie).await;
    let first = site.post("/login", &[HOST, OWN, HTML], &format!("{CREDENTIALS}&next=/keys?search=a")).await;
    assert_eq!((first.status, first.header("set-cookie")), (StatusCode::OK, ""), "{}", first.text);
    assert!(first.text.contains("Second step") && !first.text.contains("correct horse"), "{}", first.text);
    assert!(first.text.contains("name=\"proof_code\"") && !first.text.contains("name=\"proof_password\""));
    let step = field(&first.text, "proof_step").to_owned();
    let post = async |code: &str| {
        let form = format!("proof_step={step}&next=/keys?search=a&proof_code={code}");
        site.post("/login/second", &[HOST, OWN, HTML], &form).await
    };
    for (code, words) in [("000000", "This code is not right, or was used before."), ("", "Fill one of the fields in.")]
    {
        let wrong = post(code).await;
        assert!(wrong.text.contains(words) && wrong.header("set-cookie").is_empty(), "{}", wrong.text);
        assert!(wrong.status.is_client_error() && field(&wrong.text, "proof_step") == step, "{}", wrong.text);
        assert_eq!(field(&wrong.text, "next"), "/keys?search=a");
    }
    let signed_in = post(&codes[0]).await;
    assert!(is_signed_in(&signed_in), "{}", signed_in.text);
    assert_eq!(signed_in.header("location"), "/keys?search=a");
    assert!(!is_signed_in(&post(&codes[0]).await), "it was used");
    site.clock.pass(10 * MINUTE);
    let over = post(&codes[1]).await;
    assert_eq!(over.header("location"), "/login?next=/keys%3Fsearch%3Da&refused=sign_in_over");
    let page = site.ask("GET", over.header("location"), &[HOST, HTML]).await;
    assert!(page.text.contains("That took too long. Please sign in again."), "{}", page.text);
    assert_eq!(site.ask("GET", "/login/second", &[HOST, HTML]).await.header("location"), "/login");
}

#[tokio::test]
async fn scripts_are_given_the_fields_of_the_second_step() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let codes = with_app(&site, &cookie).await;
    let call = async |function: &str, body: serde_json::Value| {
        let headers = [HOST, OWN, ("content-type", "application/json")];
        site.send("POST", &format!("/api/_fn/{function}"), &headers, Body::from(body.to_string())).await
    };
    let credentials = serde_json::json!({"email": "ada@example.com", "password": PASSWORD});
    let first = call("sign_in", credentials.clone()).await;
    assert_eq!((first.status, first.header("set-cookie")), (StatusCode::OK, ""), "{}", first.text);
    let step: serde_json::Value = serde_json::from_str(&first.text).unwrap();
    assert!(step["fields"].as_str().unwrap().contains("name=\"proof_code\""), "{step}");
    let second = |code: &str| serde_json::json!({"token": step["token"], "given": {"proof_code": code}});
    let wrong = call("sign_in_second", second("000000")).await;
    assert_eq!((wrong.status, wrong.text.as_str()), (StatusCode::UNAUTHORIZED, r#"{"admin":"wrong_code"}"#));
    let right = call("sign_in_second", second(&codes[0])).await;
    assert_eq!(right.status, StatusCode::OK, "{}", right.text);
    let page = site.ask("GET", "/keys", &[HOST, HTML, ("cookie", right.cookie())]).await;
    assert_eq!(page.status, StatusCode::OK);
    let forged = serde_json::json!({"token": "forged", "given": {"proof_code": codes[1]}});
    assert_eq!(call("sign_in_second", forged).await.text, r#"{"admin":"sign_in_over"}"#);
}

#[tokio::test]
async fn a_form_is_kept_through_both_steps() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let codes = with_app(&site, &cookie).await;
    let person = site.signed_in(&[("cookie", &cookie)]).await.unwrap();
    let path = format!("/clients/ceiling?client_name=Acme&environment=live&for={person}");
    let send = async |form: String| {
        let headers =
            [HOST, OWN, HTML, ("cookie", "keydesk=gone"), ("content-type", "application/x-www-form-urlencoded")];
        site.send("POST", &path, &headers, Body::from(form)).await
    };
    let row = "limits=own&rate_name=default&rate_calls=77&rate_window=1&rate_unit=m&rate_burst=&rate_scopes=";
    let asked = send(format!("intent=save&version=0&{row}")).await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    // The address says whose ceiling it is.
    assert!(asked.text.contains("client_name=Acme&amp;environment=live"), "{}", asked.text);
    let kept = format!("resume_intent=save&version=0&{row}");
    let first = send(format!("{kept}&resume_email=ada@example.com&resume_password=correct+horse+battery")).await;
    assert!(first.text.contains("Second step") && first.header("set-cookie").is_empty(), "{}", first.text);
    assert!(first.text.contains("value=\"77\"") && !first.text.contains("correct horse"), "{}", first.text);
    let step = field(&first.text, "proof_step").to_owned();
    let wrong = send(format!("{kept}&proof_step={step}&proof_code=000000")).await;
    assert!(wrong.text.contains("This code is not right") && wrong.text.contains("value=\"77\""), "{}", wrong.text);
    let right = send(format!("{kept}&proof_step={step}&proof_code={}", codes[0])).await;
    assert_eq!(right.status, StatusCode::OK, "{}", right.text);
    assert!(right.header("set-cookie").contains("keydesk") && right.text.contains("Ceiling of Acme"), "{}", right.text);
    assert!(right.text.contains("value=\"77\"") && !right.text.contains(&codes[0]), "{}", right.text);
}

#[tokio::test]
async fn a_link_for_a_new_password_leads_to_the_second_step() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let codes = with_app(&site, &cookie).await;
    let operator = domain::Caller::operator(site.keydesk.installation("default").await.unwrap().unwrap().id);
    let link = site.keydesk.reset_password(&operator, "ada@example.com").await.unwrap();
    let form = format!("code={}&password=another+horse+battery", link.token.expose());
    let set = site.post("/reset", &[HOST, OWN, HTML], &form).await;
    assert!(set.text.contains("Second step") && set.header("set-cookie").is_empty(), "{}", set.text);
    assert!(!set.text.contains(link.token.expose()), "{}", set.text);
    let step = field(&set.text, "proof_step");
    let form = format!("proof_step={step}&next=/keys&proof_code={}", codes[0]);
    assert!(is_signed_in(&site.post("/login/second", &[HOST, OWN, HTML], &form).await));
}

#[tokio::test]
async fn whoever_lacks_a_second_factor_that_is_asked_of_them_is_led_to_their_account() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let patch = InstallationPatch {
        required_second_factor: Some(RequiredSecondFactor::Owners),
        ..InstallationPatch::default()
    };
    site.keydesk.set_installation(Actor::Operator, "default", patch).await.unwrap();
    let headers = [HOST, HTML, ("cookie", cookie.as_str())];
    for page in ["/keys", "/usage", "/clients", "/audit", "/webhooks", "/administrators", "/keys/nothing"] {
        let answer = site.ask("GET", page, &headers).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/account?due"), "{page}");
    }
    let page = site.ask("GET", "/account?due", &headers).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Your installation asks you for a second factor."), "{}", page.text);
    let own = [HOST, OWN, HTML, ("cookie", cookie.as_str())];
    let refused = site.post("/administrators", &own, "intent=invite&email=e@example.com&name=E&role=owner").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    let who = site.signed_in(&[("cookie", &cookie)]).await.unwrap();
    let page = r#"{"filter":{"search":"","sort":"client_name","status":null,"environment":null,"preset":null,"expiring":false},
        "cursor":null,"limit":50}"#;
    let script = [HOST, OWN, ("cookie", &cookie), ("content-type", "application/json"), (DRAWN_FOR, &who)];
    let call = site.send("POST", "/api/_fn/list_keys", &script, Body::from(page)).await;
    assert_eq!(call.status, StatusCode::FORBIDDEN, "{}", call.text);
    assert!(!site.ask("GET", "/keys.csv", &headers).await.status.is_success());
    with_app(&site, &cookie).await;
    assert_eq!(site.ask("GET", "/keys", &headers).await.status, StatusCode::OK);
}
