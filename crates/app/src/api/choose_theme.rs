use leptos::prelude::*;

use super::Wire;
use crate::{ApiError, Theme};

/// Remembers the theme in this browser, for a year. A matter of one browser and not of a person, so it needs no session.
#[server(prefix = "/api/_fn", protocol = Wire)]
pub(crate) async fn choose_theme(theme: Theme) -> Result<(), ApiError> {
    crate::ssr::set_cookie("theme", theme.as_str());
    Ok(())
}
