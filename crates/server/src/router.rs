//! The public router: the API, the pages, and the files that the browser loads.

use api::{Access, App, Endpoint};
use axum::{Router, routing::get};
use bytes::Bytes;
use domain::Keydesk;
use edge::{Edge, Routes, Template};
use gate::{Accepted, Gate, Gateway, forward};
use model::{AcceptedEnvironment, InstallationId};
use uuid::Uuid;

use crate::{assets::FILES, dispatcher::Dispatcher, documentation::described, metrics_page};

/// The path that Prometheus reads.
const METRICS: &str = "/metrics";

/// Everything that the public listener serves, reached by plain http.
pub fn dispatcher(keydesk: &Keydesk) -> Dispatcher {
    dispatcher_behind(keydesk, Gateway::default())
}

/// The same behind proxies, answering their questions about live keys of the installation `default`.
pub fn dispatcher_behind(keydesk: &Keydesk, gateway: Gateway) -> Dispatcher {
    let default = keydesk.installation_in_memory("default").map_or(InstallationId(Uuid::nil()), |found| found.id);
    let accepted = Accepted::new(default, "default", AcceptedEnvironment::Live);
    dispatcher_for(keydesk, app::BrowserAccess::default(), described(), gateway, accepted)
}

/// Everything that the public listener serves.
pub(crate) fn dispatcher_for(
    keydesk: &Keydesk,
    settings: app::BrowserAccess,
    documentation: app::Documentation,
    gateway: Gateway,
    accepted: Accepted,
) -> Dispatcher {
    let endpoints = endpoints();
    let edge = Edge::new(Source(keydesk.clone()), Routes::new(templates(&endpoints)));
    let gate = Gate::new(keydesk.verifier().clone(), gateway, accepted, edge);
    Dispatcher::new(router(keydesk, endpoints, settings, documentation), keydesk.clone(), gate)
}

/// What the operations listener serves, about the same process.
pub fn operations(public: &Dispatcher) -> Dispatcher {
    let app = App { keydesk: public.keydesk().clone() };
    let counted = public.clone();
    let metrics = move || std::future::ready(metrics_page::page(&counted));
    let metrics = Router::new().route(METRICS, get(metrics));
    public.with_router(api::router(app, api::health(), metrics).fallback(api::not_found))
}

/// Every endpoint that programs reach, described.
pub fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = api::endpoints();
    endpoints.push(Endpoint::before_router(gate::description(), Access::AnyKey));
    endpoints
}

/// Where requests go, as they are counted and logged.
fn templates(endpoints: &[Endpoint]) -> Vec<Template> {
    let pages = ["/api/_fn", "/pkg"].map(|tree| Template::tree(tree).for_people());
    [Gate::template(), forward::template(), Template::path(METRICS)]
        .into_iter()
        .chain(pages)
        .chain(api::templates(endpoints))
        .collect()
}

fn router(
    keydesk: &Keydesk,
    endpoints: Vec<Endpoint>,
    settings: app::BrowserAccess,
    documentation: app::Documentation,
) -> Router {
    let app = App { keydesk: keydesk.clone() };
    let description = api::reference::json(&endpoints);
    let (html, headings) = api::reference::page(&description);
    let management = Bytes::from(description.to_string());
    let one_page = app::OnePage { html, headings };
    let documentation = app::Documentation { management: management.clone(), one_page, ..documentation };
    let pages = app::routes(keydesk.clone(), FILES.assets(), settings, documentation);
    api::router(app, endpoints, api::reference::routes(management)).merge(FILES.routes()).merge(pages)
}

/// The time and the randomness of the domain.
struct Source(Keydesk);

impl edge::Source for Source {
    fn now(&self) -> model::Instant {
        self.0.now()
    }

    fn request_id(&self, now: model::Instant) -> Uuid {
        self.0.request_id(now)
    }
}
