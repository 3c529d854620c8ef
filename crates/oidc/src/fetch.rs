//! How a provider is asked: one request on one connection, and no more than what it may send.

use std::{io, net::IpAddr, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Uri, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::options::InvalidOptions;

/// How long an answer may take, from the name to its last byte, and how long the connection.
const WHOLE: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes of an answer's head, and of its body: the keys and the description of a provider are a few thousand.
const HEAD_MOST: usize = 32 * 1_024;
const BODY_MOST: usize = 1 << 20;

/// What asks. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Http {
    tls: TlsConnector,
}

/// Why there is no answer. Nothing of the request is in it but its host.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpFailed {
    #[error("{0} is asked over https alone")]
    Unprotected(String),
    #[error("no connection to {0}: {1}")]
    Unreachable(String, io::Error),
    #[error("no TLS to {0}: {1}")]
    NoTls(String, io::Error),
    #[error("{0} gives no HTTP answer: {1}")]
    NotHttp(String, hyper::Error),
    #[error("{0} sends more than 1 MiB")]
    TooMuch(String),
    #[error("no answer within 10 s")]
    TooLong,
    #[error("not an address that can be asked")]
    Invalid,
}

/// Where a request goes.
struct Place {
    tls: bool,
    host: String,
    port: u16,
    /// As it stands in the `Host` header.
    authority: String,
}

impl Http {
    /// Trusts the authorities that browsers trust, and those of `roots`, certificates in PEM.
    pub(crate) fn new(roots: &[u8]) -> Result<Self, InvalidOptions> {
        let mut trusted = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for root in CertificateDer::pem_slice_iter(roots) {
            trusted.add(root.map_err(|_| InvalidOptions::Roots)?).map_err(|_| InvalidOptions::Roots)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| InvalidOptions::Roots)?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)) })
    }

    async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailed> {
        timeout(WHOLE, self.ask(request)).await.unwrap_or(Err(HttpFailed::TooLong))
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailed> {
        let place = place(request.uri())?;
        let name = || place.authority.clone();
        let dialled = timeout(CONNECT, TcpStream::connect((place.host.as_str(), place.port))).await;
        let stream = dialled
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(|error| HttpFailed::Unreachable(name(), error))?;
        if !place.tls {
            return exchange(stream, &place, request).await;
        }
        let server = ServerName::try_from(place.host.clone()).map_err(|_| HttpFailed::Invalid)?;
        let stream = self.tls.connect(server, stream).await.map_err(|error| HttpFailed::NoTls(name(), error))?;
        exchange(stream, &place, request).await
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpFailed;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFailed>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.fetch(request))
    }
}

/// Whether a provider at this address may be asked.
pub(crate) fn may_be_asked(address: &str) -> bool {
    address.parse::<Uri>().is_ok_and(|uri| place(&uri).is_ok())
}

fn place(uri: &Uri) -> Result<Place, HttpFailed> {
    let authority = uri.authority().ok_or(HttpFailed::Invalid)?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    if host.is_empty() || authority.as_str().contains('@') {
        return Err(HttpFailed::Invalid);
    }
    let tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") if is_here(&host) => false,
        Some("http") => return Err(HttpFailed::Unprotected(host)),
        _ => return Err(HttpFailed::Invalid),
    };
    let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
    Ok(Place { tls, host, port, authority: authority.as_str().to_owned() })
}

fn is_here(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

async fn exchange<S>(stream: S, place: &Place, request: HttpRequest) -> Result<HttpResponse, HttpFailed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |error| HttpFailed::NotHttp(place.authority.clone(), error);
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = path.parse().map_err(|_| HttpFailed::Invalid)?;
    let host = HeaderValue::from_str(&place.authority).map_err(|_| HttpFailed::Invalid)?;
    parts.headers.insert(header::HOST, host);
    parts.headers.insert(header::USER_AGENT, HeaderValue::from_static("Keydesk"));
    let request = Request::from_parts(parts, Full::new(Bytes::from(body)));
    let mut connecting = http1::Builder::new();
    let shaken = connecting.max_buf_size(HEAD_MOST).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(failed)?;
    // It ends with this task: dropped, it closes the connection.
    let _end = AbortOnDrop(tokio::spawn(connection));
    let (parts, body) = sender.send_request(request).await.map_err(failed)?.into_parts();
    let body =
        Limited::new(body, BODY_MOST).collect().await.map_err(|error| match error.downcast::<hyper::Error>() {
            Ok(error) => failed(*error),
            Err(error) if error.is::<LengthLimitError>() => HttpFailed::TooMuch(place.authority.clone()),
            Err(_) => HttpFailed::Invalid,
        })?;
    Ok(HttpResponse::from_parts(parts, body.to_bytes().to_vec()))
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        for (address, expected) in [
            ("https://id.example.com", true),
            ("https://id.example.com:8443/realms/a", true),
            ("https://[2001:db8::1]/", true),
            ("http://127.0.0.1:9000", true),
            ("http://localhost/x", true),
            ("http://[::1]:80", true),
            ("http://id.example.com", false),
            ("http://192.0.2.1", false),
            ("http://localhost.example.com", false),
            ("https://u:p@id.example.com", false),
            ("ftp://id.example.com", false),
            ("id.example.com", false),
            ("/x", false),
            ("", false),
        ] {
            assert_eq!(may_be_asked(address), expected, "{address}");
        }
    }
}
