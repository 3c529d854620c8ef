//! Where the pages of a key are, and what their addresses ask for.

use axum::{
    Router,
    extract::{Path, Query, RawQuery, State},
    http::request::Parts,
    response::Response,
    routing::get,
};

use super::{
    answer::{parse, shown},
    details::{Flash, Opened},
    done::Done,
    load::{Wanted, load},
    posted::posted,
    results,
    span::Span,
    tab::Tab,
};
use crate::{
    ui::{FirstCall, key_settings::Proposal},
    web::{WebState, session::signed_in},
};

pub(crate) const PATH: &str = "/keys/{id}";
/// What a form on the page of a key has given.
pub(crate) const RESULT_PATH: &str = "/keys/{id}/result";
pub(crate) const ACTIVITY_PATH: &str = "/keys/{id}/activity";

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new()
        .route(PATH, get(settings).post(posted))
        .route(RESULT_PATH, get(result))
        .route(ACTIVITY_PATH, get(activity))
        .with_state(web)
}

type Pairs = Query<Vec<(String, String)>>;

async fn settings(
    State(web): State<WebState>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    Query(pairs): Pairs,
    parts: Parts,
) -> Response {
    let proposal = Proposal::read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let asked = Asked(query.as_deref().unwrap_or_default());
    let wanted = asked.wanted(Tab::Settings);
    let loaded = async {
        let session = signed_in(&web, &parts).await?;
        let mut page = load(&web, &session, &parts, parse(&id)?, wanted).await?;
        page.flash = asked.done().filter(|done| (done.holds)(&page.key)).map(Flash::Done);
        if wanted.open == Opened::Edit && page.may_change {
            let proposed = proposal.fill_in(&mut page.form, &page.catalogue).map(Flash::Proposed);
            page.version = proposal.version();
            page.flash = proposed.or(page.flash);
        }
        Ok(page)
    }
    .await;
    shown(&web, parts, loaded).await
}

async fn activity(
    State(web): State<WebState>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    parts: Parts,
) -> Response {
    let asked = Asked(query.as_deref().unwrap_or_default());
    let loaded = async {
        let session = signed_in(&web, &parts).await?;
        let mut page = load(&web, &session, &parts, parse(&id)?, asked.wanted(Tab::Activity)).await?;
        page.flash = asked.done().filter(|done| (done.holds)(&page.key)).map(Flash::Done);
        Ok(page)
    }
    .await;
    shown(&web, parts, loaded).await
}

/// The page with what a form on it has given, above what was done with the key.
async fn result(State(web): State<WebState>, Path(id): Path<String>, parts: Parts) -> Response {
    let loaded = async {
        let session = signed_in(&web, &parts).await?;
        let id = parse(&id)?;
        let mut page = load(&web, &session, &parts, id, Wanted::tab(Tab::Activity)).await?;
        let (flash, origin) = results::of_request(&web, &session, &parts, id).await;
        page.flash = Some(flash);
        if let Some(origin) = origin {
            page.call = FirstCall::of(&page.key, session.installation.id, &web.documentation, &origin);
        }
        Ok(page)
    }
    .await;
    shown(&web, parts, loaded).await
}

/// What stands behind `?` in an address.
#[derive(Clone, Copy)]
struct Asked<'a>(&'a str);

impl<'a> Asked<'a> {
    fn has(self, wanted: &str) -> bool {
        self.0.split('&').any(|pair| pair == wanted)
    }

    fn value(self, name: &str) -> Option<&'a str> {
        self.0.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    fn done(self) -> Option<&'static Done> {
        self.value("done").and_then(Done::named)
    }

    fn wanted(self, tab: Tab) -> Wanted {
        let open = match self.value("open") {
            Some(name) => Opened::named(name, self.value("handover").and_then(|link| link.parse().ok())),
            None if tab == Tab::Settings && (self.has("edit") || self.has("edit=")) => Opened::Edit,
            None => Opened::Nothing,
        };
        let before = self.value("before").and_then(|before| before.parse().ok());
        Wanted { tab, open, span: Span::named(self.value("range").unwrap_or_default()), before }
    }
}
