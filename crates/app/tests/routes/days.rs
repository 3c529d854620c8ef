//! Whose days a form means, and the table of the list.

use axum::http::StatusCode;
use domain::{Caller, InstallationPatch, NewKey};
use model::{Actor, ListQuery, SettingsPatch};

use crate::site::{HOST, HTML, OWN, Site};

const ZONE: &str = "America/Los_Angeles";

/// A site whose installation is in Los Angeles, its operator, and the cookie of a signed-in administrator.
async fn in_los_angeles() -> (Site, Caller, String) {
    let site = Site::open().await;
    let patch = InstallationPatch { time_zone: ZONE.parse().ok(), ..InstallationPatch::default() };
    let installation = site.keydesk.set_installation(Actor::Operator, "default", patch).await.unwrap();
    let cookie = site.sign_in().await;
    (site, Caller::operator(installation.id), cookie)
}

async fn end_of(site: &Site, caller: &Caller, name: &str) -> Option<String> {
    let query = ListQuery { search: name.to_owned(), ..ListQuery::default() };
    let keys = site.keydesk.list(caller, &query).await.unwrap().items;
    keys[0].settings.expires_at.map(|at| at.to_string())
}

#[tokio::test]
async fn a_day_is_that_of_the_forms_zone_and_the_page_says_whose() {
    let (site, caller, cookie) = in_los_angeles().await;
    // A header of its own, as HTTP/2 allows: the first names the person.
    let cookie = ("cookie", cookie.as_str());
    for (name, brought, told, place, end) in [
        ("Home", "", "", "Los Angeles", "2031-01-01T08:00:00.000Z"),
        ("Form", "", "Pacific/Kiritimati", "Los Angeles", "2030-12-31T10:00:00.000Z"),
        ("Unknown", "time_zone=Mars/Base", "", "Los Angeles", "2031-01-01T08:00:00.000Z"),
        ("Cookie", "time_zone=Australia/Sydney", "Australia/Sydney", "Sydney", "2030-12-31T13:00:00.000Z"),
    ] {
        let headers = [HOST, cookie, ("cookie", brought)];
        let asked = format!("/keys?new&preset=crm&client_name={name}&expires_at=2030-12-31");
        let page = site.ask("GET", &asked, &[&headers[..], &[HTML]].concat()).await.text;
        assert!(page.contains(&format!("Stops 31 Dec 2030, 23:59, {place}")), "{name}: {page}");
        let form = format!(
            "intent=create&client_name={name}&preset=crm&settings=1&enabled=on&expires=date&expires_on=2030-12-31&time_zone={told}"
        );
        let answer = site.post("/keys", &[&headers[..], &[OWN]].concat(), &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{name}");
        assert_eq!(end_of(&site, &caller, name).await.as_deref(), Some(end), "{name}");
    }
}

#[tokio::test]
async fn a_zone_that_nobody_knows_is_refused_in_words() {
    let (site, _, cookie) = in_los_angeles().await;
    let form =
        "intent=create&client_name=Acme&preset=crm&settings=1&expires=date&expires_on=2030-12-31&time_zone=Mars/Base";
    let answer = site.post("/keys", &[HOST, OWN, ("cookie", &cookie)], form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("Keydesk does not know your browser's time zone “Mars/Base”"), "{}", answer.text);
}

#[tokio::test]
async fn an_end_that_nobody_touches_stays_to_the_millisecond() {
    let (site, caller, cookie) = in_los_angeles().await;
    let end = "2030-06-30T12:34:56.789Z".parse().unwrap();
    let new = NewKey::of(SettingsPatch { expires_at: Some(Some(end)), ..SettingsPatch::name("Acme") });
    let id = site.keydesk.issue(&caller, new).await.unwrap().key.id;
    let headers = [HOST, ("cookie", cookie.as_str()), ("cookie", "time_zone=Pacific/Kiritimati")];
    let page = site.ask("GET", &format!("/keys/{id}?edit"), &[&headers[..], &[HTML]].concat()).await.text;
    assert!(page.contains("On 1 Jul 2030, 02:34, Kiritimati (no change)"), "{page}");
    assert!(page.contains("value=\"2030-06-30T12:34:56.789Z\" selected"), "{page}");
    let form = format!(
        "intent=save&id={id}&version=1&settings=1&enabled=on&preset=custom&client_name=Beta&expires={end}\
         &expires_on=&time_zone=Pacific/Kiritimati"
    );
    let saved = site.post(&format!("/keys/{id}"), &[&headers[..], &[OWN]].concat(), &form).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    assert_eq!(end_of(&site, &caller, "Beta").await, Some(end.to_string()));
}

#[tokio::test]
async fn the_table_is_named_by_the_readers_day_and_is_no_page() {
    let (site, _, cookie) = in_los_angeles().await;
    let table = async |cookie: &str, query: &str| {
        site.ask("GET", &format!("/keys.csv{query}"), &[HOST, HTML, ("cookie", cookie)]).await
    };
    let today = |zone: &str| {
        let zone: model::TimeZone = zone.parse().unwrap();
        zone.day(site.keydesk.now()).to_string()
    };
    let found = table(&cookie, "?search=Acme,%20Ltd&status=disabled").await;
    let name = format!("attachment; filename=\"api-keys-{}-disabled-search-acme-ltd.csv\"", today(ZONE));
    assert_eq!((found.status, found.header("content-disposition")), (StatusCode::OK, name.as_str()));
    assert!(found.text.starts_with("\u{feff}client_name,"), "{}", found.text);
    let far = table(&format!("{cookie}; time_zone=Pacific/Kiritimati"), "").await;
    assert!(far.header("content-disposition").contains(&today("Pacific/Kiritimati")));
    // Without a session: the sign-in, and from there the list, as it was filtered and without anything that may be a key.
    let key = "ccc_live_7QfxA1b2C3d4E5f6G7h8I9j0K1l2M3n4c2Xa";
    for (query, next) in [
        ("", "/keys".to_owned()),
        ("?search=acme&status=expiring&for=x", "/keys%3Fsearch%3Dacme%26status%3Dexpiring".to_owned()),
    ] {
        for cookie in ["", "__Host-keydesk=over"] {
            let answer = table(cookie, query).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{query}");
            assert_eq!(answer.header("location"), format!("/login?next={next}"), "{query}");
            assert_eq!(answer.header("content-disposition"), "");
        }
    }
    let answer = table("", &format!("?search={key}")).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/keys?lookup=address"));
}
