use leptos::prelude::*;
use model::{Activity, KeyId};

use crate::{ApiError, web::FormOrJson};

/// The allowed calls of each of the last 30 days with each of these keys that had any.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn key_activity(ids: Vec<KeyId>) -> Result<Vec<Activity>, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    let mut activity = keydesk.activity(&session.caller(), &ids).await?;
    activity.retain(|activity| activity.days.iter().any(|calls| *calls > 0));
    Ok(activity)
}
