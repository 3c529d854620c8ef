use std::sync::Arc;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// A connection to the database that can be cut and restored.
pub(crate) struct Proxy {
    whole: Arc<watch::Sender<bool>>,
    port: u16,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn to(address: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (whole, _) = watch::channel(true);
        let whole = Arc::new(whole);
        let line = Arc::clone(&whole);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut state = line.subscribe();
                // While cut, it closes every connection that it accepts at once.
                if !*state.borrow_and_update() {
                    continue;
                }
                let address = address.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = carry(client, &address) => {}
                        _ = state.wait_for(|whole| !whole) => {}
                    }
                });
            }
        });
        Self { whole, port, task }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn cut(&self) {
        self.whole.send_replace(false);
    }

    pub(crate) fn mend(&self) {
        self.whole.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(mut client: TcpStream, address: &str) {
    if let Ok(mut server) = TcpStream::connect(address).await {
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
