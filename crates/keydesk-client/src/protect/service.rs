//! What stands in front of a service.

use std::{
    future::Future,
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, Request, Response, header};
use tokio::time::{Instant, timeout};
use tower::Service;

use super::{
    cache::{self, Cache},
    caller::Caller,
    presented::{self, Presented},
    refusal::Refusal,
    rules::Rules,
};
use crate::{Verdict, Verify};

/// A service behind [`Protect`](crate::Protect).
#[derive(Clone, Debug)]
pub struct Protected<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S> Protected<S> {
    pub(super) fn new(inner: S, rules: Arc<Rules>) -> Self {
        Self { inner, rules }
    }
}

impl<S, B, A> Service<Request<B>> for Protected<S>
where
    S: Service<Request<B>, Response = Response<A>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    A: From<Vec<u8>> + Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that is ready goes along; its clone is asked whether it is before the next request.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let rules = Arc::clone(&self.rules);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let presented = presented::take(&mut parts.headers);
            let ip = rules.address.as_ref().and_then(|address| address(&parts));
            match decide(&rules, rules.cache.as_deref(), presented, &parts.headers, ip).await {
                Ok(caller) => {
                    parts.extensions.insert(caller);
                    inner.call(Request::from_parts(parts, body)).await
                }
                Err((refusal, verdict)) => Ok(refusal.response(verdict.map(|verdict| verdict.request_id))),
            }
        })
    }
}

/// Who calls, if they may.
async fn decide(
    rules: &Rules,
    cache: Option<&Cache>,
    presented: Presented,
    headers: &HeaderMap,
    ip: Option<IpAddr>,
) -> Result<Caller, (Refusal, Option<Box<Verdict>>)> {
    let key = match presented {
        Presented::Key(key) => key,
        Presented::Nothing => return Err((Refusal::missing(), None)),
        Presented::Unclear => return Err((Refusal::unclear(), None)),
    };
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let asked = cache.map(|cache| (cache, cache::asked(&key, origin, ip)));
    if let Some(caller) = asked.as_ref().and_then(|(cache, asked)| cache.get(asked)) {
        return Ok(caller);
    }
    let mut call = rules.scopes.iter().fold(Verify::key(key), |call, scope| call.scope(scope));
    call = rules.environment.into_iter().fold(call, Verify::environment);
    call = origin.into_iter().fold(call, Verify::origin);
    call = ip.into_iter().fold(call, Verify::ip);
    let begun = Instant::now();
    let verdict = match timeout(rules.within, rules.client.verify(&call)).await {
        Ok(Ok(verdict)) => verdict,
        Ok(Err(error)) => {
            tracing::warn!(%error, "Keydesk could not be asked; a request was refused");
            return Err((Refusal::unavailable(), None));
        }
        Err(_) => {
            tracing::warn!(within = ?rules.within, "Keydesk did not answer in time; a request was refused");
            return Err((Refusal::unavailable(), None));
        }
    };
    let Some(caller) = Caller::of(&verdict) else { return Err((Refusal::of(&verdict), Some(Box::new(verdict)))) };
    if let Some((cache, asked)) = asked {
        cache.keep(asked, begun, &verdict, &caller);
    }
    Ok(caller)
}
