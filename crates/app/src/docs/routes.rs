use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderValue, StatusCode, header::CONTENT_SECURITY_POLICY, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::{AnyView, IntoAny as _};

use super::{
    article::article,
    files,
    language::Language,
    missing::missing as nothing,
    one_page::{TITLE, one_page},
    page::{HOME, INDEX, KEYDESK_API},
    reference_page::{Bases, list_page, operation_page},
    search::search,
    search_page::search_page,
    state::Docs,
    test_key,
    try_it::try_it,
};
use crate::{
    ApiError,
    frame::{failed, framed},
    ui::key_settings::Form,
    web::{WebState, guard::sign_in},
};

const PAGE: &str = "/docs/{page}";
const SEARCH: &str = "/docs/search";
const TRY_IT: &str = "/docs/try-it";
const REFERENCE: &str = "/docs/reference";
const OPERATION: &str = "/docs/reference/{operation}";
const OPENAPI: &str = "/docs/openapi.json";
const ASYNCAPI: &str = "/docs/asyncapi.json";
const LLMS: &str = "/llms.txt";

/// All that is read, which needs a session unless the documentation is public.
pub(crate) const PATHS: [&str; 9] = [HOME, PAGE, SEARCH, TRY_IT, REFERENCE, OPERATION, OPENAPI, ASYNCAPI, LLMS];

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new()
        .route(HOME, get(|state, query, parts| page(state, Path(INDEX.to_owned()), query, parts)))
        .route(PAGE, get(page))
        .route(SEARCH, get(found))
        .route(TRY_IT, get(console))
        .route(REFERENCE, get(reference))
        .route(OPERATION, get(operation))
        .route(KEYDESK_API, get(keydesk_api))
        .route(OPENAPI, get(files::openapi))
        .route(ASYNCAPI, get(files::asyncapi))
        .route(LLMS, get(files::llms))
        .route(test_key::PATH, post(test_key::make))
        .with_state(Docs::new(web))
}

type Fields = Query<Vec<(String, String)>>;

async fn page(State(docs): State<Docs>, Path(name): Path<String>, _: Fields, parts: Parts) -> Response {
    let reader = match docs.reader(&parts).await {
        Ok(reader) => reader,
        Err(error) => return turned_away(&docs, parts, error).await,
    };
    if let Some(page) = name.strip_suffix(".md").and_then(|name| docs.library().page(name)) {
        return files::markdown(page);
    }
    let Some(title) = docs.library().page(&name).map(|page| page.title.clone()) else {
        return missing(&docs, parts).await;
    };
    let language = Language::of(parts.uri.query().unwrap_or_default(), &parts.headers);
    let lack = docs.lack();
    show(&docs.clone(), parts, title, move || {
        let library = docs.library();
        library.page(&name).map_or_else(|| ().into_any(), |page| article(library, page, language, reader, lack))
    })
    .await
}

async fn found(State(docs): State<Docs>, Query(fields): Fields, parts: Parts) -> Response {
    if let Err(error) = docs.reader(&parts).await {
        return turned_away(&docs, parts, error).await;
    }
    let question: String = Form(&fields).text("search").chars().take(200).collect();
    let reference = docs.reference().await;
    let hits = search(docs.library(), &reference, &question);
    show(&docs.clone(), parts, "Search".to_owned(), move || search_page(docs.library(), &question, &hits)).await
}

async fn console(State(docs): State<Docs>, Query(fields): Fields, parts: Parts) -> Response {
    let reader = match docs.reader(&parts).await {
        Ok(reader) => reader,
        Err(error) => return turned_away(&docs, parts, error).await,
    };
    let (reference, lack) = (docs.reference().await, docs.lack());
    let gateway = docs.documentation().gateway.clone().filter(|_| lack.is_none());
    let chosen = Form(&fields).text("operation").to_owned();
    let at = gateway.clone();
    let mut response = show(&docs.clone(), parts, "Try it".to_owned(), move || {
        try_it(docs.library(), &reference, (reader, lack), at.clone(), &chosen)
    })
    .await;
    if let Some(gateway) = gateway {
        let_call(&mut response, &gateway);
    }
    response
}

async fn reference(State(docs): State<Docs>, parts: Parts) -> Response {
    if let Err(error) = docs.reader(&parts).await {
        return turned_away(&docs, parts, error).await;
    }
    let (reference, bases) = (docs.reference().await, bases(&docs));
    show(&docs.clone(), parts, "API reference".to_owned(), move || list_page(docs.library(), &reference, &bases)).await
}

async fn operation(State(docs): State<Docs>, Path(id): Path<String>, parts: Parts) -> Response {
    if let Err(error) = docs.reader(&parts).await {
        return turned_away(&docs, parts, error).await;
    }
    let (reference, bases) = (docs.reference().await, bases(&docs));
    let Some(title) = reference.operation(&id).map(|operation| operation.summary.clone()) else {
        return missing(&docs, parts).await;
    };
    show(&docs.clone(), parts, title, move || {
        let found = reference.operation(&id);
        found.map_or_else(|| ().into_any(), |operation| operation_page(docs.library(), operation, &bases))
    })
    .await
}

async fn keydesk_api(State(docs): State<Docs>, parts: Parts) -> Response {
    show(&docs.clone(), parts, TITLE.to_owned(), move || one_page(docs.library(), &docs.documentation().one_page)).await
}

fn bases(docs: &Docs) -> Bases {
    let documentation = docs.documentation();
    let gateway = documentation.gateway.clone().unwrap_or_else(|| "$KEYDESK_GATEWAY".to_owned());
    Bases { gateway, workspace: documentation.workspace.clone() }
}

async fn show(
    docs: &Docs,
    parts: Parts,
    title: String,
    view: impl Fn() -> AnyView + Send + Sync + 'static,
) -> Response {
    framed(&docs.web, parts, StatusCode::OK, title, view).await
}

async fn missing(docs: &Docs, parts: Parts) -> Response {
    framed(&docs.web, parts, StatusCode::NOT_FOUND, "Not found".to_owned(), nothing).await
}

async fn turned_away(docs: &Docs, parts: Parts, error: ApiError) -> Response {
    match error {
        ApiError::SignedOut => {
            let wanted = parts.uri.path_and_query().map_or(HOME, |path| path.as_str());
            Redirect::to(&sign_in(wanted)).into_response()
        }
        error => failed(&docs.web, parts, error).await,
    }
}

/// Lets the scripts of this page call the gateway, and nobody else.
fn let_call(response: &mut Response, gateway: &str) {
    let policy = response.headers().get(CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
    let widened = policy.map(|policy| policy.replace("connect-src 'self'", &format!("connect-src 'self' {gateway}")));
    if let Some(widened) = widened.and_then(|policy| HeaderValue::try_from(policy).ok()) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, widened);
    }
}
