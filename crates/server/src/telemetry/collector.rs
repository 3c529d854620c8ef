use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use cli::Otlp;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// How long the collector may take to answer.
const ANSWERS: Duration = Duration::from_secs(10);
/// Most bytes of its answer.
const ANSWER_MAX: usize = 64 * 1024;

/// Where spans go, with the connection that is kept.
pub(super) struct Collector {
    otlp: Otlp,
    tls: Option<TlsConnector>,
    connection: Option<SendRequest<Full<Bytes>>>,
}

/// Why spans were not taken.
pub(super) struct Refused {
    pub(super) reason: String,
    /// Whether they would not be taken later either.
    pub(super) is_final: bool,
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

impl Collector {
    pub(super) fn new(otlp: Otlp) -> Self {
        let roots = || RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = || ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok();
        let tls =
            otlp.tls.then(config).flatten().map(|config| {
                TlsConnector::from(Arc::new(config.with_root_certificates(roots()).with_no_client_auth()))
            });
        Self { otlp, tls, connection: None }
    }

    /// Sends spans. Gives how many of them were rejected.
    pub(super) async fn post(&mut self, body: Bytes) -> Result<u64, Refused> {
        let answered = match timeout(ANSWERS, self.ask(body)).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(error)) => {
                self.connection = None;
                return Err(Refused { reason: error.to_string(), is_final: false });
            }
            Err(_) => {
                self.connection = None;
                return Err(Refused { reason: "it does not answer".to_owned(), is_final: false });
            }
        };
        let (status, answer) = answered;
        if status.is_success() {
            // It may also answer in a form that is not asked for; then it rejected none.
            let answer = ExportTraceServiceResponse::decode(answer).unwrap_or_default();
            let rejected = answer.partial_success.map_or(0, |partly| partly.rejected_spans);
            return Ok(u64::try_from(rejected).unwrap_or(0));
        }
        // By OTLP's own rule; what it says besides is not repeated.
        let is_final = !matches!(status.as_u16(), 429 | 502 | 503 | 504);
        Err(Refused { reason: format!("it answers {status}"), is_final })
    }

    async fn ask(&mut self, body: Bytes) -> Result<(StatusCode, Bytes), Failed> {
        let mut request = Request::post(self.otlp.path.as_str())
            .header(header::HOST, self.otlp.authority.as_str())
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"))
            .header(header::USER_AGENT, concat!("keydesk/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(body))?;
        for (name, value) in &self.otlp.headers {
            request.headers_mut().insert(name, value.clone());
        }
        let mut connection = match self.connection.take() {
            // The collector may have closed it meanwhile.
            Some(kept) if !kept.is_closed() => kept,
            _ => self.connect().await?,
        };
        connection.ready().await?;
        let answer = connection.send_request(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_MAX).collect().await?.to_bytes();
        self.connection = Some(connection);
        Ok((status, body))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Failed> {
        let host = self.otlp.authority.host().trim_matches(['[', ']']);
        let port = self.otlp.authority.port_u16().unwrap_or(if self.otlp.tls { 443 } else { 80 });
        let stream = TcpStream::connect((host, port)).await?;
        match &self.tls {
            Some(tls) => speak(tls.connect(ServerName::try_from(host.to_owned())?, stream).await?).await,
            None if self.otlp.tls => Err(io::Error::other("TLS can't be spoken").into()),
            None => speak(stream).await,
        }
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Full<Bytes>>, Failed> {
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // It ends with its sender.
    tokio::spawn(connection);
    Ok(sender)
}
