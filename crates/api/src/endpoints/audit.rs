use axum::{extract::Request, response::Response};
use domain::{AuditFormat, Caller};
use edge::{
    FieldError, Problem,
    query::{self, parsed, wrong},
};
use futures::stream;
use http::{StatusCode, Uri};
use model::{AuditPage, AuditQuery, ClientName, KeyError, PAGE_DEFAULT, PAGE_MAX};

use super::text::wanted;
use crate::{App, respond};

const PARAMETERS: [&str; 8] = ["from", "to", "action", "actor", "key_id", "client_name", "limit", "cursor"];

/// Read the audit log
///
/// Entries of the caller's installation, newest first, a page at a time. With `Accept: application/x-ndjson` all that match are
/// streamed, oldest first, one a line, and with `text/csv` as a table; that they were exported is an entry itself, and `limit` and `cursor`
/// are ignored. Each line has `chain` besides, by which it can be checked elsewhere (see docs/audit.md).
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    tag = "Audit",
    params(
        ("from" = Option<model::Instant>, Query, description = "From this instant on."),
        ("to" = Option<model::Instant>, Query, description = "Before this instant."),
        ("action" = Option<String>, Query, description = "Only this action, for example `key.reveal`."),
        ("actor" = Option<String>, Query, description = "Only this actor: `system`, `operator`, `bearer`, or the id of a key or of an administrator."),
        ("key_id" = Option<model::KeyId>, Query, description = "Only about this key."),
        ("client_name" = Option<String>, Query, description = "Only about keys of this Client Name, however it is written; about the newest 500 of them."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Entries on the page; 50 when not given."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((
        status = 200,
        description = "A page of entries; or all of them, one a line, or as a table.",
        content((AuditPage = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")),
    ))
)]
pub(crate) async fn read_audit(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let query = audit_query(&parts.uri)?;
    let Some((format, media_type)) = wanted(&parts.headers, AuditFormat::Csv, AuditFormat::Ndjson) else {
        return Ok(respond::json(StatusCode::OK, &app.keydesk.audit(&caller, &query).await?));
    };
    let export = app.keydesk.export_audit(&caller, &query, format);
    let parts = stream::try_unfold(export, async |mut export| Ok(export.next().await?.map(|part| (part, export))));
    Ok(respond::streamed::<_, KeyError>(media_type, parts).await?)
}

fn audit_query(uri: &Uri) -> Result<AuditQuery, Problem> {
    let (mut query, mut errors) = (AuditQuery { limit: PAGE_DEFAULT, ..AuditQuery::default() }, Vec::new());
    // A parameter without a value counts as not given: an empty form field sends that.
    for (name, value) in query::read(uri, &PARAMETERS)?.into_iter().filter(|(_, value)| !value.is_empty()) {
        match name {
            "from" => query.from = parsed(name, &value, &mut errors),
            "to" => query.to = parsed(name, &value, &mut errors),
            "action" => query.action = parsed(name, &value, &mut errors),
            "actor" => query.actor = parsed(name, &value, &mut errors),
            "cursor" => query.cursor = parsed(name, &value, &mut errors),
            "client_name" => query.client = parsed_name(name, &value, &mut errors),
            "key_id" => match super::uuid_text(&value) {
                Some(id) => query.key = Some(id),
                None => errors.push(wrong(name, "must be the id of a key")),
            },
            _ => match value.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit) && !value.starts_with('+')) {
                Some(limit) => query.limit = limit,
                None => errors.push(wrong(name, "must be a whole number from 1 to 200")),
            },
        }
    }
    if errors.is_empty() { Ok(query) } else { Err(query::refuse(errors)) }
}

fn parsed_name(name: &str, text: &str, errors: &mut Vec<FieldError>) -> Option<ClientName> {
    ClientName::parse(text).map_err(|error| errors.push(wrong(name, error.to_string()))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_or_refused() {
        let read = |query: &str| audit_query(&format!("/api/v1/audit?{query}").parse().unwrap());
        let id = "01981d2c-9e5b-7c3a-8b1d-0123456789ab";
        assert_eq!(read("").unwrap().limit, 50);
        for good in [
            "from=&to=&action=&actor=&key_id=&limit=&cursor=",
            "from=2026-11-22T21:20:00Z&action=key.reveal&actor=operator&limit=200&cursor=2.5.7",
            &format!("actor={id}&key_id={id}&client_name=Acme+CRM"),
        ] {
            assert!(read(good).is_ok(), "{good}");
        }
        for bad in [
            "from=yesterday",
            "action=key.paint",
            "actor=ada",
            "key_id=1",
            "limit=0",
            "limit=201",
            "limit=+5",
            "cursor=7",
            "cursor=1.7",
            "client_name=%00",
            "page=1",
            "from=2026-11-22T21:20:00Z&from=2026-11-22T21:20:00Z",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
