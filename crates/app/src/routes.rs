//! The pages and server functions as routes of axum.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header::ACCEPT},
    middleware::{from_fn, from_fn_with_state, map_request, map_response, map_response_with_state},
    response::IntoResponse,
    routing::any,
};
use domain::Keydesk;
use leptos::prelude::*;
use leptos_axum::{
    AxumRouteListing, LeptosRoutes, generate_route_list_with_exclusions_and_ssg_and_context,
    render_app_async_with_context,
};

use crate::{
    App, account, administrators, audit, auth, clients, docs,
    frame::hydrated,
    handover, home, import, key, keys, refusals, settings, tighten, usage,
    web::{
        Assets, BrowserAccess, Documentation, Turns, WebState, compression, guard, headers, no_keys, one_by_one,
        origin, structure,
    },
    webhooks,
};

/// All pages, the server functions under `/api/_fn`, and a page for addresses where there is none.
///
/// The fallback answers requests for HTML; all others get an empty 404, which the caller of this function fills in.
pub fn routes(keydesk: Keydesk, assets: Assets, access: BrowserAccess, documentation: Documentation) -> Router {
    let access = access.to(keydesk.mark());
    // What is public is guarded by nobody.
    let of_docs = if documentation.public { &[][..] } else { &docs::PATHS[..] };
    let documentation = Arc::new(documentation);
    let mut web =
        WebState { keydesk, assets, access, documentation, guarded: [].into(), turns: Turns::default(), shell };
    let provided = web.clone();
    let context = move || provided.provide();
    // Leptos wants options, but serves no file here and so reads none of them.
    let options = LeptosOptions::builder().output_name("keydesk").build();
    let (pages, _) = generate_route_list_with_exclusions_and_ssg_and_context(App, None, context.clone());
    let documents = [
        key::PATH,
        key::RESULT_PATH,
        key::ACTIVITY_PATH,
        clients::PATH,
        clients::CEILING_PATH,
        webhooks::LIST_PATH,
        webhooks::PATH,
        administrators::LIST_PATH,
        administrators::PATH,
        account::PATH,
        refusals::PATH,
        tighten::PATH,
        import::PATH,
        import::PREVIEW_PATH,
        audit::PATH,
        usage::PATH,
        settings::PATH,
    ]
    .into_iter()
    .chain(of_docs.iter().copied());
    web.guarded = guard::guarded(pages.iter().map(AxumRouteListing::path).chain(documents)).into();
    let not_found = render_app_async_with_context(context.clone(), shell);
    Router::new()
        .leptos_routes_with_context(&options, pages, context, shell)
        .layer(map_response(structure::tell))
        .layer(from_fn(compression::tell_lists))
        .layer(compression::of_long_answers())
        .merge(auth::routes(web.clone()))
        .merge(home::routes(web.clone()))
        .merge(keys::routes(web.clone()))
        .merge(key::routes(web.clone()))
        .merge(clients::routes(web.clone()))
        .merge(webhooks::routes(web.clone()))
        .merge(administrators::routes(web.clone()))
        .merge(account::routes(web.clone()))
        .merge(refusals::routes(web.clone()))
        .merge(tighten::routes(web.clone()))
        .merge(import::routes(web.clone()))
        .merge(audit::routes(web.clone()))
        .merge(usage::routes(web.clone()))
        .merge(settings::routes(web.clone()))
        .merge(docs::routes(web.clone()))
        .merge(keys::export_routes(web.clone()))
        .merge(keys::search_routes(web.clone()))
        .merge(keys::columns_routes(web.clone()))
        .fallback(move |request: Request<Body>| {
            let page = wants_page(request.method(), request.headers()).then(|| not_found(request));
            async move {
                match page {
                    Some(page) => (StatusCode::NOT_FOUND, structure::tell(page.await).await).into_response(),
                    None => StatusCode::NOT_FOUND.into_response(),
                }
            }
        })
        .layer(from_fn_with_state(web.clone(), guard::admit))
        .layer(from_fn(no_keys::keep_out))
        .layer(from_fn_with_state(web.clone(), one_by_one::one_by_one))
        .layer(from_fn_with_state(web.clone(), origin::require_own))
        .merge(handover::routes(web.clone()))
        .merge(usage::live_routes(web.clone()))
        // A server function of another version: the answer says that it is ours.
        .route("/api/_fn/{*function}", any(|| async { StatusCode::NOT_FOUND }))
        .layer(from_fn_with_state(web.clone(), one_by_one::bounded))
        .layer(map_request(origin::forget_on_pages))
        .layer(map_response_with_state(web, headers::secure))
        .with_state(options)
}

/// The document of the pages that are hydrated.
fn shell() -> AnyView {
    hydrated(view! { <App/> }.into_any())
}

fn wants_page(method: &Method, headers: &HeaderMap) -> bool {
    let ranges = headers.get_all(ACCEPT).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let mut ranges = ranges.map(<[u8]>::trim_ascii);
    matches!(*method, Method::GET | Method::HEAD) && ranges.any(|range| range.starts_with(b"text/html"))
}
