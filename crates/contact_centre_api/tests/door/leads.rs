use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::{CRM, Door};

/// A campaign whose leads nobody dials but who is asked to.
async fn preview(door: &Door) -> Value {
    let campaigns = door.get(CRM, "/campaigns").await;
    campaigns["items"].as_array().unwrap().iter().find(|one| one["mode"] == "preview").unwrap()["id"].clone()
}

#[tokio::test]
async fn each_row_of_a_batch_stands_for_itself() {
    let door = Door::open(6);
    let campaigns = door.get(CRM, "/campaigns").await;
    let campaign = &campaigns["items"][0]["id"];
    let post = |name: &str, leads: Value| {
        door.ask(CRM, "POST", "/leads/batch").header("idempotency-key", name).json(&json!({"leads": leads})).send()
    };
    let rows = json!([
        {"campaign_id": campaign, "external_id": "X-1", "phones": ["0491 570 006"], "timezone": "Australia/Sydney"},
        {"campaign_id": campaign, "external_id": "X-2", "phones": []},
        {"campaign_id": "0199c7a0-0000-7000-8000-000000000009", "phones": ["0491 570 006"]},
        {"campaign_id": campaign, "external_id": "X-1", "phones": ["0491 570 006", "02 8000 1234"], "timezone": "Australia/Sydney"},
        {"nothing": 1},
    ]);
    let told = post("b1", rows.clone()).await;
    assert_eq!(told.status, 200, "{}", told.text());
    let told = told.json();
    let results: Vec<_> =
        told["results"].as_array().unwrap().iter().map(|row| row["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["created", "refused", "refused", "updated", "refused"]);
    let codes: Vec<_> =
        told["results"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap_or("-")).collect();
    assert_eq!(codes, ["-", "invalid_field", "not_found", "-", "invalid_request"]);
    assert_eq!(told["results"][0]["id"], told["results"][3]["id"]);
    assert_eq!(post("b1", rows.clone()).await.header("idempotency-replayed"), Some("true"));
    let again = post("b2", json!([rows[3]])).await.json();
    assert_eq!(again["results"][0]["result"], "unchanged");
    let many: Vec<_> = (0..1_001).map(|_| rows[0].clone()).collect();
    assert_eq!(post("b3", json!(many)).await.code(422), "invalid_field");
    // It is due by Sydney's clock, at 13:00.
    let due = door.get(CRM, "/leads?status=due&limit=500").await;
    let own = due["items"].as_array().unwrap().iter().find(|lead| lead["external_id"] == "X-1").unwrap();
    assert_eq!(own["phones"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_lead_is_called_wrapped_and_has_its_attempt() {
    let door = Door::open(6);
    let preview = preview(&door).await;
    let row = json!({"campaign_id": preview, "phones": ["0491 570 156"], "timezone": "Australia/Sydney"});
    let lead = door.ask(CRM, "POST", "/leads/batch").json(&json!({"leads": [row]})).send().await.json();
    let lead = lead["results"][0]["id"].as_str().unwrap().to_owned();
    let call = json!({"to": "0491 570 156", "agent_id": door.free_agent(), "lead_id": lead});
    let told = door.ask(CRM, "POST", "/calls").json(&call).send().await;
    assert_eq!(told.status, 202, "{}", told.text());
    let id = crate::support::id(&told.json());
    let busy = door.ask(CRM, "PATCH", &format!("/leads/{lead}")).json(&json!({"excluded": true})).send().await;
    assert_eq!(busy.code(409), "lead_busy");
    door.until(|world| world.state().call(id).unwrap().closed_at);
    let leads = door.get(CRM, &format!("/leads?limit=500&campaign_id={}", preview.as_str().unwrap())).await;
    let own = leads["items"].as_array().unwrap().iter().find(|one| one["id"] == json!(lead)).unwrap().clone();
    assert_eq!((&own["attempts"][0]["call_id"], own["attempts"][0]["outcome"].is_string()), (&json!(id), true));
    let path = format!("/leads/{lead}");
    let patch =
        |tag: String| door.ask(CRM, "PATCH", &path).header("if-match", &tag).json(&json!({"excluded": true})).send();
    assert_eq!(patch("\"0\"".to_owned()).await.code(412), "version_moved");
    let told = patch(format!("\"{}\"", own["seq"])).await;
    assert_eq!(told.json()["status"], "excluded", "{}", told.text());
}

/// Case 17 of the design: outside of dialling hours the next allowed instant is named.
#[tokio::test]
async fn a_lead_whose_clocks_allow_no_call_is_not_called() {
    let door = Door::open(6);
    let campaign = door.get(CRM, "/campaigns").await["items"][0]["id"].clone();
    let row = json!({"campaign_id": campaign, "phones": ["+49711123456"], "timezone": "Europe/Berlin"});
    let lead = door.ask(CRM, "POST", "/leads/batch").json(&json!({"leads": [row]})).send().await.json();
    let call = json!({"to": "+49711123456", "agent_id": door.free_agent(), "lead_id": lead["results"][0]["id"]});
    let told = door.ask(CRM, "POST", "/calls").json(&call).send().await;
    assert_eq!(told.code(403), "outside_dialling_hours");
    assert_eq!(told.json()["next_allowed_at"], "2026-03-04T08:00:00.000Z");
}

/// Nor does a campaign call who is no lead of it at night: by the clocks of the number's country, or by UTC where it says none.
#[tokio::test]
async fn a_campaign_keeps_its_hours_where_no_lead_is_named() {
    let door = Door::open(6);
    let campaign = preview(&door).await;
    let dial = async |to: &str| {
        let call = json!({"to": to, "agent_id": door.free_agent(), "campaign_id": campaign});
        door.ask(CRM, "POST", "/calls").json(&call).send().await
    };
    // 13:00 in Sydney, 3:00 in the morning in Berlin, and 2:00 by UTC.
    for (to, next) in [("+49711123456", "2026-03-04T08:00:00.000Z"), ("1001", "2026-03-04T09:00:00.000Z")] {
        let told = dial(to).await;
        assert_eq!(told.code(403), "outside_dialling_hours", "{to}");
        assert_eq!(told.json()["next_allowed_at"], next, "{to}");
    }
    let told = dial("+61491570156").await;
    assert_eq!((told.status.as_u16(), &told.json()["campaign_id"]), (202, &campaign), "{}", told.text());
}

/// Without clocks of its own a lead has those of its number's country.
#[tokio::test]
async fn a_lead_without_a_timezone_lives_where_its_number_does() {
    let door = Door::open(6);
    let campaign = preview(&door).await;
    let enter = async |phone: &str| {
        let row = json!({"campaign_id": campaign, "external_id": phone, "phones": [phone]});
        let told = door.ask(CRM, "POST", "/leads/batch").json(&json!({"leads": [row]})).send().await.json();
        told["results"][0]["id"].clone()
    };
    // 13:00 in Sydney, 3:00 in the morning in Berlin, and 2:00 by UTC.
    let (here, far) = (enter("+61491570156").await, enter("+49711123456").await);
    let due = door.get(CRM, "/leads?status=due&limit=500").await;
    let is_due = |id: &Value| due["items"].as_array().unwrap().iter().any(|lead| lead["id"] == *id);
    assert!(is_due(&here) && !is_due(&far));
    let dial = async |to: &str, lead: &Value| {
        let call = json!({"to": to, "agent_id": door.free_agent(), "lead_id": lead});
        door.ask(CRM, "POST", "/calls").json(&call).send().await
    };
    let told = dial("+49711123456", &far).await;
    assert_eq!(told.code(403), "outside_dialling_hours");
    assert_eq!(told.json()["next_allowed_at"], "2026-03-04T08:00:00.000Z");
    assert_eq!(dial("+61491570156", &here).await.status, 202);
}

/// A lead that was not reached is left alone for as long as its campaign says.
#[tokio::test]
async fn a_lead_is_not_called_again_at_once() {
    let door = Door::open(6);
    let campaign = preview(&door).await;
    let row = json!({"campaign_id": campaign, "phones": ["0491 570 156"], "timezone": "Australia/Sydney"});
    let lead = door.ask(CRM, "POST", "/leads/batch").json(&json!({"leads": [row]})).send().await.json();
    let lead = lead["results"][0]["id"].clone();
    let call = json!({"to": "0491 570 156", "agent_id": door.free_agent(), "lead_id": lead});
    let told = door.ask(CRM, "POST", "/calls").json(&call).send().await;
    let (id, started) = (crate::support::id(&told.json()), told.json()["instants"]["started_at"].clone());
    let hung_up = door.ask(CRM, "POST", &format!("/calls/{id}/hangup")).json(&json!({})).send().await;
    assert_eq!(hung_up.status, 200, "{}", hung_up.text());
    door.until(|world| world.state().call(id).unwrap().closed_at);
    let again = json!({"to": "0491 570 156", "agent_id": door.free_agent(), "lead_id": lead});
    let told = door.ask(CRM, "POST", "/calls").json(&again).send().await;
    assert_eq!(told.code(409), "lead_rests");
    let next = told.json()["next_allowed_at"].as_str().unwrap().to_owned();
    assert!(next.starts_with("2026-03-05T02:") && started.as_str().unwrap().starts_with("2026-03-04T02:"), "{next}");
}

/// Who may call in some hours alone does not get around them by a lead who lives elsewhere.
#[tokio::test]
async fn a_lead_lends_its_clocks_to_its_own_numbers_alone() {
    let door = Door::open(6);
    // 13:00 in Sydney, and 18:00 of the day before in Los Angeles.
    let limits = URL_SAFE_NO_PAD.encode(json!({"dialling_hours": {"from_hour": 16, "to_hour": 20}}).to_string());
    let campaign = preview(&door).await;
    let enter = async |more: Value| {
        let mut row = json!({"campaign_id": campaign, "phones": ["+12138539818"], "timezone": "America/Los_Angeles"});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let told = door.ask(CRM, "POST", "/leads/batch").json(&json!({"leads": [row]})).send().await.json();
        told["results"][0]["id"].clone()
    };
    let dial = async |to: &str, lead: &Value| {
        let mut body = json!({"to": to, "agent_id": door.free_agent()});
        if !lead.is_null() {
            body["lead_id"] = lead.clone();
        }
        door.ask(CRM, "POST", "/calls").header("x-keydesk-contact-centre", &limits).json(&body).send().await
    };
    let far = enter(json!({})).await;
    assert_eq!(dial("+61491570156", &Value::Null).await.code(403), "outside_dialling_hours");
    assert_eq!(dial("+61491570156", &far).await.code(403), "outside_dialling_hours");
    let unlimited = json!({"to": "+61491570156", "agent_id": door.free_agent(), "lead_id": far});
    let told = door.ask(CRM, "POST", "/calls").json(&unlimited).send().await;
    assert_eq!((told.code(422), &told.json()["errors"][0]["field"]), ("invalid_field".to_owned(), &json!("to")));
    let early = enter(json!({"not_before": "2026-03-12T00:00:00Z"})).await;
    assert_eq!(dial("+12138539818", &early).await.code(422), "invalid_field");
    let late = enter(json!({"not_after": "2026-03-04T00:00:00Z"})).await;
    assert_eq!(dial("+12138539818", &late).await.code(422), "invalid_field");
    // Its own number is called by its own clocks, in whatever notation.
    let told = dial("+1 (213) 853-9818", &far).await;
    assert_eq!(told.status, 202, "{}", told.text());
}

/// Whoever enters the number of somebody else once more does not get around their wish.
#[tokio::test]
async fn a_number_is_not_called_if_anybody_who_has_it_wants_no_calls() {
    let door = Door::open(6);
    let enter = async |do_not_call: bool| {
        let form = json!({"display_name": "Ada", "phones": [{"raw": "0491 570 156"}], "do_not_call": do_not_call});
        let told = door.ask(CRM, "POST", "/contacts").json(&form).send().await;
        told.json()["id"].clone()
    };
    let unwilling = enter(true).await;
    enter(false).await;
    let dial = async |more: Value| {
        let mut body = json!({"to": "0491 570 156", "agent_id": door.free_agent()});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        door.ask(CRM, "POST", "/calls").json(&body).send().await
    };
    assert_eq!(dial(json!({})).await.code(403), "do_not_call");
    let campaign = preview(&door).await;
    let row = json!({
        "campaign_id": campaign, "contact_id": unwilling, "phones": ["0491 570 157"], "timezone": "Australia/Sydney",
    });
    let lead = door.ask(CRM, "POST", "/leads/batch").json(&json!({"leads": [row]})).send().await.json();
    let of_lead = json!({"to": "0491 570 157", "lead_id": lead["results"][0]["id"]});
    assert_eq!(dial(of_lead).await.code(403), "do_not_call");
}
