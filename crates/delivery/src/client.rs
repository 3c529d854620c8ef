//! One request to one receiver: resolve, look at each address, dial the one that was looked at, send, read a little, hang up.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::TlsConnector;
use uuid::Uuid;

use crate::{Policy, Resolver, WebhookUrl};

/// How long a delivery may take, from the name to the last byte that is read.
const WHOLE: Duration = Duration::from_secs(15);
/// How long one address may take to be reached.
const CONNECT: Duration = Duration::from_secs(5);
/// Addresses of one name that are tried.
const ADDRESSES_MOST: usize = 4;
/// Bytes of an answer's head: hyper's least.
const HEAD_MOST: usize = 8 * 1_024;
/// Bytes of an answer that are kept for people to see.
pub const ANSWER_MAX: usize = 512;

/// A delivery to be made.
#[derive(Clone, Debug)]
pub struct Message {
    /// The event's id.
    pub id: Uuid,
    /// The moment of this attempt, in seconds.
    pub timestamp: i64,
    /// The value of `webhook-signature`.
    pub signature: String,
    /// The event, byte for byte as it was signed.
    pub body: Bytes,
}

/// How a receiver has answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status; `None`: there was no answer.
    pub status: Option<u16>,
    /// The first bytes of the answer, or why there was none.
    pub text: String,
    /// How long it took.
    pub duration: Duration,
    /// How long it wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl Answer {
    /// Whether the receiver has accepted the event: a redirect is not followed, and so is a failure.
    pub fn is_accepted(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether the receiver says that it is gone for good.
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}

/// The certificates of the operator's own authorities can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a file of certificates in PEM")]
pub struct InvalidRoots;

/// What sends. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    policy: Policy,
    resolver: Arc<dyn Resolver>,
    tls: TlsConnector,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// Why nothing could be sent, in words for the list of deliveries.
enum Failed {
    Unresolved(io::Error),
    NoAddress,
    Private(IpAddr),
    Unreachable(io::Error),
    NoTls(io::Error),
    NotHttp(hyper::Error),
    Invalid,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unresolved(error) => write!(f, "the name of the host can't be resolved: {error}"),
            Self::NoAddress => f.write_str("the name of the host has no address"),
            Self::Private(address) => {
                write!(f, "the name of the host leads to {address}, which is not a public address; nothing was sent")
            }
            Self::Unreachable(error) => write!(f, "no connection: {error}"),
            Self::NoTls(error) => write!(f, "no TLS: {error}"),
            Self::NotHttp(error) => write!(f, "no HTTP answer: {error}"),
            Self::Invalid => f.write_str("the address can't be written as a request"),
        }
    }
}

impl Client {
    /// A client that trusts the authorities that browsers trust, and those of `roots`, certificates in PEM.
    pub fn new(policy: Policy, resolver: Arc<dyn Resolver>, roots: &[u8]) -> Result<Self, InvalidRoots> {
        let mut trusted = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for root in CertificateDer::pem_slice_iter(roots) {
            trusted.add(root.map_err(|_| InvalidRoots)?).map_err(|_| InvalidRoots)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| InvalidRoots)?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        Ok(Self { policy, resolver, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Where it may send.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Refuses a name none of whose addresses may be dialled, when a receiver is registered. One that can't be resolved now is taken:
    /// every attempt looks again.
    pub async fn vet(&self, url: &WebhookUrl) -> Result<(), IpAddr> {
        match timeout_at(Instant::now() + CONNECT, self.addresses(url)).await {
            Ok(Err(Failed::Private(address))) => Err(address),
            _ => Ok(()),
        }
    }

    /// Sends, and waits for the answer. Whatever happens is an answer.
    pub async fn send(&self, url: &WebhookUrl, message: Message) -> Answer {
        let begun = Instant::now();
        let until = begun + WHOLE;
        let answered = timeout_at(until, self.exchange(url, message)).await;
        let mut answer = match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(failed)) => Answer { text: shortened(failed.to_string().as_bytes()), ..Answer::default() },
            Err(_) => Answer { text: format!("no answer within {} s", WHOLE.as_secs()), ..Answer::default() },
        };
        answer.duration = begun.elapsed();
        answer
    }

    async fn exchange(&self, url: &WebhookUrl, message: Message) -> Result<Answer, Failed> {
        let stream = self.dial(url).await?;
        if !url.tls {
            return post(stream, url, message).await;
        }
        let name = ServerName::try_from(url.host.clone()).map_err(|_| Failed::Invalid)?;
        let stream = self.tls.connect(name, stream).await.map_err(Failed::NoTls)?;
        post(stream, url, message).await
    }

    /// The addresses that may be dialled, of those that the name has now.
    async fn addresses(&self, url: &WebhookUrl) -> Result<Vec<IpAddr>, Failed> {
        let found = match url.host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => self.resolver.resolve(&url.host).await.map_err(Failed::Unresolved)?,
        };
        let first = *found.first().ok_or(Failed::NoAddress)?;
        let mut allowed: Vec<IpAddr> = found.into_iter().filter(|address| self.policy.allows(*address)).collect();
        allowed.truncate(ADDRESSES_MOST);
        if allowed.is_empty() { Err(Failed::Private(first)) } else { Ok(allowed) }
    }

    /// A connection to one of the addresses that were looked at: the name is not resolved again in between.
    async fn dial(&self, url: &WebhookUrl) -> Result<TcpStream, Failed> {
        let mut last = Failed::NoAddress;
        for address in self.addresses(url).await? {
            let reached = timeout_at(Instant::now() + CONNECT, TcpStream::connect(SocketAddr::new(address, url.port)));
            match reached.await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = Failed::Unreachable(error),
                Err(_) => last = Failed::Unreachable(io::ErrorKind::TimedOut.into()),
            }
        }
        Err(last)
    }
}

async fn post<S>(stream: S, url: &WebhookUrl, message: Message) -> Result<Answer, Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = request(url, message).ok_or(Failed::Invalid)?;
    let mut connecting = http1::Builder::new();
    let shaken = connecting.max_buf_size(HEAD_MOST).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(Failed::NotHttp)?;
    // It ends with this task: dropped, it closes the connection, however much the receiver would still send.
    let connection = tokio::spawn(connection);
    let answered = async {
        let answer = sender.send_request(request).await.map_err(Failed::NotHttp)?;
        let (parts, body) = answer.into_parts();
        let text = beginning(body).await;
        let status = Some(parts.status.as_u16());
        Ok(Answer { status, text, retry_after: retry_after(parts.status, &parts.headers), ..Answer::default() })
    };
    let _end = AbortOnDrop(connection);
    answered.await
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn request(url: &WebhookUrl, message: Message) -> Option<Request<Full<Bytes>>> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(&url.path)
        .header(header::HOST, &url.authority)
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header(header::USER_AGENT, HeaderValue::from_static("Keydesk (Standard Webhooks 1.0.0)"))
        .header("webhook-id", message.id.to_string())
        .header("webhook-timestamp", message.timestamp)
        .header("webhook-signature", message.signature);
    request.body(Full::new(message.body)).ok()
}

/// The first bytes of an answer, as text. What comes after them is not read.
async fn beginning(mut body: Incoming) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_MAX
        && let Some(Ok(frame)) = body.frame().await
    {
        if let Some(data) = frame.data_ref() {
            bytes.extend(data.iter().take(ANSWER_MAX - bytes.len()));
        }
    }
    shortened(&bytes)
}

/// As text without control characters: what a receiver sends is shown to people, and kept by databases that know no NUL.
fn shortened(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes.get(..ANSWER_MAX).unwrap_or(bytes)).into_owned();
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

/// In seconds: the form that servers which are busy send.
fn retry_after(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    if status != StatusCode::TOO_MANY_REQUESTS && status != StatusCode::SERVICE_UNAVAILABLE {
        return None;
    }
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}
