use contact_centre::objects::Outcome;
use serde_json::{Value, json};

use crate::support::{ALL, CRM, Door};

/// Case 11 of the design.
#[tokio::test]
async fn a_late_wrap_revises_the_intervals_that_it_touches_and_no_others() {
    let door = Door::open(4);
    // One that was handled in a quarter that is over for long.
    let call = door.leg(|leg| {
        let over = leg.closed_at.is_some_and(|closed| closed.as_millis() < 1_772_589_600_000 - 2_400_000);
        over && leg.outcome == Some(Outcome::Completed) && leg.queue_id.is_some() && leg.wrap.is_some()
    });
    let leg = door.get(ALL, &format!("/calls/{call}")).await;
    let (queue, cursor) = (leg["queue"]["id"].as_str().unwrap().to_owned(), {
        let page = door.get(ALL, "/wraps?limit=1").await;
        page["changes_cursor"].as_str().unwrap().to_owned()
    });
    let rows = async |more: &str| door.get(ALL, &format!("/metrics/queues?queue_id={queue}{more}")).await;
    let none = rows(&format!("&changed_since={cursor}")).await;
    assert_eq!(none["items"], json!([]));
    let put = |tag: &str, code: &str| {
        door.ask(CRM, "PUT", &format!("/calls/{call}/wrap"))
            .header("if-match", tag)
            .json(&json!({"code": code, "comments": "late"}))
            .send()
    };
    assert_eq!(put("\"7\"", "complaint").await.code(412), "version_moved");
    let told = put(&format!("\"{}\"", leg["wrap"]["revision"]), "complaint").await;
    assert_eq!(told.status, 200, "{}", told.text());
    let wrap = told.json();
    assert_eq!(
        (&wrap["late"], &wrap["code"], &wrap["by"]["key_id"]),
        (&json!(true), &json!("complaint"), &json!(crate::support::KEY))
    );
    assert_eq!(wrap["revision"], leg["wrap"]["revision"].as_u64().unwrap() + 1);
    let revised = rows(&format!("&changed_since={cursor}")).await;
    let revised = revised["items"].as_array().unwrap();
    // Where it was handled, and where the caller came: one quarter or two.
    let quarter = |text: &Value| {
        let ms = text.as_str().unwrap().parse::<model::Instant>().unwrap().as_millis();
        model::Instant::from_millis(ms - ms % 900_000).to_string()
    };
    let mut touched = vec![quarter(&leg["instants"]["enqueued_at"]), quarter(&leg["instants"]["wrap_ended_at"])];
    touched.sort();
    touched.dedup();
    let starts: Vec<_> = revised.iter().map(|row| row["start"].as_str().unwrap().to_owned()).collect();
    assert_eq!(starts, touched);
    assert!(revised.iter().all(|row| row["revision"] == 1 && row["final"] == true));
    // The call's own feed has it, and to write the same again changes nothing.
    let changed = door.get(ALL, &format!("/calls?changed_since={cursor}&limit=500")).await;
    let own: Vec<_> = changed["items"].as_array().unwrap().iter().filter(|one| one["id"] == json!(call)).collect();
    assert_eq!((own.len(), &own[0]["revision"]), (1, &json!(1)));
    let same = put("*", "complaint").await.json();
    assert_eq!(same["revision"], wrap["revision"]);
}

#[tokio::test]
async fn a_wrap_is_one_of_the_codes_and_bounded() {
    let door = Door::open(4);
    let codes = door.get(ALL, "/wrap-codes").await;
    assert!(codes["items"].as_array().unwrap().iter().any(|code| code["code"] == "resolved"));
    let call = door.leg(|leg| leg.closed_at.is_some() && leg.wrap.is_some());
    let put = |body: Value| door.ask(CRM, "PUT", &format!("/calls/{call}/wrap")).json(&body).send();
    assert_eq!(put(json!({"code": "nothing"})).await.code(422), "invalid_field");
    assert_eq!(put(json!({"code": "other", "comments": "x".repeat(4_001)})).await.code(422), "invalid_field");
    let data: serde_json::Map<_, _> = (0..33).map(|n| (format!("f{n}"), json!("x"))).collect();
    assert_eq!(put(json!({"code": "other", "data": data})).await.code(422), "invalid_field");
    let waiting = door.leg(|leg| leg.instants.answered_at.is_none() && leg.closed_at.is_none());
    let told = door.ask(CRM, "PUT", &format!("/calls/{waiting}/wrap")).json(&json!({"code": "other"})).send().await;
    assert_eq!(told.code(409), "wrong_state");
    assert_eq!(door.ask(ALL, "GET", &format!("/calls/{waiting}/wrap")).send().await.code(404), "not_found");
}
