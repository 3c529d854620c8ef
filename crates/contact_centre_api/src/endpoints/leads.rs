use axum::{extract::Request, response::IntoResponse};
use contact_centre::{
    id::{CampaignId, LeadId},
    objects::{Lead, LeadStatus},
    view::LeadView,
    world::{AsOf, LeadDraft, Refusal, World},
};
use http::header;
use serde::{Deserialize, Serialize};

use crate::{
    asked::{Asked, Id},
    forms::{LeadForm, LeadPatch, lead_draft_of},
    protocol::{Answer, Paging, Problem, Sent, etag, expected, json, kinds, page_of, read_json},
};

/// Leads of a batch.
const BATCH_MAX: usize = 1_000;
/// Bytes of a batch.
const BATCH_BYTES_MAX: usize = 2 << 20;

/// Leads by id, or those that changed.
pub(crate) async fn list(asked: Asked) -> Result<impl IntoResponse, Problem> {
    let query = asked.query();
    let paging = Paging::of(&query);
    let campaign = query.get::<CampaignId>("campaign_id");
    let words: Vec<_> = LeadStatus::ALL.iter().map(|status| status.as_str()).collect();
    let status = query.word("status", &words, LeadStatus::from_word);
    query.end()?;
    let page = asked.ask(move |asked, world| {
        let of_campaign = |lead: &&Lead| campaign.is_none_or(|id| lead.campaign_id == id);
        let of_status = |lead: &&Lead| status.is_none_or(|status| view(asked, world, lead).status() == status);
        let leads = world.state().leads().filter(of_campaign).filter(of_status);
        let write = |lead: &Lead| serde_json::to_value(view(asked, world, lead));
        json(&page_of(world, &paging, leads, |lead| (lead.id.0, lead.seq), write)?)
    });
    page.await
}

/// A lead as the caller sees it now.
fn view<'a>(asked: &Asked, world: &'a World, lead: &'a Lead) -> LeadView<'a> {
    LeadView::of(world.state().campaign(lead.campaign_id), lead, world.now(), asked.rights())
}

/// Changes some of a lead.
pub(crate) async fn patch(asked: Asked, Id(id): Id<LeadId>, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let patch = sent.read::<LeadPatch>()?;
    let changed = asked.ask(move |asked, world| {
        let known = world.state().lead(id).ok_or(Problem::not_found("lead"))?;
        expected(&asked.headers, Some(known.seq))?;
        let before = lead_draft_of(known);
        let mut draft = before.clone();
        patch.apply(&mut draft, asked.centre.settings())?;
        if draft != before {
            put(asked, world, Some(id), draft)?;
        }
        let lead = world.state().lead(id).ok_or(Problem::not_found("lead"))?;
        Ok(json(&asked.written(&view(asked, world, lead))?)?.with(header::ETAG, etag(lead.seq)))
    });
    changed.await
}

fn put(asked: &Asked, world: &mut World, id: Option<LeadId>, draft: LeadDraft) -> Result<LeadId, Problem> {
    world.put_lead(&asked.actor(), id, draft).map_err(|refusal| match refusal {
        Refusal::AgentBusy => Problem::new(&kinds::LEAD_BUSY),
        refusal => refusal.into(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    leads: Vec<serde_json::Value>,
}

#[derive(Serialize)]
struct Results {
    results: Vec<RowResult>,
    as_of: AsOf,
}

/// What became of one row, counted from 0.
#[derive(Debug, Serialize)]
pub(crate) struct RowResult {
    pub(crate) index: usize,
    pub(crate) result: &'static str,
    pub(crate) id: Option<uuid::Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

impl RowResult {
    pub(crate) fn of(index: usize, done: Result<(&'static str, uuid::Uuid), Problem>) -> Self {
        match done {
            Ok((result, id)) => Self { index, result, id: Some(id), code: None, detail: None },
            Err(problem) => {
                let detail = Some(problem.text().to_owned());
                Self { index, result: "refused", id: None, code: Some(problem.code()), detail }
            }
        }
    }
}

/// Enters leads, or writes what holds of those of the same campaign and `external_id`. Each row stands for itself.
pub(crate) async fn batch(asked: Asked, request: Request) -> Result<Answer, Problem> {
    asked.no_query()?;
    let sent = Sent(read_json(request, BATCH_BYTES_MAX).await?);
    let batch = sent.read::<Batch>()?;
    if batch.leads.is_empty() || batch.leads.len() > BATCH_MAX {
        return Err(Problem::field("leads", "must have 1 to 1000 entries"));
    }
    let entered = asked.once_in_world(&sent, move |asked, world| {
        let rows = batch.leads.into_iter().enumerate();
        let results = rows.map(|(index, row)| RowResult::of(index, upsert(asked, world, row))).collect();
        json(&Results { results, as_of: world.as_of() })
    });
    entered.await
}

/// Enters or changes one lead. Says which, and its id.
pub(crate) fn upsert(
    asked: &Asked,
    world: &mut World,
    row: serde_json::Value,
) -> Result<(&'static str, uuid::Uuid), Problem> {
    let form: LeadForm =
        serde_json::from_value(row).map_err(|error| Problem::invalid(format!("The row is no lead: {error}.")))?;
    let id = form.external_id.as_deref().and_then(|id| world.state().lead_with_external_id(form.campaign_id(), id));
    let draft = form.draft(asked.centre.settings())?;
    if let Some(id) = id
        && world.state().lead(id).is_some_and(|lead| lead_draft_of(lead) == draft)
    {
        return Ok(("unchanged", id.0));
    }
    let result = if id.is_some() { "updated" } else { "created" };
    let id = put(asked, world, id, draft)?;
    Ok((result, id.0))
}
