use model::{DeletionImpact, KeyError, Selection};
use store::KeyFilter;

use crate::{Caller, Keydesk, failure};

impl Keydesk {
    /// What disabling the selection would stop. Keys that are disabled already are not counted.
    pub async fn disabling_impact(&self, caller: &Caller, selection: &Selection) -> Result<DeletionImpact, KeyError> {
        self.require_open(caller)?;
        match selection {
            Selection::Ids(ids) => {
                let on = self.inner.store.keys_switched_on(caller.installation, ids).await.map_err(failure::public)?;
                let on: Vec<_> = on.into_iter().map(|(id, _)| id).collect();
                self.deletion_impact(caller, &Selection::Ids(on)).await
            }
            Selection::Matching { .. } => {
                let Some(filter) = self.filter(caller, selection)? else { return Ok(DeletionImpact::default()) };
                self.impact_of_filter(caller, &KeyFilter { disabled: Some(false), ..filter }).await
            }
        }
    }
}
