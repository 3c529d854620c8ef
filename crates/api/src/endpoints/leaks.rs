use axum::{
    extract::{Request, State},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{Keydesk, REPORTED_MAX, ReportError, Reported, SignedReport, Via};
use edge::{Problem, problem, query};
use http::{HeaderMap, HeaderValue, StatusCode};
use model::{LeakPlace, PlainSecret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{App, body, respond};

/// Names the public key.
const IDENTIFIER: &str = "github-public-key-identifier";
/// The signature, in base64.
const SIGNATURE: &str = "github-public-key-signature";
/// Longest such header, in bytes: a signature has a hundred.
const SIGNATURE_MAX: usize = 200;
/// Most bytes of a report.
const REPORT_MAX: usize = 1024 * 1024;

/// What would be accepted.
static CHALLENGE: HeaderValue = HeaderValue::from_static("Github-Public-Key-Signature realm=\"keydesk\"");

/// A secret that was found somewhere. Members that are not described here are ignored.
#[derive(Deserialize, ToSchema)]
#[schema(as = ReportedLeak)]
pub(crate) struct Given {
    /// What was found.
    token: String,
    /// The reporter's name for such secrets.
    r#type: String,
    /// Where it was found. The audit log keeps the first 500 characters, without a part that holds a key.
    url: Option<String>,
    /// In what kind of place.
    #[schema(examples("content", "commit", "pull_request_body"))]
    source: Option<String>,
}

/// What became of it.
#[derive(Serialize, ToSchema)]
#[schema(as = LabelledLeak)]
pub(crate) struct Labelled<'a> {
    /// As it was reported.
    token_raw: &'a str,
    /// As it was reported.
    token_type: &'a str,
    /// Whether it is, or was, a secret of this deployment.
    label: Label,
}

/// Whether a reporter has found what it took it for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeakLabel)]
pub(crate) enum Label {
    /// It is a key, a derived token or a webhook's signing secret of this deployment, or was.
    TruePositive,
    /// It is not.
    FalsePositive,
}

/// Report leaked keys
///
/// For whoever looks for keys where they must not be, in the form of GitHub's secret scanning partner programme: a list of secrets,
/// signed over the bytes of the body with ECDSA on P-256 and SHA-256. The public keys are in the configuration (`[leaks.public_keys]`);
/// without any, no report is taken. What becomes of a key that works is a rule of its installation: people are told, or it is
/// disabled, or deleted. A report is taken once.
#[utoipa::path(
    post,
    path = "/api/v1/leaks",
    tag = "Leaks",
    params(
        ("Github-Public-Key-Identifier" = String, Header, description = "Which public key checks the signature."),
        ("Github-Public-Key-Signature" = String, Header, description = "The signature over the body, in ASN.1 and base64."),
    ),
    request_body(
        content = Vec<Given>,
        description = "At most 5,000 secrets, and 1 MiB.",
        example = json!([{
            "token": "ccc_live_...", "type": "keydesk_api_key", "url": "https://github.com/acme/shop/blob/main/.env", "source": "content"
        }])
    ),
    responses((status = 200, description = "Whether each was one, in their order.", body = Vec<Labelled>))
)]
pub(crate) async fn report_leaks(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (reporter, signature) = signature(&app.keydesk, &parts.headers)?;
    query::none(&parts.uri)?;
    let body = body::json_up_to(&parts.headers, body, REPORT_MAX, || app.keydesk.large_report()).await?;
    let Some(signed) = app.keydesk.signed_report(reporter, &signature, &body) else { return Err(unsigned()) };
    let via = parts.extensions.get::<Via>().cloned().unwrap_or_default();
    let (reported, types) = read(&body)?;
    let known = take(&app.keydesk, &signed, &via, &reported).await?;
    let labelled: Vec<Labelled<'_>> = reported
        .iter()
        .zip(&types)
        .zip(known)
        .map(|((one, token_type), known)| Labelled {
            token_raw: one.secret.expose(),
            token_type,
            label: if known { Label::TruePositive } else { Label::FalsePositive },
        })
        .collect();
    Ok(respond::json(StatusCode::OK, &labelled))
}

/// The key that is named, which must be known, and the signature. Nothing more is done for a stranger.
fn signature<'h>(keydesk: &Keydesk, headers: &'h HeaderMap) -> Result<(&'h str, Vec<u8>), Problem> {
    let one = |name: &str| {
        let mut all = headers.get_all(name).iter();
        all.next().filter(|_| all.next().is_none()).and_then(|value| value.to_str().ok())
    };
    let reporter = one(IDENTIFIER).filter(|id| keydesk.knows_reporter(id)).ok_or_else(unsigned)?;
    let signature = one(SIGNATURE).filter(|text| text.len() <= SIGNATURE_MAX);
    let signature = signature.and_then(|text| STANDARD.decode(text.trim()).ok()).ok_or_else(unsigned)?;
    Ok((reporter, signature))
}

/// The same whatever is wrong: who may report is nobody else's business.
fn unsigned() -> Problem {
    let detail = "Sign the bytes of the body with a key that is configured here, and name it: Github-Public-Key-Identifier and \
                  Github-Public-Key-Signature.";
    Problem::new(&problem::INVALID_SIGNATURE).detail(detail).challenge(CHALLENGE.clone())
}

/// The secrets of a report, and the type of each.
fn read(body: &[u8]) -> Result<(Vec<Reported>, Vec<String>), Problem> {
    // What is wrong is not repeated: it may hold a key.
    let given: Vec<Given> = serde_json::from_slice(body).map_err(|_| {
        Problem::invalid(
            "The body must be a JSON list of objects with the texts token and type, and perhaps url and source.",
        )
    })?;
    if given.len() > REPORTED_MAX {
        let detail = format!("A report has at most {REPORTED_MAX} secrets.");
        return Err(Problem::new(&problem::PAYLOAD_TOO_LARGE).detail(detail));
    }
    let one = |Given { token, r#type, url, source }| {
        let place = LeakPlace::of(url.as_deref(), source.as_deref());
        (Reported { secret: PlainSecret::new(token), place }, r#type)
    };
    Ok(given.into_iter().map(one).unzip())
}

async fn take(
    keydesk: &Keydesk,
    signed: &SignedReport,
    via: &Via,
    reported: &[Reported],
) -> Result<Vec<bool>, Problem> {
    keydesk.take_report(signed, via, reported).await.map_err(|error| match error {
        ReportError::Repeated => Problem::new(&problem::REPORT_REPEATED)
            .detail("A report with this signature was taken before, and changes nothing again."),
        ReportError::Failed(error) => error.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_with_members_that_nobody_knows() {
        let body = br#"[{"token": "a", "type": "t", "url": "https://example.com", "source": "content", "more": {"x": 1}}, {"token": "b", "type": ""}]"#;
        let (reported, types) = read(body).ok().unwrap();
        assert_eq!(types, ["t", ""]);
        assert_eq!(reported[0].place.url.as_deref(), Some("https://example.com"));
        assert_eq!((reported[1].secret.expose(), &reported[1].place), ("b", &LeakPlace::default()));
        assert!(read(b"[]").is_ok_and(|(reported, _)| reported.is_empty()));
    }

    #[test]
    fn what_is_no_report_is_refused_and_not_repeated() {
        let key = "ccc_live_7QfxAbcdefghijklmnopqrstuvwxyz012345";
        let many = format!("[{}]", vec![r#"{"token":"","type":""}"#; REPORTED_MAX + 1].join(","));
        for body in [
            "",
            "{}",
            "[1]",
            r#"[{"type": "t"}]"#,
            r#"[{"token": 5, "type": "t"}]"#,
            &format!(r#"[{{"token": "{key}", "type": null}}]"#),
            &format!(r#"["{key}"]"#),
            &many,
        ] {
            let Err(problem) = read(body.as_bytes()) else { panic!("{body}") };
            let said = format!("{problem:?}");
            assert!(!said.contains("7Qfx"), "{said}");
        }
    }
}
