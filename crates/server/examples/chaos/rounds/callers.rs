//! Programs that change keys and that have keys verified, while something fails.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{Deed, Deployment, Ledger, Random};
use crate::support::request;

/// The scope that verifications ask for, and that narrowing takes.
pub(crate) const WANTED: &str = "calls:read";
const LEFT: &str = "contacts:read";
/// Between two tries where nobody answers.
const PAUSE: Duration = Duration::from_millis(20);

/// Where callers call, and what they were told.
#[derive(Debug)]
pub(crate) struct Site {
    addresses: Mutex<Vec<String>>,
    key: String,
    pub(crate) ledger: Ledger,
    /// For how long a key may work after an acknowledged change: nothing on the node that made it, 5 s on others.
    grace: Duration,
    over: AtomicBool,
}

/// What became of a request.
enum Answered {
    Yes(Value),
    /// There is no such key.
    Gone,
    /// Not at all, or with the word that it failed: it may have happened.
    No,
}

impl Site {
    pub(crate) fn new(deployment: &Deployment, addresses: &[&str], grace: Duration) -> Arc<Self> {
        Arc::new(Self {
            addresses: Mutex::new(addresses.iter().map(|address| (*address).to_owned()).collect()),
            key: deployment.key.clone(),
            ledger: Ledger::default(),
            grace,
            over: AtomicBool::new(false),
        })
    }

    /// Callers call these addresses from now on.
    pub(crate) fn moves_to(&self, addresses: &[&str]) {
        let addresses = addresses.iter().map(|address| (*address).to_owned()).collect();
        *self.addresses.lock().unwrap_or_else(PoisonError::into_inner) = addresses;
    }

    fn address(&self, random: &mut Random) -> String {
        let addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        addresses[random.below(addresses.len())].clone()
    }

    /// Sends a request. Anything but success, a failure of the server, or silence, is against what was promised.
    async fn send(&self, random: &mut Random, method: &str, path: &str, body: Option<Value>) -> Answered {
        let (address, body) = (self.address(random), body.map(|body| body.to_string()));
        match request(&address, method, path, Some(&self.key), body.as_deref()).await {
            Ok((200..300, answer)) => {
                let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
                // An answer that broke off says nothing that can be relied on.
                if body.is_empty() {
                    Answered::Yes(Value::Null)
                } else {
                    serde_json::from_str(body).map_or(Answered::No, Answered::Yes)
                }
            }
            Ok((404, _)) => Answered::Gone,
            Ok((500.., _)) | Err(_) => Answered::No,
            Ok((status, answer)) => panic!("{method} {path} was answered {status}: {answer}"),
        }
    }

    /// Creates a key; its place in the ledger.
    pub(crate) async fn create(&self, random: &mut Random, name: String) -> Option<usize> {
        let body = json!({"client_name": name, "scopes": [WANTED, LEFT]});
        match self.send(random, "POST", "/api/v1/keys", Some(body)).await {
            Answered::Yes(made) => {
                Some(self.ledger.created(made["id"].as_str().expect("an id"), made["key"].as_str().expect("a secret")))
            }
            Answered::No => {
                self.ledger.unanswered(name);
                None
            }
            Answered::Gone => panic!("keys can't be created"),
        }
    }

    /// Takes a key's access away; whether that was acknowledged.
    pub(crate) async fn take(&self, random: &mut Random, place: usize, deed: Deed) -> bool {
        let (id, attempts) = self.ledger.ask(place, deed);
        let path = format!("/api/v1/keys/{id}");
        let answered = match deed {
            Deed::Delete => self.send(random, "DELETE", &path, None).await,
            Deed::Disable => self.send(random, "POST", &format!("{path}/disable"), None).await,
            Deed::Narrow => self.send(random, "PATCH", &path, Some(json!({"scopes": [LEFT]}))).await,
        };
        let yes = match answered {
            Answered::Yes(_) => true,
            // It had happened, and only the answer failed.
            Answered::Gone if deed == Deed::Delete && attempts > 1 => true,
            Answered::Gone => panic!("{id} is lost"),
            Answered::No => false,
        };
        if yes {
            self.ledger.acknowledged(place);
        }
        yes
    }

    /// Has a key verified: the verdict, if there was one.
    pub(crate) async fn verify(&self, random: &mut Random) -> Option<String> {
        let (place, known) = self.ledger.pick(random)?;
        let sent = Instant::now();
        let code = self.code_of(random, &known.secret).await?;
        self.ledger.told(place, &known, sent, &code, self.grace);
        Some(code)
    }

    /// The verdict on a secret, if there was one.
    pub(crate) async fn code_of(&self, random: &mut Random, secret: &str) -> Option<String> {
        let body = json!({"key": secret, "scopes": [WANTED]});
        match self.send(random, "POST", "/api/v1/keys/verify", Some(body)).await {
            Answered::Yes(verdict) => Some(verdict["code"].as_str().expect("a code").to_owned()),
            Answered::No => None,
            Answered::Gone => panic!("nothing verifies"),
        }
    }

    /// Asks again for what was asked for and not acknowledged, until it is.
    pub(crate) async fn ask_again(&self, random: &mut Random) {
        for (place, deed) in self.ledger.open() {
            assert!(self.take(random, place, deed).await, "{deed:?} is still not possible");
        }
    }
}

/// Callers at work.
pub(crate) struct Callers {
    site: Arc<Site>,
    tasks: Vec<JoinHandle<()>>,
}

impl Callers {
    /// So many of each kind.
    pub(crate) fn start(site: &Arc<Site>, random: &mut Random, changing: usize, verifying: usize) -> Self {
        site.over.store(false, Relaxed);
        let id = random.next();
        let change = |number| tokio::spawn(changes(Arc::clone(site), format!("Caller {id:x} {number}"), random.fork()));
        let mut tasks: Vec<_> = (0..changing).map(change).collect();
        tasks.extend((0..verifying).map(|_| tokio::spawn(verifications(Arc::clone(site), random.fork()))));
        Self { site: Arc::clone(site), tasks }
    }

    /// Waits until so many changes more were acknowledged, however slow the machine is.
    pub(crate) async fn have_changed(&self, more: u64) {
        let wanted = self.site.ledger.counts().changes + more;
        let began = Instant::now();
        while self.site.ledger.counts().changes < wanted {
            assert!(began.elapsed() < Duration::from_secs(60), "{more} changes were not made within a minute");
            if self.tasks.iter().any(JoinHandle::is_finished) {
                // One of them has something to tell.
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends them, and passes on what one of them found wrong.
    pub(crate) async fn stop(mut self) {
        self.site.over.store(true, Relaxed);
        for task in std::mem::take(&mut self.tasks) {
            if let Err(error) = task.await {
                std::panic::resume_unwind(error.into_panic());
            }
        }
    }
}

/// A round that went wrong leaves none behind.
impl Drop for Callers {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Creates keys, and takes the access of most.
async fn changes(site: Arc<Site>, name: String, mut random: Random) {
    for number in 0.. {
        if site.over.load(Relaxed) {
            break;
        }
        let Some(place) = site.create(&mut random, format!("{name} {number}")).await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let deed = random.below(Deed::ALL.len() + 1);
        if let Some(deed) = Deed::ALL.get(deed) {
            site.take(&mut random, place, *deed).await;
        }
        tokio::time::sleep(random.millis(0, 8)).await;
    }
}

async fn verifications(site: Arc<Site>, mut random: Random) {
    while !site.over.load(Relaxed) {
        if site.verify(&mut random).await.is_none() {
            tokio::time::sleep(PAUSE).await;
        }
    }
}
