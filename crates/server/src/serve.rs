//! `keydesk serve`: listen, answer, and stop without losing anything.

use std::{
    io::{self, Write as _},
    sync::Arc,
    time::{Duration, Instant},
};

use app::BrowserAccess;
use cli::{Sandbox, Settings, UNNAMED_PROXY};
use domain::{Installation, Keydesk, OpenError, OpenOptions};
use edge::{Cores, Listener, PlaceBounds, Places, Timers, accept_all};
use gate::{
    Accepted, Gate,
    config::ListenerEntry,
    forward::{self, Forwarder},
    spoe,
};
use model::{Actor, Environment};
use tokio::{net::TcpListener, runtime::Handle, sync::watch, task::JoinSet};

use crate::{
    dispatcher::Dispatcher,
    documentation,
    listen::{Stop, listen},
    process::{self, Api},
    router, sandbox, telemetry,
};

/// How long running calls may take after the signal to stop. Shorter than the 30 s that orchestrators wait before they kill.
const LAST_CALLS: Duration = Duration::from_secs(25);
/// How long the database's server may take to start, and how long until it is asked again.
const DATABASE_STARTS: Duration = Duration::from_secs(20);
const AGAIN: Duration = Duration::from_millis(500);

/// Serves until a signal says to stop.
pub(crate) async fn run(settings: Settings, started: Instant) -> Result<(), String> {
    if settings.sandbox.is_some() && settings.forward.listen.is_none() {
        return Err(
            "--sandbox needs a gateway in front of it: say where that listens with --gateway-listen.".to_owned()
        );
    }
    // Before anything is opened: a process that can't listen must not touch the database.
    let mut stop = Stop::new().map_err(|error| format!("signals can't be received: {error}"))?;
    let listener = listen(settings.listen()).await?;
    let ops = match &settings.ops_listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let grpc = match &settings.grpc_listen {
        Some(_) if !cfg!(feature = "grpc") => return Err("this binary was built without gRPC.".to_owned()),
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let spoe = match &settings.spoe_listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let forwarding = match &settings.forward.listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let own = |listener: &Option<TcpListener>| listener.as_ref().and_then(|listener| listener.local_addr().ok());
    let gateway_at = own(&forwarding);
    let ops_address = own(&ops).map(|address| address.to_string());
    let spoe_address = own(&spoe).map(|address| address.to_string());
    let grpc_address = own(&grpc).map(|address| address.to_string());
    let gateway_address = own(&forwarding).map(|address| address.to_string());
    let files = process::raise_open_files();
    let gates = u64::from(grpc.is_some()) + u64::from(spoe.is_some());
    let forwards =
        forwarding.as_ref().map(|_| if settings.forward.names_upstream() { Api::Elsewhere } else { Api::InProcess });
    let bounds = process::Bounds::of(files, gates, forwards);
    if files < FILES_FEW {
        tracing::warn!(files, "few files may be open at once, and so few connections; raise `ulimit -n`");
    }
    let cores = Cores::start().map_err(|error| format!("no threads can be started: {error}"))?;
    let options = OpenOptions { found: true, ..cli::open_options(&settings) };
    tokio::select! {
        reached = reach(&options.database) => reached.map_err(|error| error.to_string())?,
        () = stop.asked() => return Ok(()),
    }
    let keydesk = Keydesk::open(options).await.map_err(|error| error.to_string())?;
    if let Some(exposure) = keydesk.database_exposure() {
        tracing::warn!("{exposure}; use sslmode=verify-full");
    }
    let access = settings.public_url().map_or_else(BrowserAccess::default, BrowserAccess::at);
    if settings.behind_unnamed_proxy() {
        tracing::warn!("{UNNAMED_PROXY}");
    }
    for warning in settings.gateway.warnings() {
        tracing::warn!("{warning}");
    }
    if let Some(missing) = settings.missing_routes_file() {
        let file = missing.display();
        tracing::warn!("there is no file {file}, so there are no routes yet; `keydesk apply` writes it");
    }
    let (gateway, otlp) = (settings.gateway.clone(), settings.otlp.clone());
    let accepted = |listener: &ListenerEntry| accepted(&keydesk, &settings.installation, listener);
    let (at_authz, over_spoe) = (accepted(&settings.authz)?, accepted(&settings.spoe)?);
    #[cfg(feature = "grpc")]
    let over_grpc = accepted(&settings.grpc)?;
    let at_gateway = accepted(&settings.forward.accepted)?;
    let installation = installation(&keydesk, &settings.installation, &settings.forward.accepted)?.id;
    // The system may have chosen the port.
    let links = settings.links_at(&address.to_string());
    keydesk.verifier().set_token_issuer(&links.to(""));
    keydesk.set_address(&links.to(""));
    let workspace = links.to("");
    let mut documentation = documentation::documentation(&settings.docs, &workspace, gateway_at);
    let set_up = cli::set_up_link(&keydesk, Actor::System, &settings.installation, &links).await;
    // The rest of it has secrets.
    let (mut forward, sandbox) = {
        let settings = settings;
        (settings.forward, settings.sandbox)
    };
    // The console of the documentation calls the gateway from the pages of the Workspace.
    forward.let_read(documentation::origins(&workspace));
    let sandbox = match sandbox {
        Some(sandbox) => {
            let keys = sandbox::Known { keydesk: keydesk.clone(), installation, home: Handle::current() };
            behind(&mut forward, sandbox, keys)?
        }
        None => None,
    };
    documentation.test_keys = forward.answers(Environment::Test);
    documentation.live_keys = forward.answers(Environment::Live);
    documentation.gateway_of = Some(installation);
    let background = keydesk.start();
    let dispatcher = router::dispatcher_for(&keydesk, access, documentation, gateway.clone(), at_authz);
    let telemetry = otlp.map(|otlp| telemetry::start(otlp, dispatcher.edge(), keydesk.request_id(keydesk.now())));
    let mut server = Server::new(cores);
    let places = |name, listener, bounds| with_places(name, listener, bounds, &dispatcher);
    server.spawn(places("public", listener, bounds.public), dispatcher.clone());
    if let Some(listener) = ops {
        server.spawn(places("ops", listener, bounds.ops), router::operations(&dispatcher));
    }
    if let Some(listener) = spoe {
        server.spawn_spoe(places("spoe", listener, bounds.gate), dispatcher.gate().accepting(over_spoe));
    }
    #[cfg(feature = "grpc")]
    if let Some(listener) = grpc {
        server.spawn_grpc(places("grpc", listener, bounds.gate), dispatcher.gate().accepting(over_grpc));
    }
    if let Some(listener) = forwarding {
        let (verifier, edge) = (keydesk.verifier().clone(), dispatcher.edge().clone());
        let forwarder = Forwarder::new(verifier, gateway, at_gateway, edge, forward, server.cores.count());
        server.spawn_gateway(places("gateway", listener, bounds.forward), forwarder);
    }
    let millis = started.elapsed().as_millis();
    tracing::info!(address = %address, ops_address, grpc_address, spoe_address, gateway_address, "serving on http://{address}, ready in {millis} ms");
    if let Some((link, ends_at)) = set_up {
        welcome(&link, ends_at, links.note());
    }
    stop.asked().await;
    tracing::info!("stopping: no new calls, running ones finish");
    app::end_streams();
    if let Some(sandbox) = &sandbox {
        sandbox.end_streams();
    }
    tokio::select! {
        finished = server.stop() => if !finished {
            tracing::warn!("calls were still running after {} s and have been cut off", LAST_CALLS.as_secs());
        },
        () = stop.asked() => tracing::warn!("asked twice to stop: running calls have been cut off"),
    }
    if let Some(sandbox) = sandbox {
        sandbox.stop().await;
    }
    background.stop().await;
    keydesk.close().await;
    if let Some(telemetry) = telemetry {
        telemetry.stop().await;
    }
    tracing::info!("stopped");
    Ok(())
}

/// Starts the contact centre behind the gateway, as the API of test keys; `None`: the configuration names another.
fn behind(
    forward: &mut forward::config::Settings,
    sandbox: Sandbox,
    keys: sandbox::Known,
) -> Result<Option<sandbox::Started>, String> {
    let (door, entrance) = forward::door();
    let added = forward.add_in_process(Environment::Test, door).map_err(|error| error.to_string())?;
    if !added {
        tracing::warn!("[upstreams.test] names an API, so no contact centre is started for test keys");
    }
    let started = added.then(|| sandbox::start(sandbox, entrance, keys)).transpose();
    started.map_err(|error| format!("no threads can be started for the contact centre: {error}"))
}

/// With fewer open files than this there is a line in the log.
const FILES_FEW: u64 = 1_024;

/// Gives a listener places for its connections, which are counted among the metrics.
fn with_places(name: &'static str, listener: TcpListener, bounds: PlaceBounds, dispatcher: &Dispatcher) -> Listener {
    let places = Places::new(name, bounds, dispatcher.gate().trusted_proxies().clone());
    dispatcher.edge().watch(places.clone());
    Listener::new(listener, places)
}

/// Waits for the database's server, which may start at the same time as this one, and says for what.
async fn reach(database: &str) -> Result<(), OpenError> {
    let until = Instant::now() + DATABASE_STARTS;
    let mut said = false;
    loop {
        match Keydesk::reach(database).await {
            Err(error) if error.may_pass() && Instant::now() < until => {
                if !std::mem::replace(&mut said, true) {
                    tracing::warn!(%error, "waiting for the database, {} s at most", DATABASE_STARTS.as_secs());
                }
                tokio::time::sleep(AGAIN).await;
            }
            reached => return reached,
        }
    }
}

/// Whose keys a listener accepts: those of its own installation, else of the one that the command names.
fn accepted(keydesk: &Keydesk, named: &str, listener: &ListenerEntry) -> Result<Accepted, String> {
    let found = installation(keydesk, named, listener)?;
    Ok(Accepted::new(found.id, &found.name, listener.environment))
}

fn installation(keydesk: &Keydesk, named: &str, listener: &ListenerEntry) -> Result<Installation, String> {
    let name = listener.installation.as_deref().unwrap_or(named);
    let found = keydesk.installation_in_memory(name);
    found.ok_or_else(|| format!("there is no installation named {name}; `keydesk installation list` names them."))
}

/// Shows the set-up link, on standard output only: the link is a secret, and logs are kept and sent elsewhere.
fn welcome(link: &str, ends_at: model::Instant, note: Option<&str>) {
    tracing::info!("no administrator yet; the set-up link is on standard output, and `keydesk doctor` shows it again");
    // Standard output may be closed.
    let _ = writeln!(
        io::stdout(),
        "Nobody can sign in yet. To make the first owner, open {link}\n\
         It works until {ends_at}; after that `keydesk doctor` makes another.{}{}",
        if note.is_some() { "\n" } else { "" },
        note.unwrap_or_default()
    );
}

/// Listeners and their connections.
struct Server {
    stopping: watch::Sender<bool>,
    listeners: JoinSet<()>,
    cores: Arc<Cores<Dispatcher>>,
}

impl Server {
    fn new(cores: Cores<Dispatcher>) -> Self {
        Self { stopping: watch::Sender::new(false), listeners: JoinSet::new(), cores: Arc::new(cores) }
    }

    fn spawn(&mut self, listener: Listener, dispatcher: Dispatcher) {
        self.listeners.spawn(accept_all(
            listener,
            dispatcher,
            Arc::clone(&self.cores),
            Timers::here(),
            self.stopping.subscribe(),
        ));
    }

    fn spawn_gateway(&mut self, listener: Listener, forwarder: Forwarder) {
        let (cores, stopping) = (Arc::clone(&self.cores), self.stopping.subscribe());
        self.listeners.spawn(forward::serve(listener, forwarder, cores, Timers::here(), stopping));
    }

    fn spawn_spoe(&mut self, listener: Listener, gate: Gate) {
        self.listeners.spawn(spoe::serve(listener, gate, self.stopping.subscribe()));
    }

    #[cfg(feature = "grpc")]
    fn spawn_grpc(&mut self, listener: Listener, gate: Gate) {
        self.listeners.spawn(gate::grpc::serve(listener, gate, self.stopping.subscribe()));
    }

    /// Whether every call was answered in time.
    async fn stop(self) -> bool {
        self.stopping.send_replace(true);
        tokio::time::timeout(LAST_CALLS, self.listeners.join_all()).await.is_ok()
    }
}
