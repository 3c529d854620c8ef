//! One delivery to a real server: what is sent, what counts as accepted, and whom nobody reaches.
#![expect(clippy::unwrap_used, reason = "a test stops where it can't go on")]

use std::{sync::Arc, time::Duration};

use delivery::{
    ANSWER_MAX, Answer, Client, Message, Policy, SystemResolver, WebhookUrl, new_secret, sign,
    testing::{Rebinding, Received, Receiver, Reply},
};
use http::HeaderMap;
use model::{PlainSecret, WebhookSignature};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use uuid::Uuid;

const BODY: &str = r#"{"type":"key.created","data":{"name":"Müller \u2028 & Söhne","big":9007199254740993}}"#;

fn local() -> Policy {
    Policy { allow_networks: vec!["127.0.0.0/8".parse().unwrap()], allow_http: true }
}

fn client(policy: Policy) -> Client {
    Client::new(policy, Arc::new(SystemResolver), &[]).unwrap()
}

fn secret() -> PlainSecret {
    new_secret(WebhookSignature::V1, &[42; 32])
}

/// A delivery of this moment: the libraries refuse old ones.
fn message(secrets: &[PlainSecret]) -> Message {
    let (id, timestamp) = (Uuid::from_u128(7), domain_time());
    Message { id, timestamp, signature: sign(secrets, id, timestamp, BODY.as_bytes()).unwrap(), body: BODY.into() }
}

#[expect(clippy::disallowed_methods, reason = "the libraries compare with the machine's clock")]
fn domain_time() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

fn headers(received: &Received) -> HeaderMap {
    let named = |(name, value): &(String, String)| {
        (http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap())
    };
    received.headers.iter().map(named).collect()
}

async fn send(receiver: &Receiver, client: &Client) -> Answer {
    let url = WebhookUrl::parse(&receiver.url(), client.policy()).unwrap();
    client.send(&url, message(&[secret()])).await
}

#[tokio::test]
async fn what_is_sent_is_what_the_library_for_rust_verifies() {
    let receiver = Receiver::start().await.unwrap();
    let answer = send(&receiver, &client(local())).await;
    assert_eq!((answer.status, answer.is_accepted()), (Some(204), true), "{answer:?}");
    let received = receiver.received().remove(0);
    assert_eq!(received.line, "POST /hooks?from=keydesk HTTP/1.1");
    assert_eq!(received.header("content-type"), "application/json");
    assert_eq!(received.header("host"), format!("127.0.0.1:{}", receiver.port()));
    assert_eq!(received.body, BODY.as_bytes());
    let library = standardwebhooks::Webhook::new(secret().expose()).unwrap();
    library.verify(&received.body, &headers(&received)).unwrap();
    // What was read and written again is another body, and one by another secret is nobody's.
    let again = serde_free_rewrite(&received.text());
    assert!(library.verify(again.as_bytes(), &headers(&received)).is_err());
    let other = new_secret(WebhookSignature::V1, &[43; 32]);
    assert!(
        standardwebhooks::Webhook::new(other.expose()).unwrap().verify(&received.body, &headers(&received)).is_err()
    );
}

/// As a parser that keeps numbers as floating point would write it.
fn serde_free_rewrite(text: &str) -> String {
    text.replace("9007199254740993", "9007199254740992")
}

#[tokio::test]
async fn during_a_rotation_whoever_has_either_secret_verifies() {
    let (receiver, client) = (Receiver::start().await.unwrap(), client(local()));
    let other = new_secret(WebhookSignature::V1, &[9; 32]);
    let url = WebhookUrl::parse(&receiver.url(), client.policy()).unwrap();
    client.send(&url, message(&[secret(), other.clone()])).await;
    let received = receiver.received().remove(0);
    for secret in [secret(), other] {
        let library = standardwebhooks::Webhook::new(secret.expose()).unwrap();
        library.verify(&received.body, &headers(&received)).unwrap();
    }
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let (receiver, other) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    let location = format!("location: {}\r\n", other.url());
    for status in [301, 302, 307, 308] {
        let location = location.clone();
        receiver.answer(move |_| Reply::with(status, &location, ""));
        let answer = send(&receiver, &client(local())).await;
        assert_eq!((answer.status, answer.is_accepted()), (Some(status), false));
    }
    assert_eq!(other.received(), []);
}

#[tokio::test]
async fn of_an_answer_the_beginning_is_kept_as_text() {
    let receiver = Receiver::start().await.unwrap();
    receiver.answer(|_| Reply::with(500, "", &format!("no\u{0}\n\u{1b}[31m{}", "x".repeat(1_000_000))));
    let answer = send(&receiver, &client(local())).await;
    assert_eq!(answer.status, Some(500));
    assert!(answer.text.starts_with("no") && answer.text.len() <= ANSWER_MAX);
    assert!(!answer.text.contains(char::is_control), "{}", answer.text);
}

#[tokio::test]
async fn what_is_no_http_is_a_failure_in_words() {
    let receiver = Receiver::start().await.unwrap();
    for (bytes, words) in [
        (b"SSH-2.0-x\r\n".to_vec(), "no HTTP answer"),
        (Vec::new(), "no HTTP answer"),
        (format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(100_000)).into_bytes(), "no HTTP answer"),
    ] {
        receiver.answer(move |_| Reply { bytes: bytes.clone(), after: Duration::ZERO });
        let answer = send(&receiver, &client(local())).await;
        assert_eq!(answer.status, None);
        assert!(answer.text.starts_with(words), "{}", answer.text);
    }
}

#[tokio::test]
async fn nobody_who_speaks_no_tls_is_taken_for_somebody_who_does() {
    let client = client(local());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Speak plainly\r\n\r\n").await.unwrap();
        // Until the other side hangs up.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let answer = client.send(&WebhookUrl::parse(&url, client.policy()).unwrap(), message(&[secret()])).await;
    assert_eq!(answer.status, None);
    assert!(answer.text.starts_with("no TLS"), "{}", answer.text);
}

#[tokio::test]
async fn a_busy_receiver_says_when_to_come_again() {
    let receiver = Receiver::start().await.unwrap();
    for (status, headers, expected) in [
        (503, "retry-after: 120\r\n", Some(120)),
        (429, "retry-after: 5\r\n", Some(5)),
        (500, "retry-after: 120\r\n", None),
        (503, "retry-after: tomorrow\r\n", None),
    ] {
        receiver.answer(move |_| Reply::with(status, headers, ""));
        let answer = send(&receiver, &client(local())).await;
        assert_eq!(answer.retry_after, expected.map(Duration::from_secs), "{headers}");
    }
}

/// The name is public when the receiver is registered, and leads to this machine when it is dialled.
#[tokio::test]
async fn a_name_that_leads_elsewhere_when_it_is_dialled_is_not_dialled() {
    let receiver = Receiver::start().await.unwrap();
    let policy = Policy { allow_http: true, ..Policy::default() };
    for private in ["127.0.0.1", "::ffff:127.0.0.1", "::1", "169.254.169.254", "10.0.0.1"] {
        let resolver = Rebinding::new(&[&["8.8.8.8"], &[private]]);
        let client = Client::new(policy.clone(), Arc::new(resolver), &[]).unwrap();
        let url = format!("http://rebind.example:{}/", receiver.port());
        let url = WebhookUrl::parse(&url, client.policy()).unwrap();
        assert_eq!(client.vet(&url).await, Ok(()), "{private}");
        let answer = client.send(&url, message(&[secret()])).await;
        assert_eq!(answer.status, None);
        assert!(answer.text.contains("not a public address; nothing was sent"), "{}", answer.text);
        // And it is refused when somebody looks at it now.
        assert!(client.vet(&url).await.is_err(), "{private}");
    }
    assert_eq!(receiver.received(), []);
}

#[tokio::test]
async fn of_several_addresses_those_that_may_not_be_dialled_are_left_out() {
    let receiver = Receiver::start().await.unwrap();
    let policy = Policy { allow_networks: vec!["127.0.0.1".parse().unwrap()], allow_http: true };
    let resolver = Rebinding::new(&[&["127.0.0.2", "10.0.0.1", "127.0.0.1"]]);
    let client = Client::new(policy, Arc::new(resolver), &[]).unwrap();
    let url = WebhookUrl::parse(&format!("http://several.example:{}/", receiver.port()), client.policy()).unwrap();
    assert!(client.send(&url, message(&[secret()])).await.is_accepted());
}
