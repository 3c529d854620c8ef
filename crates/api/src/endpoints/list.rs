use axum::{extract::Request, response::Response};
use domain::Caller;
use edge::{
    Problem,
    query::{self, parsed, wrong},
};
use http::{StatusCode, Uri};
use model::{Cursor, KeyPage, ListQuery, PAGE_DEFAULT, PAGE_MAX, SEARCH_MAX, Search};

use crate::{App, respond};

/// List keys
///
/// Keys of the caller's installation, a page at a time. The Default API Key comes first. Deleted keys are listed only with
/// `status=revoked`. Pages go on after the last key that was shown, so a key that moves within the order between two of them
/// can be missed, or shown twice: sort by `created_at`, which never changes, to go through all keys; or take the export, which shows
/// one instant.
#[utoipa::path(
    get,
    path = "/api/v1/keys",
    tag = "Keys",
    params(
        ("search" = Option<String>, Query, max_length = 200, description = "Words, in any order, each of which the Client Name, the owner's e-mail address, the notes or the metadata hold, without regard to case, accents and width; or a key's id, or the end of its hint. `%`, `_` and `\\` are ordinary characters. For a whole key there is `POST /api/v1/keys/lookup`: addresses are kept by logs."),
        ("environment" = Option<model::Environment>, Query, description = "Only this environment."),
        ("status" = Option<model::KeyStatus>, Query, description = "Only this status."),
        ("preset" = Option<model::Preset>, Query, description = "Only this preset."),
        ("expiring_before" = Option<model::Instant>, Query, description = "Only keys whose time is not over yet, and will be before this instant."),
        ("attention" = Option<model::Attention>, Query, description = "Only keys that work and want attention: `ending_soon` (within 14 days), `unused` (not for 90 days, but before), `never_used`, or `never_handed_over` (never used, and no hand-over link was opened)."),
        ("sort" = Option<String>, Query, pattern = "^-?(client_name|status|preset|expires_at|created_at|last_used_at)$", description = "`client_name` (default; as people sort names: `É` near `E`, `Client 2` before `Client 10`), `status` (expired keys first, then active ones, those that end soonest at the head, then disabled ones), `preset` (and within one by name), `expires_at` (those that never end are last), `created_at` or `last_used_at`; `-` before it for descending. Only `created_at` is safe to go through all pages by: by the others a key moves when it is renamed, edited, switched or used."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Keys on the page; 50 when not given."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page of keys.", body = KeyPage))
)]
pub(crate) async fn list_keys(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let query = list_query(&parts.uri, &PARAMETERS)?;
    let page = app.keydesk.list(&caller, &query).await?;
    Ok(respond::json(StatusCode::OK, &page))
}

/// The parameters of a list.
const PARAMETERS: [&str; 9] =
    ["search", "environment", "status", "preset", "expiring_before", "attention", "sort", "limit", "cursor"];
/// The parameters of an export, which has no pages.
const EXPORTED: [&str; 8] =
    ["search", "environment", "status", "preset", "expiring_before", "attention", "sort", "columns"];

/// Reads the query of an export, and whether it is for letters to owners.
pub(super) fn export_query(uri: &Uri) -> Result<(ListQuery, bool), Problem> {
    let columns = query::read(uri, &EXPORTED)?.into_iter().find(|(name, _)| *name == "columns");
    let to_owners = match columns.as_ref().map(|(_, value)| value.as_str()) {
        None | Some("" | "all") => false,
        Some("owners") => true,
        Some(_) => return Err(query::refuse(vec![wrong("columns", "must be all or owners")])),
    };
    Ok((list_query(uri, &EXPORTED)?, to_owners))
}

/// Reads a query that may have these parameters.
fn list_query(uri: &Uri, known: &[&'static str]) -> Result<ListQuery, Problem> {
    let mut query = ListQuery { limit: PAGE_DEFAULT, ..ListQuery::default() };
    let (mut sort, mut errors) = (None, Vec::new());
    // A parameter without a value counts as not given: an empty form field sends that.
    for (name, value) in query::read(uri, known)?.into_iter().filter(|(_, value)| !value.is_empty()) {
        match name {
            "search" if value.contains('\0') || Search::parse(&value).is_err() => {
                errors.push(wrong(name, format!("must be at most {SEARCH_MAX} characters, without NUL")));
            }
            "search" => query.search = value,
            "environment" => query.environment = parsed(name, &value, &mut errors),
            "status" => query.status = parsed(name, &value, &mut errors),
            "preset" => query.preset = parsed(name, &value, &mut errors),
            "expiring_before" => query.expiring_before = parsed(name, &value, &mut errors),
            "attention" => query.attention = parsed(name, &value, &mut errors),
            "sort" => sort = parsed(name, &value, &mut errors),
            "columns" => {}
            "cursor" => query.cursor = parsed::<Cursor>(name, &value, &mut errors),
            _ => match limit(&value) {
                Some(limit) => query.limit = limit,
                None => errors.push(wrong(name, format!("must be a whole number from 1 to {PAGE_MAX}"))),
            },
        }
    }
    let of_cursor = query.cursor.as_ref().map(|cursor| cursor.sort);
    if of_cursor.is_some() && sort.is_some() && of_cursor != sort {
        errors.push(wrong("cursor", "belongs to a list in another order; start again without one"));
    }
    query.sort = sort.or(of_cursor).unwrap_or_default();
    if errors.is_empty() { Ok(query) } else { Err(query::refuse(errors)) }
}

fn limit(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|limit| digits && (1..=PAGE_MAX).contains(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_or_refused() {
        let read = |query: &str| list_query(&format!("/api/v1/keys?{query}").parse().unwrap(), &PARAMETERS);
        for good in [
            "",
            "search=&environment=&status=&preset=&sort=&limit=&cursor=",
            "limit=200&sort=-created_at",
            "sort=status",
        ] {
            assert!(read(good).is_ok(), "{good}");
        }
        assert_eq!(read("cursor=2.-created_at.-.").unwrap().sort.to_string(), "-created_at");
        for bad in [
            "limit=0",
            "limit=201",
            "limit=+5",
            "limit=5.0",
            "limit=99999999999999999999",
            "sort=name",
            "sort=--created_at",
            "status=gone",
            "environment=LIVE",
            "preset=crm2",
            "attention=gone",
            "cursor=x",
            "cursor=1.-created_at.-.",
            "cursor=2.-created_at.-.&sort=created_at",
            "search=%00",
            "page=2",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
