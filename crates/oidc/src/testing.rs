//! A provider of tests' own, on this machine. It has no pages: a test says who has signed in, and what the provider says of them.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    digest,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// The client that it knows, and its secret.
pub const CLIENT: (&str, &str) = ("keydesk", "a secret of the client");
/// Bytes of a request at most.
const MOST: usize = 64 << 10;

/// What is wrong with what the provider says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    #[default]
    None,
    /// A token that another key has signed.
    Signature,
    /// A token that nobody has signed.
    Unsigned,
    /// A token for another client.
    Audience,
    /// A token for another client, too.
    Audiences,
    /// A token of another issuer.
    Issuer,
    /// A token for another sign-in.
    Nonce,
    /// A token without a nonce.
    NoNonce,
    /// A token that is over.
    Over,
    /// A user info of somebody else.
    Subject,
    /// An answer that has no end.
    Endless,
    /// Another address to ask at.
    Redirect,
    /// No answer but an error.
    Down,
}

/// What one code stands for.
struct Grant {
    challenge: String,
    nonce: String,
    redirect_uri: String,
    claims: Value,
    info: Value,
}

#[derive(Default)]
struct State {
    grants: HashMap<String, Grant>,
    infos: HashMap<String, Value>,
    flaw: Flaw,
    /// How often it was asked, by path.
    asked: HashMap<String, usize>,
    codes: u64,
}

/// A provider that runs until it is dropped.
pub struct FakeProvider {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for FakeProvider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FakeProvider {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    let _ = answer(stream, address, &shared).await;
                });
            }
        });
        Self { address, state, task }
    }

    /// Its issuer.
    pub fn issuer(&self) -> String {
        issuer(self.address)
    }

    /// What is wrong with what it says from now on.
    pub fn set_flaw(&self, flaw: Flaw) {
        locked(&self.state).flaw = flaw;
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        locked(&self.state).asked.get(path).copied().unwrap_or_default()
    }

    /// Somebody has come to this address, and has signed in; `claims` are what the ID token says of them, `info` what the user info
    /// says. Gives the query with which they go back.
    pub fn grant(&self, address: &str, claims: Value, info: Value) -> String {
        let query = address.split_once('?').map(|(_, query)| query).expect("a query");
        let asked: HashMap<String, String> = pairs(query);
        let of = |name: &str| asked.get(name).cloned().unwrap_or_else(|| panic!("{name} is asked with"));
        assert_eq!(of("response_type"), "code");
        assert_eq!(of("client_id"), CLIENT.0);
        assert_eq!(of("code_challenge_method"), "S256");
        let mut state = locked(&self.state);
        state.codes += 1;
        let code = format!("code-{}", state.codes);
        let grant = Grant {
            challenge: of("code_challenge"),
            nonce: of("nonce"),
            redirect_uri: of("redirect_uri"),
            claims,
            info,
        };
        state.grants.insert(code.clone(), grant);
        format!("code={code}&state={}&iss={}", of("state"), self.issuer().replace(':', "%3A").replace('/', "%2F"))
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn issuer(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// A form or a query, decoded.
fn pairs(text: &str) -> HashMap<String, String> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((decoded(name), decoded(value)))
    };
    text.split('&').filter_map(pair).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn answer(mut stream: TcpStream, address: SocketAddr, state: &Mutex<State>) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        let mut more = [0; 4096];
        let read = stream.read(&mut more).await?;
        bytes.extend_from_slice(&more[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header(head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                break (head.to_owned(), body.to_owned());
            }
        }
        if read == 0 || bytes.len() > MOST {
            return Ok(());
        }
    };
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let flaw = {
        let mut state = locked(state);
        *state.asked.entry(path.clone()).or_default() += 1;
        state.flaw
    };
    let (status, value) = match (flaw, path.as_str()) {
        (Flaw::Down, _) => ("503 Service Unavailable", json!({})),
        (Flaw::Redirect, "/token") => {
            let elsewhere =
                format!("HTTP/1.1 307 Elsewhere\r\nLocation: {}/other\r\nContent-Length: 0\r\n\r\n", issuer(address));
            return stream.write_all(elsewhere.as_bytes()).await;
        }
        (Flaw::Endless, _) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n").await?;
            loop {
                stream.write_all(&[b' '; 4096]).await?;
            }
        }
        (_, "/.well-known/openid-configuration") => ("200 OK", metadata(&issuer(address))),
        (_, "/jwks") => ("200 OK", json!({ "keys": [public(&key(1))] })),
        (_, "/token") => token(&head, &body, &issuer(address), state),
        (_, "/me") => info(&head, state),
        _ => ("404 Not Found", json!({})),
    };
    let body = value.to_string();
    let text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
    line.split_once(':').map(|(_, value)| value.trim())
}

fn metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/auth"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/me"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "authorization_response_iss_parameter_supported": true,
    })
}

#[expect(clippy::disallowed_methods, reason = "the library compares with the machine's clock")]
fn token(head: &str, body: &str, issuer: &str, state: &Mutex<State>) -> (&'static str, Value) {
    let refused = |error: &str| ("400 Bad Request", json!({ "error": error }));
    let basic = header(head, "authorization").and_then(|value| value.strip_prefix("Basic "));
    let basic = basic.and_then(|basic| STANDARD.decode(basic).ok()).and_then(|bytes| String::from_utf8(bytes).ok());
    let who =
        basic.as_deref().and_then(|basic| basic.split_once(':')).map(|(id, secret)| (decoded(id), decoded(secret)));
    if who != Some((CLIENT.0.to_owned(), CLIENT.1.to_owned())) {
        return refused("invalid_client");
    }
    let form = pairs(body);
    let of = |name: &str| form.get(name).cloned().unwrap_or_default();
    let mut state = locked(state);
    // A code is used once.
    let Some(grant) = state.grants.remove(&of("code")) else { return refused("invalid_grant") };
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, of("code_verifier").as_bytes()));
    if grant.challenge != challenge || grant.redirect_uri != of("redirect_uri") {
        return refused("invalid_grant");
    }
    let flaw = state.flaw;
    let access = format!("access-{}", of("code"));
    let mut info = grant.info;
    if flaw == Flaw::Subject {
        info["sub"] = json!("eve");
    } else {
        info["sub"] = grant.claims["sub"].clone();
    }
    state.infos.insert(access.clone(), info);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut claims = grant.claims;
    claims["iss"] = json!(if flaw == Flaw::Issuer { "https://other.example.com" } else { issuer });
    claims["aud"] = match flaw {
        Flaw::Audience => json!("other"),
        Flaw::Audiences => json!([CLIENT.0, "other"]),
        _ => json!(CLIENT.0),
    };
    claims["iat"] = json!(now);
    claims["exp"] = json!(if flaw == Flaw::Over { now - 60 } else { now + 60 });
    match flaw {
        Flaw::NoNonce => {}
        Flaw::Nonce => claims["nonce"] = json!("another"),
        _ => claims["nonce"] = json!(grant.nonce),
    }
    let signed = match flaw {
        Flaw::Unsigned => signed_by(None, &claims),
        Flaw::Signature => signed_by(Some(&key(2)), &claims),
        _ => signed_by(Some(&key(1)), &claims),
    };
    let answer = json!({ "access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": signed });
    ("200 OK", answer)
}

fn info(head: &str, state: &Mutex<State>) -> (&'static str, Value) {
    let bearer = header(head, "authorization").and_then(|value| value.strip_prefix("Bearer "));
    match bearer.and_then(|bearer| locked(state).infos.get(bearer).cloned()) {
        Some(info) => ("200 OK", info),
        None => ("401 Unauthorized", json!({})),
    }
}

fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a key")
}

fn public(key: &Ed25519KeyPair) -> Value {
    let x = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
    json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "1", "x": x })
}

fn signed_by(key: Option<&Ed25519KeyPair>, claims: &Value) -> String {
    let algorithm = if key.is_some() { "EdDSA" } else { "none" };
    let head = URL_SAFE_NO_PAD.encode(json!({ "alg": algorithm, "kid": "1", "typ": "JWT" }).to_string());
    let text = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = key.map(|key| URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()).as_ref())).unwrap_or_default();
    format!("{text}.{signature}")
}
