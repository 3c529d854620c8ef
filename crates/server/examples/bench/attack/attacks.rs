use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use model::{Environment, SecretFormat};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};

use super::Done;
use crate::http::request;

/// Connections of those that hold them.
const HELD: u32 = 1_010;
/// Connections of those that ask.
const ASKERS: u32 = 16;

/// What strangers do. None of them has a key, but those who create.
#[derive(Clone, Copy)]
pub(crate) enum Attack {
    Nothing,
    /// Ask for a large document many times and read nothing.
    NeverRead,
    /// Open connections and say nothing.
    SayNothing,
    /// Post codes of hand-over links that were never given, from one address.
    Codes,
    /// The same from 250 addresses.
    CodesFromManyAddresses,
    /// Ask about well-formed keys that nobody has.
    UnknownKeys,
    /// Sign in with wrong passwords.
    SignIn,
    /// With a key that may: create keys.
    Creates,
}

/// What is attacked.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// A key that may create others.
    pub(crate) manager: Arc<str>,
    pub(crate) done: Arc<Done>,
}

impl Attack {
    pub(crate) const ALL: [Self; 8] = [
        Self::Nothing,
        Self::NeverRead,
        Self::SayNothing,
        Self::Codes,
        Self::CodesFromManyAddresses,
        Self::UnknownKeys,
        Self::SignIn,
        Self::Creates,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::NeverRead => "1,010 connections that never read their answers",
            Self::SayNothing => "1,010 connections that say nothing",
            Self::Codes => "codes of links, one address",
            Self::CodesFromManyAddresses => "codes of links, 250 addresses",
            Self::UnknownKeys => "well-formed unknown keys",
            Self::SignIn => "sign-ins with wrong passwords",
            Self::Creates => "keys created by 16 callers that may",
        }
    }

    /// Goes on until it is over.
    pub(crate) async fn run(self, target: Target) {
        let mut tasks = JoinSet::new();
        let crowd = match self {
            Self::Nothing => 0,
            Self::NeverRead | Self::SayNothing => HELD,
            _ => ASKERS,
        };
        for number in 0..crowd {
            tasks.spawn(self.act(number, target.clone()));
        }
        while !target.done.over.load(Relaxed) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tasks.shutdown().await;
    }

    async fn act(self, number: u32, target: Target) {
        let mut turn = u64::from(number) << 40;
        loop {
            // A connection that is refused is tried again, but not without a pause: the attacker's own core is measured too.
            if self.on_a_connection(number, &target, &mut turn).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    async fn on_a_connection(self, number: u32, target: &Target, turn: &mut u64) -> io::Result<()> {
        let host = match self {
            Self::CodesFromManyAddresses => 2 + (*turn % 250) as u32,
            Self::NeverRead | Self::SayNothing => 2 + number % 2,
            _ => 2,
        };
        let mut stream = open_from(host, target.address).await?;
        match self {
            Self::Nothing => {}
            Self::NeverRead => {
                target.done.acts.fetch_add(1, Relaxed);
                let document = request("GET", "/api/openapi.json", "", "").repeat(100);
                stream.write_all(&document).await?;
                std::future::pending::<()>().await;
            }
            Self::SayNothing => {
                target.done.acts.fetch_add(1, Relaxed);
                // Until the other side closes it.
                let _ = stream.read(&mut [0; 1]).await?;
            }
            _ => loop {
                *turn += 1;
                let ask = self.request(*turn, target);
                answered(&mut stream, &ask).await?;
                target.done.acts.fetch_add(1, Relaxed);
                if matches!(self, Self::CodesFromManyAddresses) {
                    return Ok(());
                }
            },
        }
        Ok(())
    }

    fn request(self, turn: u64, target: &Target) -> Vec<u8> {
        match self {
            Self::UnknownKeys => request("GET", "/authz?scope=calls:read", &unknown_key(turn), ""),
            Self::Creates => request("POST", "/api/v1/keys", &target.manager, "{\"client_name\":\"Flood\"}"),
            Self::SignIn => form(target, "/login", &format!("email=a{turn}@example.com&password=wrong+horse+battery")),
            _ => form(target, "/handover", &format!("show=1&code={turn:042}0")),
        }
    }
}

/// A connection from 127.0.0.`host`.
async fn open_from(host: u32, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 0, 0)) + host), 0)))?;
    socket.connect(address).await
}

fn form(target: &Target, path: &str, form: &str) -> Vec<u8> {
    let host = target.address;
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .into_bytes()
}

/// Sends a request, and reads what comes until nothing more does: the answer need not be understood.
async fn answered(stream: &mut TcpStream, request: &[u8]) -> io::Result<()> {
    stream.write_all(request).await?;
    let mut answer = [0; 16 * 1024];
    let mut read = stream.read(&mut answer).await?;
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    while read == answer.len() {
        read = stream.read(&mut answer).await?;
    }
    Ok(())
}

/// A key in the right form, with a right checksum, which nobody has.
fn unknown_key(turn: u64) -> String {
    let mut body = [b'A'; 30];
    for (place, digit) in body.iter_mut().zip(format!("{turn:020}").bytes()) {
        *place = digit;
    }
    let format = SecretFormat::new("ccc").expect("the usual prefix");
    format.write(Environment::Live, &body).expose().to_owned()
}
