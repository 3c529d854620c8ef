use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// An address before a database, behind which another database can be put, or none.
#[derive(Debug)]
pub(crate) struct Forwarder {
    address: SocketAddr,
    target: watch::Sender<Option<SocketAddr>>,
}

impl Forwarder {
    /// Forwards to the server of this address, which names a host and a port.
    pub(crate) async fn to(database: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (target, seen) = watch::channel(Some(server(database)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, seen.clone()));
            }
        });
        Self { address, target }
    }

    /// The address of the database as it is here.
    pub(crate) fn address_of(&self, database: &str) -> String {
        database.replace(&host(database), &self.address.to_string())
    }

    /// From now on nobody is there; connections are ended.
    pub(crate) fn cut(&self) {
        self.target.send_replace(None);
    }

    /// From now on this server is there; connections to another are ended.
    pub(crate) fn point_to(&self, database: &str) {
        self.target.send_replace(Some(server(database)));
    }
}

/// Until one side ends, or the target is another.
async fn pass(mut stream: TcpStream, mut target: watch::Receiver<Option<SocketAddr>>) {
    let Some(to) = *target.borrow_and_update() else { return };
    let Ok(mut server) = TcpStream::connect(to).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut stream, &mut server) => {}
        _ = target.changed() => {}
    }
}

/// `HOST:PORT` of an address.
fn host(database: &str) -> String {
    let rest = database.split_once("://").expect("an address").1;
    let rest = rest.split(['/', '?']).next().unwrap_or_default();
    rest.rsplit_once('@').map_or(rest, |(_, host)| host).to_owned()
}

fn server(database: &str) -> SocketAddr {
    host(database).replace("localhost", "127.0.0.1").parse().expect("an address with a port")
}
