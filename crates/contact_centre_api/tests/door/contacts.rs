use serde_json::{Value, json};

use crate::support::{ALL, CRM, Door, OTHER_KEY};

async fn enter(door: &Door, body: Value) -> Value {
    let told = door.ask(CRM, "POST", "/contacts").json(&body).send().await;
    assert_eq!(told.status, 201, "{}", told.text());
    let contact = told.json();
    assert_eq!(told.header("location"), Some(&*format!("/v1/contacts/{}", contact["id"].as_str().unwrap())));
    assert_eq!(told.header("etag"), Some(&*format!("\"{}\"", contact["seq"])));
    contact
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Case 16 of the design.
#[tokio::test]
async fn any_notation_finds_the_caller() {
    let door = Door::open(2);
    let before = door.world(|world| world.state().contact_count());
    let ada = enter(
        &door,
        json!({"display_name": "Ada", "phones": [{"type": "work", "raw": "02 8000 1234"}, {"type": "mobile", "raw": "0491 570 006"}]}),
    )
    .await;
    let find = async |phone: &str| door.get(CRM, &format!("/contacts/lookup?phone={phone}&region=AU")).await;
    for text in [
        "0491 570 006",
        "+61 (0)491 570 006",
        "61491570006",
        "0011 61 491 570 006",
        "00 61 491 570 006",
        "491570006",
        "tel:+61-491-570-006",
        "٠٤٩١٥٧٠٠٠٦",
        "０４９１５７０００６",
        "0491 570 006 ",
    ] {
        let found = find(&encoded(text)).await;
        assert_eq!(found["matches"].as_array().unwrap().len(), 1, "{text}: {found}");
        assert_eq!(found["matches"][0]["contact"]["id"], ada["id"], "{text}");
        assert_eq!(found["matches"][0]["matched"]["type"], "mobile", "a secondary number matches");
        assert_eq!((&found["ambiguous"], &found["query"]["e164"]), (&json!(false), &json!("+61491570006")));
    }
    // A plus in a query arrives as a space.
    assert_eq!(find("+61491570006").await["matches"][0]["matched"]["how"], "exact");
    assert_eq!(find("0491570006").await["matches"][0]["matched"]["how"], "national");
    for text in ["anonymous", "restricted", "+266696687", "57O", "1001", ""] {
        let found = find(&encoded(text)).await;
        assert_eq!(found["matches"], json!([]), "{text}");
    }
    enter(&door, json!({"display_name": "Bob", "phones": [{"raw": "+61 491 570 006", "extension": "12"}]})).await;
    let found = find(&encoded("0491 570 006 ext. 12")).await;
    assert_eq!(found["matches"][0]["matched"]["how"], "extension");
    enter(&door, json!({"display_name": "Cid", "phones": [{"raw": "+61 491 570 006"}]})).await;
    assert_eq!(find("0491570006").await["ambiguous"], true);
    assert_eq!(door.world(|world| world.state().contact_count()), before + 3, "looking up makes no contact");
}

#[tokio::test]
async fn a_contact_is_changed_only_as_it_was_read() {
    let door = Door::open(2);
    let ada = enter(&door, json!({"display_name": "Ada", "notes": "x", "external_ids": {"crm": "A1"}})).await;
    let path = format!("/contacts/{}", ada["id"].as_str().unwrap());
    let tag = format!("\"{}\"", ada["seq"]);
    let patch = |tag: String, body: Value| door.ask(CRM, "PATCH", &path).header("if-match", &tag).json(&body).send();
    let told = patch(tag.clone(), json!({"company": "Works", "notes": null})).await;
    assert_eq!(told.status, 200, "{}", told.text());
    let changed = told.json();
    assert_eq!(
        (&changed["company"], &changed["notes"], &changed["display_name"]),
        (&json!("Works"), &Value::Null, &json!("Ada"))
    );
    assert_eq!(changed["actor"], json!({"kind": "api_key", "agent_id": null, "key_id": crate::support::KEY}));
    assert_eq!(patch(tag, json!({"company": "Other"})).await.code(412), "version_moved");
    assert_eq!(patch("3".to_owned(), json!({})).await.code(400), "invalid_request");
    // To write what is written changes nothing.
    let again = patch("*".to_owned(), json!({"company": "Works"})).await.json();
    assert_eq!(again["seq"], changed["seq"]);
    let read = door.get(CRM, &path).await;
    assert!(read.get("actor").is_none());
    assert_eq!(read["company"], "Works");
}

#[tokio::test]
async fn another_system_s_id_names_one_contact() {
    let door = Door::open(2);
    let put = |body: Value| door.ask(CRM, "PUT", "/contacts/by-external-id/crm/a%20%2F1").json(&body).send();
    let first = put(json!({"display_name": "Ada"})).await;
    assert_eq!(first.status, 201);
    assert_eq!(first.json()["external_ids"], json!({"crm": "a /1"}));
    let second = put(json!({"display_name": "Ada Lovelace"})).await;
    assert_eq!((second.status.as_u16(), &second.json()["id"]), (200, &first.json()["id"]));
    assert_eq!(put(json!({"display_name": "x", "external_ids": {"crm": "other"}})).await.code(422), "invalid_field");
    let found = door.get(CRM, "/contacts?external_id=a%20%2F1").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let named = door.get(CRM, "/contacts?search=LOVELACE%20ada").await;
    assert_eq!(named["items"][0]["id"], first.json()["id"]);
    let taken = door.ask(CRM, "POST", "/contacts").json(&json!({"display_name": "y", "external_ids": {"crm": "a /1"}}));
    assert_eq!(taken.send().await.code(422), "invalid_field");
}

#[tokio::test]
async fn a_contact_that_is_entered_twice_under_one_name_is_one() {
    let door = Door::open(2);
    let body = json!({"display_name": "Ada"});
    let post = |key, name: &str, body: &Value| {
        door.ask(ALL, "POST", "/contacts").key(Some(key)).header("idempotency-key", name).json(body).send()
    };
    let first = post(crate::support::KEY, "n1", &body).await;
    let again = post(crate::support::KEY, "n1", &body).await;
    assert_eq!((first.status, first.bytes.clone()), (again.status, again.bytes.clone()));
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), (None, Some("true")));
    assert_eq!(
        post(crate::support::KEY, "n1", &json!({"display_name": "Bob"})).await.code(409),
        "idempotency_mismatch"
    );
    let others = post(OTHER_KEY, "n1", &body).await;
    assert_ne!(others.json()["id"], first.json()["id"]);
    assert_eq!(post(crate::support::KEY, "a b", &body).await.code(400), "invalid_request");
}

#[tokio::test]
async fn whoever_may_not_read_contacts_sees_no_whole_number() {
    let door = Door::open(2);
    let written = door
        .ask("contacts:write", "POST", "/contacts")
        .json(&json!({"display_name": "Ada", "phones": [{"raw": "0491 570 006"}]}));
    let written = written.send().await.json();
    assert_eq!(written["phones"][0]["e164"], "+61491****06");
    let calls = door.get("calls:read", "/calls?limit=200").await;
    let mut seen = 0;
    for call in calls["items"].as_array().unwrap() {
        assert!(call.get("wrap").is_none(), "{call}");
        let customer = if call["direction"] == "outbound" { &call["to"] } else { &call["from"] };
        if let Some(e164) = customer["e164"].as_str().filter(|_| call["direction"] != "internal") {
            assert!(e164.contains('*') && !e164[6..e164.len() - 2].contains(|c: char| c.is_ascii_digit()), "{e164}");
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
    let whole = door.get("calls:read contacts:read wraps:read", "/calls?limit=200").await;
    assert!(!whole.to_string().contains('*'));
    assert!(whole["items"][0].get("wrap").is_some());
    let told = door.ask("calls:read", "GET", "/calls?phone=0491570006").send().await;
    assert_eq!(told.code(403), "insufficient_scope");
}

/// Neither does what a network writes around a number, nor its national form, tell more than the masked number.
#[tokio::test]
async fn a_number_as_it_came_tells_no_more_than_the_masked_one() {
    let door = Door::open(2);
    let queue_id = door.open_queue();
    for (from, raw) in [
        ("0413 579 739", "+61413****39"),
        ("sip:alice@example.com", "*********************"),
        ("\"Alice\" <sip:anonymous@anonymous.invalid>", "anonymous"),
    ] {
        let form = json!({"queue_id": queue_id, "from": from});
        let made = door.ask("calls:read", "POST", "/sandbox/calls").json(&form).send().await;
        assert_eq!(made.status, 201, "{}", made.text());
        let call = made.json();
        assert_eq!(call["from"]["raw"], raw, "{call}");
        let path = format!("/calls/{}", call["id"].as_str().unwrap());
        assert_eq!(door.get("calls:read contacts:read", &path).await["from"]["raw"], from);
        for path in [path.clone(), format!("{path}/events")] {
            let told = door.get("calls:read", &path).await.to_string();
            for hidden in ["413579", "413 579", "lice@", "anonymous.invalid"] {
                assert!(!told.contains(hidden), "{told}");
            }
        }
    }
}
