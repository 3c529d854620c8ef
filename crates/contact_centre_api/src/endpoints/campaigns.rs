use axum::response::IntoResponse;
use contact_centre::{objects::Campaign, view::CampaignView};

use crate::{
    asked::Asked,
    protocol::{Paging, Problem, json, page_of},
};

/// Campaigns, which don't change.
pub(crate) async fn list(asked: Asked) -> Result<impl IntoResponse, Problem> {
    let query = asked.query();
    let paging = Paging::of(&query);
    query.end()?;
    let page = asked.ask(move |_, world| {
        // What was there from the beginning has `seq` 0.
        let of = |campaign: &&Campaign| (campaign.id.0, 0);
        let write = |campaign| serde_json::to_value(CampaignView::of(campaign));
        json(&page_of(world, &paging, world.state().campaigns(), of, write)?)
    });
    page.await
}
