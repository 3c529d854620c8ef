use axum::{
    http::{HeaderValue, request::Parts},
    response::Response,
};
use domain::Session;

use super::{
    confirm, failed,
    resume::{self, Resumed, resume},
};
use crate::{
    ApiError,
    web::{WebState, session::signed_in},
};

/// A form, and who has sent it.
pub(crate) struct Sent {
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) session: Session,
    /// The cookies of whoever has just signed in to send it. They see the form as they filled it in, and press its button again.
    pub(crate) begun: Option<Vec<HeaderValue>>,
}

/// Who has sent a form, or else the answer to it: somebody who is signed out, or who is not the one who is signed in, is asked to sign
/// in, and what was typed is kept. A form that comes with a proof of who sends it comes out without.
pub(crate) async fn sent(
    web: &WebState,
    parts: &mut Parts,
    mut fields: Vec<(String, String)>,
) -> Result<Sent, Box<Response>> {
    let comes = confirm::taken(&mut fields);
    let (fields, begun) = match resume(web, parts, fields).await {
        Resumed::No(fields) => (fields, None),
        Resumed::Yes(fields, cookies) => (fields, Some(cookies)),
        Resumed::Refused(response) => return Err(Box::new(response)),
    };
    match signed_in(web, parts).await {
        Ok(session) => {
            let session = match comes {
                Some(comes) => confirm::confirmed(web, parts, &fields, session, comes).await?,
                None => session,
            };
            Ok(Sent { fields, session, begun })
        }
        Err(error @ (ApiError::SignedOut | ApiError::SomebodyElse { .. })) => {
            Err(Box::new(resume::ask(web, parts.clone(), error, &fields).await))
        }
        Err(error) => Err(Box::new(failed(web, parts.clone(), error).await)),
    }
}
