//! Requests that two programs could read differently. Whatever is sent, an API sees what was decided on, framed anew, or nothing.

use std::collections::HashSet;

use crate::{
    cases::{ALL, CHUNKS, Case, FRAMING, LINES, PATHS, PIPELINES, UNUSUAL},
    raw::{Api, Client},
    support::{Gateway, Key},
};

async fn run(cases: &[Case]) {
    let api = Api::ok().await;
    let gateway = Gateway::before(&[api.url()], "").await;
    let key = Key::live(1);
    gateway.knows(&key);
    let secret = key.secret().expose().to_owned();
    let good = format!("Host: desk.example\r\nAuthorization: Bearer {secret}\r\n");
    let mut wrong = Vec::new();
    for (text, statuses, expected) in cases {
        api.seen.lock().unwrap().clear();
        let mut client = Client::connect(gateway.address).await;
        client.send(text.replace("{}", &good)).await;
        let mut answered = Vec::new();
        for _ in *statuses {
            let method = if text.starts_with("HEAD") { "HEAD" } else { "GET" };
            let Some(answer) = client.answer_to(method).await else { break };
            // What Keydesk refuses it explains.
            let is_explained =
                answer.header("content-type") == Some("application/problem+json") && answer.code().is_some();
            assert!(answer.status == 200 || is_explained, "{text:?}: {answer:?}");
            assert!(answer.header("x-request-id").is_some(), "{text:?}: {answer:?}");
            answered.push(answer.status);
        }
        let seen = api.seen();
        let got: Vec<_> =
            seen.iter().map(|seen| (seen.line(), std::str::from_utf8(&seen.body).unwrap_or("?"))).collect();
        if answered != *statuses || got != *expected {
            wrong
                .push(format!("{text:?}\n  answered {answered:?}, not {statuses:?}\n  seen {got:?}, not {expected:?}"));
        }
        for seen in &seen {
            assert_eq!(seen.all("host"), [api.address.to_string()], "{text:?}");
            assert_eq!(seen.all("x-keydesk-key-id"), [key.id().to_string()], "{text:?}");
            assert!(seen.all("authorization").is_empty() && seen.all("transfer_encoding").len() <= 1, "{text:?}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Whatever was refused halfway: neither a key nor a request for what it may not see went through.
    let bytes = api.bytes.lock().unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains(&secret) && !text.contains("\r\nGET /v1/secret HTTP/1.1\r\nhost"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_one_length() {
    run(FRAMING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_are_chunks() {
    run(CHUNKS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_lines() {
    run(LINES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_has_one_reading() {
    run(PATHS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_on_a_connection_is_decided_on() {
    run(PIPELINES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unusual_is_read_once() {
    run(UNUSUAL).await;
}

#[test]
fn there_are_eighty_different_cases() {
    let different: HashSet<_> = ALL.into_iter().flatten().map(|(text, ..)| text).collect();
    assert_eq!(different.len(), ALL.iter().map(|cases| cases.len()).sum::<usize>(), "each is there once");
    assert!(different.len() >= 80, "{}", different.len());
}
