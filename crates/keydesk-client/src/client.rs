//! A key, and the server that it is for.

use std::{fmt, time::Duration};

use crate::{
    ContactCentre, Error, Keys, Retries, Verdict, Verify, WhoAmI, call::Call, sender::Sender, transport::Transport,
};

/// For one try, from the connection to the last byte.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A key and the server that it is for: Keydesk itself ([`verify`](Self::verify), [`keys`](Self::keys)), or its gateway
/// ([`contact_centre`](Self::contact_centre)). Cheap to clone; clones share connections, and wait together where a limit is reached.
#[derive(Clone, Debug)]
pub struct Client(Sender);

/// A client that is being configured.
#[derive(Clone)]
pub struct Builder {
    address: String,
    key: String,
    retries: Retries,
    timeout: Duration,
    roots: Vec<u8>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Builder {
    /// How often and how long a call is tried.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// How long one try may take, from the connection to the last byte; 30 s when not said. Streams have no end.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Certificates in PEM that are trusted beside those that browsers trust.
    pub fn trust(mut self, pem: &[u8]) -> Self {
        self.roots.extend_from_slice(pem);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// The address, the key or a certificate has a form that can't be.
    pub fn build(self) -> Result<Client, Error> {
        let transport = Transport::new(&self.address, &self.key, &self.roots)?;
        Ok(Client(Sender::new(transport, self.retries, self.timeout)))
    }
}

impl Client {
    /// A client of the server at `address`, such as `https://keydesk.example.com`, that calls with `key`.
    ///
    /// # Errors
    /// The address or the key has a form that can't be.
    pub fn new(address: &str, key: &str) -> Result<Self, Error> {
        Self::builder(address, key).build()
    }

    /// The same, to be configured.
    pub fn builder(address: &str, key: &str) -> Builder {
        let (address, key) = (address.to_owned(), key.to_owned());
        Builder { address, key, retries: Retries::default(), timeout: TIMEOUT, roots: Vec::new() }
    }

    /// Asks whether a call with somebody's key may go ahead. The caller's own key needs `keys:verify`.
    ///
    /// # Errors
    /// Keydesk could not be asked. A refusal of the verified key is no error: see [`Verdict::valid`].
    pub async fn verify(&self, call: &Verify) -> Result<Verdict, Error> {
        self.0.json(&Call::post("/api/v1/keys/verify").json(call)?).await
    }

    /// The calling key as itself: its rights, its limits, and what is left of them. It takes nothing from them.
    ///
    /// # Errors
    /// The key is not valid, or Keydesk could not be asked.
    pub async fn whoami(&self) -> Result<WhoAmI, Error> {
        self.0.json(&Call::get("/api/v1/whoami")).await
    }

    /// Verbs on keys.
    pub fn keys(&self) -> Keys {
        Keys::new(self.0.clone())
    }

    /// The contact centre, where the address is that of the gateway.
    pub fn contact_centre(&self) -> ContactCentre {
        ContactCentre::new(self.0.clone())
    }
}
