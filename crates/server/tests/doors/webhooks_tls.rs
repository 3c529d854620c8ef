//! Receivers whose certificate is of an authority of the operator's own, and secrets that outlive the keyring they were sealed under.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use delivery::testing::Receiver;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use store::{on_both_databases, testing::TestDatabase};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    support::{keydesk, wait_until},
    webhooks::Desk,
};

on_both_databases!(secrets_of_receivers_follow_the_keyring);

/// A certificate authority that nobody else knows.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A receiver that speaks TLS alone, and what it was sent.
struct Tls {
    port: u16,
    received: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Tls {
    /// One with a certificate for `localhost`.
    async fn start(authority: &CertifiedIssuer<'static, KeyPair>) -> Self {
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, authority).unwrap();
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.der().clone()], private)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (received, connections) = (Arc::default(), Arc::default());
        let tls = Self { port: listener.local_addr().unwrap().port(), received, connections };
        let (acceptor, received, connections) =
            (TlsAcceptor::from(Arc::new(config)), Arc::clone(&tls.received), Arc::clone(&tls.connections));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, SeqCst);
                tokio::spawn(answer(acceptor.clone(), stream, Arc::clone(&received)));
            }
        });
        tls
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/hooks", self.port)
    }

    fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

async fn answer(acceptor: TlsAcceptor, stream: TcpStream, received: Arc<Mutex<Vec<String>>>) {
    // Whoever does not trust the certificate hangs up.
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut bytes = Vec::new();
    let is_whole = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok())?;
        (body.len() >= length).then_some(text)
    };
    let text = loop {
        if let Some(text) = is_whole(&bytes) {
            break text;
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    };
    received.lock().unwrap().push(text);
    let _ = stream.write_all(b"HTTP/1.1 204 Some\r\ncontent-length: 0\r\n\r\n").await;
    let _ = stream.shutdown().await;
}

#[tokio::test]
async fn a_receiver_of_the_operator_s_own_authority_is_trusted_and_no_stranger_is() {
    let desk = Desk::found(TestDatabase::sqlite().await).await;
    let (own, strangers) = (authority(), authority());
    let (trusted, stranger) = (Tls::start(&own).await, Tls::start(&strangers).await);
    let file = desk.data.join("ca.pem");
    std::fs::write(&file, own.pem()).unwrap();
    // Without a word of plain HTTP.
    let database = std::fs::read_to_string(&desk.config).unwrap().lines().next().unwrap().to_owned();
    let webhooks = format!("[webhooks]\nallow_networks = [\"127.0.0.0/8\", \"::1/128\"]\nca = {file:?}\n");
    std::fs::write(&desk.config, format!("{database}\n{webhooks}")).unwrap();
    let server = desk.serve().await;
    desk.did(&["webhook", "create", "--url", &trusted.url(), "--types", "key.created"]).await;
    let made = desk.did(&["webhook", "create", "--url", &stranger.url(), "--types", "key.created"]).await;
    let id = desk.key("Acme").await;
    assert!(wait_until(async || !trusted.received().is_empty()).await, "{}", server.printed());
    let sent = trusted.received().remove(0);
    assert!(sent.starts_with("POST /hooks HTTP/1.1\r\n") && sent.contains(&id), "{sent}");
    // It was dialled, and nothing was sent.
    let mut attempt = Value::Null;
    let told = async || {
        let page = desk.did(&["webhook", "deliveries", made["id"].as_str().unwrap()]).await;
        attempt = page["items"][0]["last_attempt"].clone();
        !attempt.is_null()
    };
    assert!(wait_until(told).await);
    assert!(attempt.to_string().contains("no TLS"), "{attempt}");
    assert_eq!(attempt.get("status").unwrap_or(&Value::Null), &Value::Null);
    assert!(stranger.connections.load(SeqCst) > 0);
    assert_eq!(stranger.received(), [""; 0]);
    server.kill().await;
}

async fn secrets_of_receivers_follow_the_keyring(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let receiver = Receiver::start().await.unwrap();
    let made = desk.did(&["webhook", "create", "--url", &receiver.url(), "--types", "key.created"]).await;
    let library = Webhook::new(made["secret"].as_str().unwrap()).unwrap();
    let server = desk.serve().await;
    let keyring = async |args: &[&str]| {
        let output = keydesk(&desk.data, &[&["keyring"], args, &["--config", &desk.config]].concat()).await;
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    keyring(&["add", "master"]).await;
    keyring(&["use", "master", "m2"]).await;
    let resting = async |id: &str| {
        let sql = format!("SELECT COUNT(*) FROM webhook WHERE master_key_id = '{id}'");
        desk.raw().await.number(&sql).await
    };
    assert!(wait_until(async || resting("m2").await == 1).await, "{}", server.printed());
    assert_eq!(resting("m1").await, 0);
    let key = desk.key("Acme").await;
    let arrived = async || receiver.received().iter().any(|received| received.text().contains(&key));
    assert!(wait_until(arrived).await);
    let received = receiver.received().pop().unwrap();
    let named = |(name, value): &(String, String)| {
        (HeaderName::try_from(name.as_str()).unwrap(), HeaderValue::try_from(value.as_str()).unwrap())
    };
    let headers: HeaderMap = received.headers.iter().map(named).collect();
    library.verify(&received.body, &headers).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&received.body).unwrap()["type"], json!("key.created"));
    server.kill().await;
    // And by a process that begins with the new keyring.
    let server = desk.serve().await;
    let key = desk.key("Beta").await;
    let arrived = async || receiver.received().iter().any(|received| received.text().contains(&key));
    assert!(wait_until(arrived).await);
    tokio::time::timeout(Duration::from_secs(30), server.kill()).await.unwrap();
}
