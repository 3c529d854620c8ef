//! The settings of an installation, as a form without scripts.

use axum::http::StatusCode;
use domain::{Caller, NewAdministrator, NewKey};
use model::{Actor, KeyError, LeakRule, PlainSecret, RequiredSecondFactor, Role, SettingsPatch};

use crate::site::{HOST, HTML, OWN, PASSWORD, Site};

const SAME: &str =
    "intent=save&title=Contact+centre&time_zone=UTC&contact=&secrets=kept&longest_life_days=&default_preset=";

#[tokio::test]
async fn an_owner_sets_everything_in_one_form() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let cookie = ("cookie", cookie.as_str());
    let page = site.ask("GET", "/settings", &[HOST, HTML, cookie]).await;
    assert_eq!(page.status, StatusCode::OK);
    for wanted in [
        "for=\"title\">Title<",
        "for=\"time-zone\">Time zone<",
        "for=\"contact\">Contact<",
        "for=\"longest-life\">Longest life of keys, in days<",
        "for=\"default-preset\">Default preset<",
        "for=\"second-factor\">Second factor of<",
        "for=\"leak-rule\">Leaked keys<",
        "value=\"Contact centre\"",
        "<option value=\"Europe/Zurich\">",
        "href=\"/settings\"",
    ] {
        assert!(page.text.contains(wanted), "{wanted}: {}", page.text);
    }
    let form = "intent=save&version=1&title=Acme+Desk&time_zone=europe%2Fzurich&contact=the+Service+Desk.&secrets=kept\
                &longest_life_days=90&default_preset=crm";
    let saved = site.post("/settings", &[HOST, OWN, cookie], form).await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (StatusCode::SEE_OTHER, "/settings?done=saved"),
        "{}",
        saved.text
    );
    let page = site.ask("GET", "/settings?done=saved", &[HOST, HTML, cookie]).await.text;
    for wanted in [
        "The settings are saved.",
        "Acme Desk",
        "Europe/Zurich",
        "the Service Desk",
        "value=\"90\"",
        "name=\"version\" value=\"2\"",
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    // The form of a new key follows: what it begins with, and when a key must end.
    let list = site.ask("GET", "/keys?new", &[HOST, HTML, cookie]).await.text;
    assert!(
        list.contains("data-preset=\"crm\"") && list.contains("Keys of this installation end within 90 days."),
        "{list}"
    );
    // So does the form on the page of a key.
    let operator = Caller::operator(site.keydesk.installation("default").await.unwrap().unwrap().id);
    let key = site.keydesk.issue(&operator, NewKey::of(SettingsPatch::name("Acme"))).await.unwrap().key;
    let own = site.ask("GET", &format!("/keys/{}", key.id), &[HOST, HTML, cookie]).await.text;
    assert!(own.contains("Keys of this installation end within 90 days."), "{own}");
    // Sent again it changes nothing; an older form replaces nothing.
    assert_eq!(site.post("/settings", &[HOST, OWN, cookie], form).await.status, StatusCode::SEE_OTHER);
    let older = site.post("/settings", &[HOST, OWN, cookie], &format!("version=1&{SAME}")).await;
    assert_eq!(older.status, StatusCode::PRECONDITION_FAILED);
    assert!(
        older.text.contains("Somebody else has changed the settings")
            && older.text.contains("value=\"Contact centre\"")
    );
    assert!(older.text.contains("name=\"version\" value=\"2\""), "saved again it is meant: {}", older.text);
    let now = site.keydesk.installation("default").await.unwrap().unwrap();
    assert_eq!((now.title.as_str(), now.time_zone.to_string().as_str()), ("Acme Desk", "Europe/Zurich"));
}

#[tokio::test]
async fn what_is_wrong_is_told_beside_its_field_and_nothing_is_saved() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let cookie = ("cookie", cookie.as_str());
    for (form, wanted) in [
        (SAME.replace("UTC", "Mars%2FBase"), "is not a time zone that Keydesk knows"),
        (SAME.replace("title=Contact+centre", "title=+"), "title is 1 to 100 visible characters."),
        (SAME.replace("contact=", &format!("contact={}", "a".repeat(201))), "1 to 200 visible characters"),
        (SAME.replace("longest_life_days=", "longest_life_days=0"), "a whole number of days from 1 to 36500"),
        (SAME.replace("default_preset=", "default_preset=teleport"), "a preset is one of crm"),
        (format!("{SAME}&required_second_factor=all"), "a second factor is required of none, owners or everyone."),
        (format!("{SAME}&leak_rule=forget"), "a rule for leaked keys is notify, disable or revoke."),
    ] {
        let refused = site.post("/settings", &[HOST, OWN, cookie], &format!("version=1&{form}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(refused.text.contains(wanted) && refused.text.contains("aria-invalid=\"true\""), "{}", refused.text);
    }
    assert_eq!(site.post("/settings", &[HOST, OWN, cookie], SAME).await.status, StatusCode::BAD_REQUEST, "no version");
    assert_eq!(site.keydesk.installation("default").await.unwrap().unwrap().settings_version, 1);
}

#[tokio::test]
async fn copies_are_erased_only_when_that_was_asked_for_twice() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let cookie = ("cookie", cookie.as_str());
    let operator = Caller::operator(site.keydesk.installation("default").await.unwrap().unwrap().id);
    let key = site.keydesk.issue(&operator, NewKey::of(SettingsPatch::name("Acme"))).await.unwrap().key;
    let once = format!("version=1&{}", SAME.replace("secrets=kept", "secrets=once"));
    let asked = site.post("/settings", &[HOST, OWN, cookie], &once).await;
    assert_eq!(asked.status, StatusCode::CONFLICT);
    assert!(asked.text.contains("Save again to erase them.") && asked.text.contains("name=\"erase\" value=\"yes\""));
    assert!(site.keydesk.reveal(&operator, key.id).await.is_ok(), "nothing was erased");
    let meant = site.post("/settings", &[HOST, OWN, cookie], &format!("{once}&erase=yes")).await;
    assert_eq!(meant.status, StatusCode::SEE_OTHER);
    assert_eq!(site.keydesk.reveal(&operator, key.id).await.map(drop), Err(KeyError::NotRecoverable));
}

#[tokio::test]
async fn an_owner_says_who_must_have_a_second_factor_and_sets_one_up_first() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let cookie = ("cookie", cookie.as_str());
    let form = format!("version=1&{SAME}&required_second_factor=owners");
    assert_eq!(site.post("/settings", &[HOST, OWN, cookie], &form).await.status, StatusCode::SEE_OTHER);
    let required = async || site.keydesk.installation("default").await.unwrap().unwrap().required_second_factor;
    assert_eq!(required().await, RequiredSecondFactor::Owners);
    for path in ["/", "/keys", "/settings"] {
        let led = site.ask("GET", path, &[HOST, HTML, cookie]).await;
        assert_eq!((led.status, led.header("location")), (StatusCode::SEE_OTHER, "/account?due"), "{path}");
    }
    let back = format!("version=2&{SAME}&required_second_factor=none");
    assert_eq!(site.post("/settings", &[HOST, OWN, cookie], &back).await.status, StatusCode::FORBIDDEN);
    assert_eq!(required().await, RequiredSecondFactor::Owners, "nothing else is open to them");
}

#[tokio::test]
async fn an_owner_says_what_becomes_of_leaked_keys() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let cookie = ("cookie", cookie.as_str());
    let rule = async || site.keydesk.installation("default").await.unwrap().unwrap().leak_rule;
    let form = format!("version=1&{SAME}&leak_rule=revoke");
    assert_eq!(site.post("/settings", &[HOST, OWN, cookie], &form).await.status, StatusCode::SEE_OTHER);
    assert_eq!(rule().await, LeakRule::Revoke);
    let page = site.ask("GET", "/settings", &[HOST, HTML, cookie]).await.text;
    assert!(page.contains("<option value=\"revoke\" selected"), "{page}");
    // A form that was drawn before leaves it as it is.
    let older = format!("version=2&{}", SAME.replace("Contact+centre", "Ours"));
    assert_eq!(site.post("/settings", &[HOST, OWN, cookie], &older).await.status, StatusCode::SEE_OTHER);
    assert_eq!(rule().await, LeakRule::Revoke);
}

#[tokio::test]
async fn nobody_but_owners_sees_or_saves_them() {
    let site = Site::open().await;
    let default = site.keydesk.installation("default").await.unwrap().unwrap();
    assert_eq!(site.ask("GET", "/settings", &[HOST, HTML]).await.header("location"), "/login?next=/settings");
    for (role, name) in [(Role::Manager, "manager"), (Role::Viewer, "viewer")] {
        let email = format!("{name}@example.com");
        let password = PlainSecret::new(PASSWORD.to_owned());
        let new = NewAdministrator { email: email.clone(), name: name.to_owned(), role, password };
        site.keydesk.create_administrator(Actor::Operator, default.id, new).await.unwrap();
        let form = format!("email={email}&password=correct+horse+battery");
        let cookie = site.post("/login", &[HOST, OWN], &form).await.cookie().to_owned();
        let cookie = ("cookie", cookie.as_str());
        let page = site.ask("GET", "/settings", &[HOST, HTML, cookie]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{name}");
        assert!(!page.text.contains("href=\"/settings\""), "it has no entry: {}", page.text);
        let saved = site.post("/settings", &[HOST, OWN, cookie], &format!("version=1&{SAME}")).await;
        assert_eq!(saved.status, StatusCode::FORBIDDEN, "{name}");
    }
    assert_eq!(site.keydesk.installation("default").await.unwrap().unwrap(), default);
}
