use axum::{extract::Request, response::Response};
use domain::Caller;
use edge::Problem;
use futures::stream;
use http::{HeaderValue, header};
use model::KeyError;

use super::list::export_query;
use crate::{App, respond};

/// Export keys
///
/// The list as a table (CSV, RFC 4180), whole, with the keys as they are at one instant. A cell that a spreadsheet would take for a
/// formula has an apostrophe in front.
#[utoipa::path(
    get,
    path = "/api/v1/keys.csv",
    tag = "Keys",
    params(
        ("search" = Option<String>, Query, max_length = 200, description = "As in the list."),
        ("environment" = Option<model::Environment>, Query, description = "Only this environment."),
        ("status" = Option<model::KeyStatus>, Query, description = "Only this status."),
        ("preset" = Option<model::Preset>, Query, description = "Only this preset."),
        ("expiring_before" = Option<model::Instant>, Query, description = "Only keys whose time is not over yet, and will be before this instant."),
        ("attention" = Option<model::Attention>, Query, description = "As in the list."),
        ("columns" = Option<String>, Query, pattern = "^(all|owners)$", description = "`all` (default), or `owners`: what a letter to each key's owner is about, `owner_email,client_name,key,status,expires_at,last_used_at`. Whoever may not read what is noted down about keys gets no addresses."),
        ("sort" = Option<String>, Query, pattern = "^-?(client_name|status|preset|expires_at|created_at|last_used_at)$", description = "As in the list."),
    ),
    responses((status = 200, description = "The table.", body = String, content_type = "text/csv"))
)]
pub(crate) async fn export_keys(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (query, to_owners) = export_query(&parts.uri)?;
    let export = app.keydesk.export(&caller, query);
    let export = if to_owners { export.to_owners() } else { export };
    let parts = stream::try_unfold(export, async |mut export| Ok(export.next().await?.map(|part| (part, export))));
    let mut response = respond::streamed::<_, KeyError>("text/csv; charset=utf-8; header=present", parts).await?;
    let attachment = HeaderValue::from_static("attachment; filename=\"api-keys.csv\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, attachment);
    Ok(response)
}
