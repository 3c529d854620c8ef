//! What answers where: the API, the pages, and what the browser loads.

use api::App;
use axum::{Router, routing::get};
use domain::Keydesk;
use edge::Edge;
use gate::{Gate, Gateway};

use crate::{assets, dispatcher::Dispatcher, metrics_page};

/// Everything that the public listener serves, reached by plain http.
pub fn dispatcher(keydesk: &Keydesk) -> Dispatcher {
    dispatcher_behind(keydesk, Gateway::default())
}

/// The same behind proxies, whose questions it answers.
pub fn dispatcher_behind(keydesk: &Keydesk, gateway: Gateway) -> Dispatcher {
    dispatcher_for(keydesk, app::Settings::default(), gateway)
}

/// Everything that the public listener serves.
pub(crate) fn dispatcher_for(keydesk: &Keydesk, settings: app::Settings, gateway: Gateway) -> Dispatcher {
    let gate = Gate::new(keydesk.verifier().clone(), gateway, Edge::new(Source(keydesk.clone())));
    Dispatcher::new(router(keydesk, settings), keydesk.clone(), gate)
}

/// What the operations listener serves, about the same process.
pub(crate) fn operations(public: &Dispatcher) -> Dispatcher {
    let app = App { keydesk: public.keydesk().clone() };
    let counted = public.clone();
    let metrics = move || std::future::ready(metrics_page::page(&counted));
    let router = api::health_routes().with_state(app).route("/metrics", get(metrics));
    public.with_router(api::with_errors(router).fallback(api::not_found))
}

fn router(keydesk: &Keydesk, settings: app::Settings) -> Router {
    let app = App { keydesk: keydesk.clone() };
    let document = api::document::<gate::__path_authorize>();
    let icon = assets::path("favicon.svg").unwrap_or("data:,");
    let pages = app::ssr::routes(keydesk.clone(), site(), settings);
    api::routes(app, api::reference::routes(&document, icon)).merge(assets::routes()).merge(pages)
}

/// The time and the randomness of the domain.
struct Source(Keydesk);

impl edge::Source for Source {
    fn now(&self) -> model::Instant {
        self.0.now()
    }

    fn request_id(&self, now: model::Instant) -> uuid::Uuid {
        self.0.request_id(now)
    }
}

/// Where pages find their scripts and styles.
fn site() -> app::Assets {
    let path = |name: &str| assets::path(name).unwrap_or_default().to_owned();
    app::Assets {
        js: path("keydesk.js"),
        wasm: path("keydesk.wasm"),
        css: path("keydesk.css"),
        icon: path("favicon.svg"),
        rights: path("rights.js"),
        document: path("document.js"),
    }
}
