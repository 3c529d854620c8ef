use serde_json::{Value, json};

use super::desk::Desk;

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |all, byte| format!("{all}%{byte:02X}"))
}

/// Case 16.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_notation_finds_the_caller() {
    let desk = Desk::open().await;
    let form = json!({ "display_name": "Ada", "phones": [{ "raw": "02 8000 1234" }, { "type": "mobile", "raw": "0491 570 006" }] });
    let ada = desk.send(&desk.key, "POST /v1/contacts", "", &form).await;
    assert_eq!(ada.status, 201, "{}", ada.json());
    let (ada, crm) = (ada.json()["id"].clone(), desk.new_key(&["--preset", "crm"]).await);
    let find = async |phone: &str| {
        let told = desk.ask(&crm, &format!("GET /v1/contacts/lookup?region=AU&phone={phone}"), "", b"").await;
        assert_eq!(told.status, 200, "{phone}: {}", told.json());
        told.json()
    };
    let finds = |found: &Value| found["matches"].as_array().unwrap().iter().any(|one| one["contact"]["id"] == ada);
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
        assert!(finds(&found) && found["query"]["e164"] == "+61491570006", "{text}: {found}");
    }
    assert!(finds(&find("+61491570006").await), "a plus arrives as a space");
    for text in ["anonymous", "restricted", "+266696687", "57O", "1001", ""] {
        assert_eq!(find(&encoded(text)).await["matches"], json!([]), "{text}");
    }
}

/// Case 19.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recordings_are_read_by_ranges_and_by_nobody_who_may_not() {
    let desk = Desk::open().await;
    let qa = desk.new_key(&["--preset", "quality-assurance"]).await;
    let recordings = desk.all("/recordings").await;
    let recording = recordings.iter().rev().find(|one| one["status"] == "available").unwrap();
    let path = format!("/v1/recordings/{}/content", recording["id"].as_str().unwrap());
    let whole = desk.ask(&qa, &format!("GET {path}"), "", b"").await;
    assert_eq!((whole.status, whole.header("accept-ranges")), (200, Some("bytes")));
    assert_eq!(whole.body.len() as u64, recording["size_bytes"].as_u64().unwrap());
    let size = whole.body.len();
    let mut place = 1_usize;
    for _ in 0..50 {
        place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let from = (place >> 8) % size;
        let to = (from + (place >> 40) % 3_000).min(size - 1);
        let part = desk.ask(&qa, &format!("GET {path}"), &format!("Range: bytes={from}-{to}\r\n"), b"").await;
        assert_eq!((part.status, &part.body[..]), (206, &whole.body[from..=to]));
    }
    for line in ["GET /v1/wraps", "GET /v1/contacts", "POST /v1/calls", "POST /v1/contacts", "GET /v1/data"] {
        let body: &[u8] = if line.starts_with("POST") { b"{}" } else { b"" };
        let refused = desk.ask(&qa, line, "", body).await;
        assert_eq!((refused.status, refused.code()), (403, "insufficient_scope".to_owned()), "{line}");
    }
    // One that is not ready yet is said to be so, and when to come back.
    let slow = desk.send(&desk.key, "POST /v1/sandbox/faults", "", &json!({ "slow_recordings": 1 })).await;
    assert_eq!(slow.status, 204);
    let early = desk.ask(&qa, &format!("GET {path}"), "", b"").await;
    assert_eq!((early.status, early.code()), (409, "recording_not_ready".to_owned()));
    assert!(early.header("retry-after").is_some());
    // A day's bytes.
    let limit = format!("recordings={}/day", size - 1);
    let bounded = desk.new_key(&["--scope", "recordings:read", "--contact-centre", &limit]).await;
    let refused = desk.ask(&bounded, &format!("GET {path}"), "", b"").await;
    assert_eq!((refused.status, refused.code()), (403, "cost_exceeds_limit".to_owned()));
    let half = format!("Range: bytes=0-{}\r\n", size / 2);
    assert_eq!(desk.ask(&bounded, &format!("GET {path}"), &half, b"").await.status, 206);
    let refused = desk.ask(&bounded, &format!("GET {path}"), &half, b"").await;
    assert_eq!((refused.status, refused.code()), (429, "quota_exceeded".to_owned()));
}

/// What a token for one queue reaches, made with the key at the gateway.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_for_a_queue_reaches_no_other() {
    let desk = Desk::open().await;
    let queues = desk.all("/queues").await;
    let (own, other) = (queues[0]["id"].as_str().unwrap(), queues[1]["id"].as_str().unwrap());
    let form = json!({ "queue_ids": [own], "origin": "https://shop.example", "minutes": 5 });
    let made = desk.send(&desk.key, "POST /v1/live/tokens", "", &form).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let page = "Origin: https://shop.example\r\n";
    let live = desk.ask(&token, "GET /v1/live/queues", page, b"").await;
    let items = live.json()["items"].as_array().unwrap().clone();
    assert!(items.len() == 1 && items[0]["id"] == own);
    let refused = desk.ask(&token, &format!("GET /v1/live/queues/{other}"), page, b"").await;
    assert_eq!((refused.status, refused.code()), (403, "resource_not_allowed".to_owned()));
    let refused = desk.ask(&token, &format!("GET /v1/stream/queues?queue_ids={other}"), page, b"").await;
    assert_eq!((refused.status, refused.code()), (403, "resource_not_allowed".to_owned()));
    for line in ["GET /v1/calls", "GET /v1/agents"] {
        assert_eq!(desk.ask(&token, line, page, b"").await.status, 403, "{line}");
    }
    let elsewhere = desk.ask(&token, "GET /v1/live/queues", "Origin: https://other.example\r\n", b"").await;
    assert_eq!(elsewhere.status, 403);
}
