//! TLS, on either side.

use std::{fs, path::Path, sync::Arc, time::Duration};

use axum::body::Body;
use http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, RootCertStore, ServerConfig, crypto::aws_lc_rs, server::WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, TlsConnector, client::TlsStream};

use crate::{
    raw::Api,
    support::{Gateway, Key, request, soon},
};

/// A certificate for `localhost` that is its own authority, with its key, as files.
struct Made {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

fn make(folder: &Path, name: &str) -> Made {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join(format!("{name}.pem")), made.cert.pem()).unwrap();
    fs::write(folder.join(format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
    Made { certificate: made.cert.der().clone(), key: made.signing_key.serialize_der() }
}

impl Made {
    fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.clone()).unwrap()
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        Arc::new(roots)
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Connects to the gateway, trusting this certificate alone.
async fn connect(gateway: &Gateway, trusted: &Made, alpn: &[&[u8]]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted.roots())
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(gateway.address).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

fn shown(folder: &Path) -> String {
    let file = |name: &str| folder.join(name).display().to_string();
    format!("[gateway]\ntls_cert = {:?}\ntls_key = {:?}\n", file("own.pem"), file("own.key"))
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_come_by_tls_and_speak_what_they_agree_on() {
    let folder = tempfile::tempdir().unwrap();
    let own = make(folder.path(), "own");
    let api = Api::ok().await;
    let gateway = Gateway::before(&[api.url()], &shown(folder.path())).await;
    let key = Key::live(1);
    gateway.knows(&key);
    let mut stream = connect(&gateway, &own, &[b"http/1.1"]).await.unwrap();
    stream.write_all(request(&key, "GET /v1/a", "Connection: close\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = soon("an answer", stream.read_to_end(&mut answer)).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n") && answer.ends_with(b"ok"));
    let stream = connect(&gateway, &own, &[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut send, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let secret = key.secret();
    let asked = Request::get("https://desk.example/v1/a").header("x-api-key", secret.expose()).body(Body::empty());
    assert_eq!(soon("an answer", send.send_request(asked.unwrap())).await.unwrap().status(), 200);
    for seen in api.seen() {
        assert_eq!(seen.all("x-forwarded-proto"), ["https"]);
    }
    // In the clear nothing is said there.
    let mut plain = gateway.client().await;
    plain.send(request(&key, "GET /v1/a", "")).await;
    assert!(!plain.rest().await.contains("HTTP/1.1 200"));
    assert_eq!(api.seen().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_certificates_are_shown_without_a_new_start() {
    let folder = tempfile::tempdir().unwrap();
    let old = make(folder.path(), "own");
    let gateway = Gateway::before(&[], &shown(folder.path())).await;
    assert!(connect(&gateway, &old, &[]).await.is_ok());
    // Another length, too: clocks of file systems are coarse.
    let new = make(folder.path(), "own");
    let file = folder.path().join("own.pem");
    fs::write(&file, format!("{}\n\n", fs::read_to_string(&file).unwrap())).unwrap();
    for _ in 0..150 {
        if connect(&gateway, &new, &[]).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(connect(&gateway, &new, &[]).await.is_ok() && connect(&gateway, &old, &[]).await.is_err());
}

/// An API by TLS that wants to know the gateway by `known`, if given, and says `ok`.
async fn secure_api(own: &Made, known: Option<&Made>) -> String {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let builder = match known {
        None => builder.with_no_client_auth(),
        Some(known) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(known.roots(), provider()).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let config = builder.with_single_cert(vec![own.certificate.clone()], own.key()).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut piece = [0; 4096];
                let _ = stream.read(&mut piece).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
                let _ = stream.read(&mut piece).await;
            });
        }
    });
    format!("https://localhost:{port}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_is_known_by_its_certificate_and_knows_the_gateway_by_another() {
    let folder = tempfile::tempdir().unwrap();
    let (api, gateway, other) =
        (make(folder.path(), "api"), make(folder.path(), "gateway"), make(folder.path(), "other"));
    let file = |name: &str| format!("{:?}", folder.path().join(name).display().to_string());
    let ca = |name: &str| format!("ca = {}\n", file(name));
    let own = |name: &str| {
        format!("client_cert = {}\nclient_key = {}\n", file(&format!("{name}.pem")), file(&format!("{name}.key")))
    };
    for (known, lines, expected) in [
        (None, ca("api.pem"), 200),
        (None, String::new(), 502),
        (None, ca("other.pem"), 502),
        (Some(&gateway), ca("api.pem") + &own("gateway"), 200),
        (Some(&gateway), ca("api.pem"), 502),
        (Some(&other), ca("api.pem") + &own("gateway"), 502),
    ] {
        let url = secure_api(&api, known).await;
        let gateway = Gateway::before(&[url], &format!("[upstreams.live]\n{lines}")).await;
        let key = Key::live(1);
        gateway.knows(&key);
        assert_eq!(gateway.ask(&key, "POST /v1/a", "").await.status, expected, "{lines}");
    }
}
