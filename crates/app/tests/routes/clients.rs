//! The page of clients, and the form of a ceiling, as forms without scripts.

use axum::http::StatusCode;
use domain::{Caller, CeilingOf, NewAdministrator, NewKey};
use model::{Actor, CeilingInfo, ClientName, Environment, PlainSecret, Role, SettingsPatch};

use crate::site::{HOST, HTML, OWN, PASSWORD, Site};

async fn operator(site: &Site) -> Caller {
    Caller::operator(site.keydesk.installation("default").await.unwrap().unwrap().id)
}

async fn issue(site: &Site, name: &str) {
    site.keydesk.issue(&operator(site).await, NewKey::of(SettingsPatch::name(name))).await.unwrap();
}

async fn ceiling(site: &Site, name: &str) -> CeilingInfo {
    let of = CeilingOf::Client(ClientName::parse(name).unwrap(), Environment::Live);
    site.keydesk.ceiling(&operator(site).await, of).await.unwrap()
}

const ROW: &str = "limits=own&rate_name=default&rate_calls=1,200&rate_window=1&rate_unit=m&rate_burst=100&rate_scopes=";

#[tokio::test]
async fn an_owner_sets_the_ceiling_of_a_client_without_scripts() {
    let site = Site::open().await;
    for name in ["Acme CRM", "ACME crm", "Beta"] {
        issue(&site, name).await;
    }
    let cookie = site.sign_in().await;
    let cookie = ("cookie", cookie.as_str());
    let list = site.ask("GET", "/clients", &[HOST, HTML, cookie]).await;
    assert_eq!(list.status, StatusCode::OK);
    assert!(list.text.contains("2 keys") && list.text.contains("1 key"), "{}", list.text);
    let found = site.ask("GET", "/clients?search=bet", &[HOST, HTML, cookie]).await.text;
    assert!(found.contains("Beta") && !found.to_lowercase().contains("acme"), "{found}");
    let none = site.ask("GET", "/clients?search=zzz", &[HOST, HTML, cookie]).await.text;
    assert!(none.contains("No clients match “zzz”"), "{none}");

    let path = "/clients/ceiling?client_name=Acme%20CRM&environment=live";
    let form = site.ask("GET", path, &[HOST, HTML, cookie]).await;
    assert!(form.text.contains("Ceiling of Acme CRM"), "{}", form.text);
    let saved = site.post(path, &[HOST, OWN, cookie], &format!("intent=save&version=0&{ROW}")).await;
    assert_eq!((saved.status, saved.header("location")), (StatusCode::SEE_OTHER, "/clients?done=saved"));
    let words: Vec<_> = ceiling(&site, "Acme CRM").await.rate_limits.iter().map(ToString::to_string).collect();
    assert_eq!(words, ["default=1200/60s,burst=100"]);
    let list = site.ask("GET", "/clients?done=saved", &[HOST, HTML, cookie]).await.text;
    assert!(
        list.contains("The ceiling is saved.") && list.contains("1,200 calls a minute, at most 100 at once"),
        "{list}"
    );
    let form = site.ask("GET", path, &[HOST, HTML, cookie]).await.text;
    assert!(form.contains("Up to 100 at once; then one every 0.05 s."), "{form}");

    // Sent again it changes nothing, and somebody else's change is told.
    assert_eq!(
        site.post(path, &[HOST, OWN, cookie], &format!("intent=save&version=0&{ROW}")).await.status,
        StatusCode::SEE_OTHER
    );
    let other = site.post(path, &[HOST, OWN, cookie], "intent=save&version=0&limits=own").await;
    assert_eq!(other.status, StatusCode::PRECONDITION_FAILED);
    assert!(other.text.contains("Somebody else has changed this ceiling"), "{}", other.text);
    for (wrong, said) in [
        ("limits=own&rate_name=A&rate_calls=1", "Rate limit 1 must have a name"),
        ("limits=own&quota_name=q&quota_calls=1&quota_period=day&quota_zone=Mars/Base", "is not a time zone"),
        ("limits=own&rate_name=a&rate_calls=1&rate_scopes=calls:fly", "There is no such scope: calls:fly"),
    ] {
        let refused = site.post(path, &[HOST, OWN, cookie], &format!("intent=save&version=1&{wrong}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(refused.text.contains(said), "{wrong}: {}", refused.text);
    }
    for wrong in ["environment=prod", "environment="] {
        let path = format!("/clients/ceiling?client_name=Acme%20CRM&{wrong}");
        let refused = site.post(&path, &[HOST, OWN, cookie], &format!("intent=save&version=1&{ROW}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{wrong} is no environment, and so not the live one");
    }
    assert_eq!(ceiling(&site, "acme crm").await.version, 1);
    let cleared = site.post(path, &[HOST, OWN, cookie], "intent=save&version=1&limits=own").await;
    assert_eq!(cleared.status, StatusCode::SEE_OTHER);
    assert!(ceiling(&site, "Acme CRM").await.ceiling().is_empty());
    let own = site.post("/clients/ceiling", &[HOST, OWN, cookie], &format!("intent=save&version=0&{ROW}")).await;
    assert_eq!(own.status, StatusCode::SEE_OTHER);
    let own = site.keydesk.ceiling(&operator(&site).await, CeilingOf::Installation).await.unwrap();
    assert_eq!((own.version, own.rate_limits.iter().len()), (1, 1));
}

#[tokio::test]
async fn a_manager_sees_ceilings_and_sets_none() {
    let site = Site::open().await;
    issue(&site, "Acme").await;
    let new = NewAdministrator {
        email: "mo@example.com".to_owned(),
        name: "Mo".to_owned(),
        role: Role::Manager,
        password: PlainSecret::new(PASSWORD.to_owned()),
    };
    site.keydesk.create_administrator(Actor::Operator, operator(&site).await.installation, new).await.unwrap();
    let form = format!("email=mo@example.com&password={}", PASSWORD.replace(' ', "+"));
    let signed = site.post("/login", &[HOST, OWN], &form).await;
    let cookie = signed.cookie().to_owned();
    let cookie = ("cookie", cookie.as_str());
    let list = site.ask("GET", "/clients", &[HOST, HTML, cookie]).await;
    assert!(list.status == StatusCode::OK && !list.text.contains("Edit ceiling"), "{}", list.text);
    let path = "/clients/ceiling?client_name=Acme&environment=live";
    assert_eq!(site.ask("GET", path, &[HOST, HTML, cookie]).await.status, StatusCode::FORBIDDEN);
    let refused = site.post(path, &[HOST, OWN, cookie], &format!("intent=save&version=0&{ROW}")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(ceiling(&site, "Acme").await.version, 0);
}

#[tokio::test]
async fn clients_are_paged_by_their_names() {
    let site = Site::open().await;
    for number in 0..120 {
        issue(&site, &format!("Client {number:03}")).await;
    }
    let cookie = site.sign_in().await;
    let mut path = "/clients".to_owned();
    let mut seen = Vec::new();
    for search in ["", "client"] {
        seen.clear();
        if !search.is_empty() {
            path = format!("/clients?search={search}");
        }
        loop {
            let page = site.ask("GET", &path, &[HOST, HTML, ("cookie", &cookie)]).await.text;
            let rows = page.split("<th scope=\"row\">").skip(1);
            seen.extend(rows.map(|row| row.split("Client ").nth(1).unwrap()[..3].parse::<u32>().unwrap()));
            let Some(next) =
                page.split("href=\"").find(|rest| rest.starts_with("/clients?") && rest.contains("Next page"))
            else {
                break;
            };
            path = next.split('"').next().unwrap().replace("&amp;", "&");
        }
        assert_eq!(seen, (0..120).collect::<Vec<_>>(), "{search:?}");
    }
}

#[tokio::test]
async fn limits_of_a_key_are_rows_without_scripts() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let headers = [HOST, OWN, ("cookie", cookie.as_str())];
    let listed = async |name: &str| {
        let query = model::ListQuery { search: name.to_owned(), ..model::ListQuery::default() };
        site.keydesk.list_all(&operator(&site).await, &query).await.unwrap().remove(0)
    };
    let texts = |key: &model::Key| key.settings.rate_limits.iter().map(ToString::to_string).collect::<Vec<_>>();
    let create = async |name: &str, limits: &str| {
        let form =
            format!("intent=create&client_name={name}&preset=live-widget&access=preset&settings=1&enabled=on&{limits}");
        assert_eq!(site.post("/keys", &headers, &form).await.status, StatusCode::SEE_OTHER, "{name}");
        listed(name).await
    };
    assert_eq!(texts(&create("Preset", "limits=preset&rate_name=&rate_calls=").await), ["default=1200/60s"]);
    assert_eq!(texts(&create("Early", "").await), ["default=1200/60s"]);
    assert_eq!(texts(&create("None", "limits=own&rate_name=&rate_calls=").await), [""; 0]);
    let own = create("Own", ROW).await;
    assert_eq!(texts(&own), ["default=1200/60s,burst=100"]);
    let page = format!("/keys/{}", own.id);
    let activity = format!("{page}/activity");
    let shown = site.ask("GET", &activity, &[HOST, HTML, headers[2]]).await.text;
    assert!(shown.contains("1,200 calls a minute, at most 100 at once"), "{shown}");
    let edit = "intent=save&version=1&client_name=Own&preset=live-widget&settings=1&enabled=on&scope=live:read&limits=own\
                &quota_name=daily&quota_calls=0&quota_period=day&quota_zone=&quota_scopes=";
    assert_eq!(site.post(&page, &headers, edit).await.status, StatusCode::SEE_OTHER);
    let edited = listed("Own").await;
    let quotas: Vec<_> = edited.settings.quotas.iter().map(ToString::to_string).collect();
    assert_eq!((texts(&edited), quotas), (vec![], vec!["daily=0/day".to_owned()]));
    let history = site.ask("GET", &activity, &[HOST, HTML, headers[2]]).await.text;
    assert!(history.contains("0 calls a day") && history.contains("<dt>Rate limits"), "{history}");
}
