use leptos::prelude::*;

use super::theme::Theme;
use crate::{ApiError, web::FormOrJson};

/// Remembers the theme in this browser for a year. It belongs to the browser and not to a person, so it needs no session.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn choose_theme(theme: Theme) -> Result<(), ApiError> {
    crate::web::keep_preference(theme.as_str());
    Ok(())
}
