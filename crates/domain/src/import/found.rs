use std::collections::HashMap;

use model::{KeyError, KeyId};
use store::{Digest, ImportForms};

use super::{
    draft::{Draft, Drafted, print, print_endless},
    forms::Forms,
};
use crate::{Caller, Keydesk, failure};

/// A key that is here already, as the caller may know it. The first is the best answer where there are more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Here {
    /// It was imported, and has this environment and these settings; and these, but for its end.
    Imported { id: KeyId, print: u64, endless: u64 },
    /// Keydesk has issued it.
    Issued(KeyId),
    /// It is deleted.
    Deleted(KeyId),
    /// The caller may not know it.
    Elsewhere,
}

/// What is here of the keys of some rows.
pub(super) struct Found(HashMap<Digest, Here>);

impl Found {
    pub(super) fn of(&self, forms: &Forms) -> Option<Here> {
        forms.all().filter_map(|digest| self.0.get(digest)).min().copied()
    }
}

impl Keydesk {
    /// Looks for the keys of these rows.
    pub(super) async fn find_imported(&self, caller: &Caller, rows: &[Drafted]) -> Result<Found, KeyError> {
        let mut forms = ImportForms::default();
        for Draft { forms: of, .. } in rows.iter().filter_map(|row| row.draft.as_ref().ok()) {
            forms.secrets.extend(&of.secrets);
            forms.sha256.extend(&of.sha256);
            forms.sha512.extend(&of.sha512);
            forms.slow.extend(&of.slow);
        }
        let matches = self.inner.store.import_matches(&forms).await.map_err(failure::public)?;
        let mut own: Vec<KeyId> =
            matches.iter().filter(|found| found.installation == caller.installation).map(|found| found.key).collect();
        own.sort_unstable();
        own.dedup();
        let keys = self.inner.store.keys(caller.installation, &own).await.map_err(failure::public)?;
        let seen = keys.iter().filter(|key| caller.sees(key.environment()));
        let prints = seen.map(|key| {
            let (settings, environment) = (key.settings(), key.environment());
            (key.id(), (print(settings, environment), print_endless(settings, environment)))
        });
        let prints: HashMap<KeyId, (u64, u64)> = prints.collect();
        let mut found = HashMap::with_capacity(matches.len());
        for of in matches {
            let here = match prints.get(&of.key) {
                None => Here::Elsewhere,
                Some(_) if of.deleted => Here::Deleted(of.key),
                Some(_) if !of.imported => Here::Issued(of.key),
                Some((print, endless)) => Here::Imported { id: of.key, print: *print, endless: *endless },
            };
            found.entry(of.form).and_modify(|best: &mut Here| *best = (*best).min(here)).or_insert(here);
        }
        Ok(Found(found))
    }
}
