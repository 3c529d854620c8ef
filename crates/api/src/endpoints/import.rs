use std::{convert::Infallible, time::Duration};

use axum::{body::Body, extract::Request, response::Response};
use bytes::Bytes;
use domain::{Caller, Import, ImportOptions, ImportPart, ImportStopped};
use edge::{
    Problem, RequestId, problem,
    query::{self, wrong},
    within,
};
use futures::stream;
use http::{HeaderMap, Uri};
use http_body_util::BodyExt as _;
use model::{IMPORT_BYTES_MAX, ImportFault, ImportFormat};
use serde::Serialize;
use tokio::sync::mpsc;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::{App, body, respond};

/// How long nothing of a body may come.
const IDLE: Duration = Duration::from_secs(20);
/// How long the answer waits for the body, so that what is wrong with that as a whole has a status of its own.
const ARRIVAL: Duration = Duration::from_secs(8);
/// Frames that are read ahead.
const AHEAD: usize = 4;

/// Import keys
///
/// Keys that another system issued go on working: rows with a `client_name`, a `key` or its `hash`, and any setting of a key. A `hash` is
/// the unsalted SHA-256 or SHA-512 of the key in hexadecimal or base64url, perhaps with its name in front as Django or PHC strings have it;
/// or, beside the `prefix` by which such a key is found (at most five have the same), argon2id, bcrypt, PBKDF2 or scrypt.
///
/// The answer has a line for each row, in their order: `{"line", "result", "id", "code"}` and perhaps `field`; `result` is `imported`,
/// `unchanged`, `conflict`, `exists` or `refused`. The last line is `{"summary": {..}}`; without one, nothing was kept, and a last line
/// `{"problem": {..}}` says why. Importing the same rows again changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/keys/import",
    tag = "Keys",
    params(
        ("dry_run" = Option<bool>, Query, description = "`true` says what would become of the rows, and keeps nothing."),
        ("partial" = Option<bool>, Query, description = "`true` imports the rows that can be, also where others can't; else it is all or none."),
    ),
    request_body(
        description = "NDJSON, an object a line, or CSV (RFC 4180, separated by commas or semicolons) whose first line names the columns; \
            in UTF-8, at most 64 MiB and 500,000 rows.",
        content(
            (String = "application/x-ndjson", example = "{\"client_name\":\"Acme CRM\",\"key\":\"acme_1f0c2b7e9d3a4c5b8e6f\",\"scopes\":[\"calls:read\"]}\n"),
            (String = "text/csv", example = "client_name,key,scopes\nAcme CRM,acme_1f0c2b7e9d3a4c5b8e6f,calls:read\n"),
        ),
    ),
    responses((status = 200, description = "What became of each row, and of all.", body = String, content_type = "application/x-ndjson"))
)]
pub(crate) async fn import_keys(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let options = ImportOptions { format: Some(format(&parts.headers)?), ..options(&parts.uri)? };
    if body::announced(&parts.headers).is_some_and(|length| length > IMPORT_BYTES_MAX) {
        return Err(refusal(&ImportFault::TooLarge.into()));
    }
    let request_id = RequestId::of(&parts);
    let mut import = app.keydesk.import(&caller, options, pump(body)).await?;
    if let Some(Err(stopped)) = within(ARRIVAL, import.arrived()).await {
        return Err(refusal(&stopped));
    }
    let lines = stream::try_unfold(Some(import), move |import| async move {
        let Some(mut import) = import else { return Ok(None) };
        Ok::<_, Infallible>(match next(&mut import).await {
            Ok(part) => part.map(|part| (Bytes::from(part), Some(import))),
            Err(stopped) => Some((problem_line(&stopped, request_id), None)),
        })
    });
    Ok(respond::streamed_at_once("application/x-ndjson", lines))
}

/// What comes is only told once all rows have come: whoever still sends them may read nothing.
async fn next(import: &mut Import) -> Result<Option<Vec<u8>>, ImportStopped> {
    import.arrived().await?;
    import.next().await
}

/// Why there is no summary, where the answer has begun.
#[derive(Serialize)]
struct Stopped<'a> {
    problem: problem::Document<'a>,
}

fn problem_line(stopped: &ImportStopped, request_id: Uuid) -> Bytes {
    let problem = refusal(stopped);
    let line = Stopped { problem: problem.document(request_id) };
    let mut line = serde_json::to_vec(&line).expect("strings and numbers, which JSON can always hold");
    line.push(b'\n');
    line.into()
}

fn refusal(stopped: &ImportStopped) -> Problem {
    match stopped {
        ImportStopped::Fault(fault) => Problem::new(fault.kind()).detail(fault.to_string()),
        ImportStopped::Refused(error) => error.clone().into(),
    }
}

fn format(headers: &HeaderMap) -> Result<ImportFormat, Problem> {
    let media = body::media_type(headers).to_ascii_lowercase();
    match media.as_slice() {
        b"application/x-ndjson" if body::is_utf_8(headers) => Ok(ImportFormat::Ndjson),
        b"text/csv" if body::is_utf_8(headers) => Ok(ImportFormat::Csv),
        _ => Err(Problem::new(&problem::UNSUPPORTED_MEDIA_TYPE).detail(
            "Send the rows in UTF-8, uncompressed, with Content-Type: application/x-ndjson or Content-Type: text/csv.",
        )),
    }
}

fn options(uri: &Uri) -> Result<ImportOptions, Problem> {
    let (mut options, mut errors) = (ImportOptions::default(), Vec::new());
    for (name, value) in query::read(uri, &["dry_run", "partial"])? {
        let wanted = match value.as_str() {
            "true" => true,
            // A parameter without a value counts as not given: an empty form field sends that.
            "false" | "" => false,
            _ => {
                errors.push(wrong(name, "must be true or false"));
                continue;
            }
        };
        if name == "dry_run" {
            options.dry_run = wanted;
        } else {
            options.partial = wanted;
        }
    }
    if errors.is_empty() { Ok(options) } else { Err(query::refuse(errors)) }
}

/// Reads a body as it comes, and no faster than its rows are taken.
fn pump(mut body: Body) -> mpsc::Receiver<ImportPart> {
    let (send, receive) = mpsc::channel(AHEAD);
    let pumped = async move {
        // Whoever breaks off, or sends nothing for too long, has sent no end.
        while let Some(frame) = within(IDLE, body.frame()).await {
            let part = match frame {
                None => ImportPart::End,
                Some(Err(_)) => return,
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => ImportPart::Bytes(data.into()),
                    Err(_) => continue,
                },
            };
            let was_end = part == ImportPart::End;
            if send.send(part).await.is_err() || was_end {
                return;
            }
        }
    };
    tokio::spawn(pumped.in_current_span());
    receive
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn rows_come_in_one_of_two_forms() {
        for (media, expected) in [
            ("application/x-ndjson", Some(ImportFormat::Ndjson)),
            ("Text/CSV; header=present; charset=utf-8", Some(ImportFormat::Csv)),
            ("text/csv; charset=iso-8859-1", None),
            ("application/json", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::from_iter([(header::CONTENT_TYPE, media.parse().unwrap())]);
            assert_eq!(format(&headers).ok(), expected, "{media}");
            headers.insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
            assert!(format(&headers).is_err());
        }
    }

    #[test]
    fn options_are_read_or_refused() {
        let read = |query: &str| options(&format!("/api/v1/keys/import?{query}").parse().unwrap());
        let both = ImportOptions { format: None, dry_run: true, partial: true };
        assert_eq!(read("dry_run=true&partial=true").ok(), Some(both));
        for none in ["", "dry_run=&partial=false"] {
            assert_eq!(read(none).ok(), Some(ImportOptions::default()));
        }
        for bad in ["dry_run=1", "partial=yes", "dryrun=true", "dry_run=true&dry_run=false"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
