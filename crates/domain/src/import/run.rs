//! One import, from its first row to its last.

use std::sync::Arc;

use model::{Actor, Bounds, ImportFault, ImportLine, ImportOutcome, KeyError, KeyId, ReadRow};
use store::StoredKey;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::{
    arrive::Arriving,
    build::New,
    draft::{Draft, Drafted, Rules},
    found::Found,
    judge::Fate,
    options::{ImportOptions, ImportPart},
    pace::Pace,
    report::{ImportReport, ReportedLine},
    seen::Seen,
    sink::Sink,
    staged::Staged,
    stopped::ImportStopped,
};
use crate::{Authority, Caller, Installation, Keydesk, failure, imports::IMPORTS_MAX, turn::ALONE};

pub(super) struct Run {
    keydesk: Keydesk,
    caller: Caller,
    installation: Installation,
    options: ImportOptions,
    arriving: Arriving,
    seen: Seen,
    pace: Pace,
    /// Counts what became of the rows.
    pub(super) report: ImportReport,
    /// Where new keys are written; `None`: nowhere.
    staged: Option<Staged>,
    _place: OwnedSemaphorePermit,
}

/// What became of some rows.
struct Judged {
    seen: Seen,
    lines: Vec<ReportedLine>,
    new: Vec<New>,
}

impl Run {
    /// `replaces`: another that waits to be confirmed by this caller.
    pub(super) async fn begin(
        keydesk: &Keydesk,
        caller: &Caller,
        options: ImportOptions,
        parts: mpsc::Receiver<ImportPart>,
        replaces: bool,
    ) -> Result<Self, KeyError> {
        let caller = caller.clone().once(None);
        let installation = keydesk.require_to_change(&caller)?;
        let Ok(place) = Arc::clone(&keydesk.inner.imports.under_way).try_acquire_owned() else {
            tracing::warn!(at_once = IMPORTS_MAX, "too many imports are under way");
            return Err(KeyError::Unavailable);
        };
        let staged = match options.dry_run {
            true => None,
            false => Some(Staged::new(keydesk, keydesk.begin_import(&caller, replaces).await?)),
        };
        let mut report = ImportReport::default();
        report.summary.dry_run = options.dry_run;
        Ok(Self {
            keydesk: keydesk.clone(),
            caller,
            installation,
            options,
            arriving: Arriving::new(parts, options.format),
            seen: Seen::default(),
            pace: Pace::new(),
            report,
            staged,
            _place: place,
        })
    }

    /// Takes all rows. `arrived`: they have come.
    pub(super) async fn take_all(
        &mut self,
        sink: &mut Sink,
        arrived: &mut Option<oneshot::Sender<()>>,
    ) -> Result<(), ImportStopped> {
        loop {
            let rows = self.arriving.rows(self.pace.rows()).await?;
            if self.arriving.has_ended()
                && let Some(arrived) = arrived.take()
            {
                // Whoever waited may have gone; then this ends soon.
                let _ = arrived.send(());
            }
            if rows.is_empty() {
                return Ok(());
            }
            let lines = self.take(rows).await?;
            sink.take(lines).await?;
        }
    }

    /// All rows were taken: makes the new keys work.
    pub(super) async fn go_live(&mut self) -> Result<(), ImportStopped> {
        let rows = self.report.summary.left_out();
        if self.options.dry_run {
            return Ok(());
        }
        if rows > 0 && !self.options.partial {
            return Err(ImportFault::RowsRefused { rows }.into());
        }
        self.report.summary.kept = true;
        // Where there is nothing new, it is given up.
        if let Some(staged) = self.staged.take_if(|_| self.report.facts.keys > 0) {
            self.keydesk.make_import_live(&self.caller, staged.id(), &self.report).await?;
            staged.keep();
        }
        Ok(())
    }

    /// What does not work yet never will.
    pub(super) async fn give_up(&mut self) {
        if let Some(staged) = self.staged.take() {
            staged.give_up().await;
        }
    }

    /// All rows were taken: the new keys wait for somebody who confirms them.
    pub(super) fn take_staged(&mut self) -> Option<Staged> {
        self.staged.take()
    }

    async fn take(&mut self, rows: Vec<ReadRow>) -> Result<Vec<ReportedLine>, KeyError> {
        let (rules, drafted) = self.draft(rows).await?;
        let found = self.keydesk.find_imported(&rules.caller, &drafted).await?;
        self.count_prefixes(&drafted).await?;
        let Judged { seen, mut lines, new } = self.judge(rules, drafted, found).await?;
        self.seen = seen;
        lines.iter().for_each(|judged| self.report.summary.count(judged.line.result));
        if !self.options.dry_run && !self.options.partial && self.report.summary.left_out() > 0 {
            // None is imported, but what is wrong with the others is told.
            self.give_up().await;
            lines.iter_mut().filter(|judged| judged.line.result == ImportOutcome::Imported).for_each(|judged| {
                judged.line.id = None;
            });
        }
        if !new.is_empty() && self.staged.is_some() {
            self.write(new).await?;
        }
        Ok(lines)
    }

    /// Checks rows by themselves.
    async fn draft(&mut self, rows: Vec<ReadRow>) -> Result<(Rules, Vec<Drafted>), KeyError> {
        // What its owners set while it goes on holds for what comes.
        if let Some(installation) = self.keydesk.remembered(self.installation.id) {
            self.installation = installation;
        }
        let rules = Rules {
            caller: self.keydesk.with_bounds(&self.caller).await?,
            catalogue: self.keydesk.catalogue().clone(),
            format: self.keydesk.inner.format.clone(),
            keyring: self.keydesk.keyring(),
            longest_life: self.installation.longest_life,
            now: self.keydesk.now(),
        };
        blocking(move || {
            let draft =
                |row: ReadRow| Drafted { line: row.line, draft: row.row.and_then(|row| Draft::of(&rules, row)) };
            let drafted = rows.into_iter().map(draft).collect();
            (rules, drafted)
        })
        .await
    }

    /// Learns how many keys have the prefixes of these rows.
    async fn count_prefixes(&mut self, drafted: &[Drafted]) -> Result<(), KeyError> {
        let slow = drafted.iter().filter_map(|row| row.draft.as_ref().ok()?.slow_prefix());
        let mut prefixes: Vec<String> =
            slow.filter(|prefix| !self.seen.knows_prefix(prefix)).map(str::to_owned).collect();
        if prefixes.is_empty() {
            return Ok(());
        }
        prefixes.sort_unstable();
        prefixes.dedup();
        let taken = self.keydesk.inner.store.crowded_prefixes(&prefixes).await.map_err(failure::public)?;
        prefixes.iter().for_each(|prefix| self.seen.set_prefix(prefix, 0));
        taken.iter().for_each(|(prefix, keys)| self.seen.set_prefix(prefix, *keys));
        Ok(())
    }

    /// Says what becomes of each row, and builds the new keys.
    async fn judge(&mut self, rules: Rules, drafted: Vec<Drafted>, found: Found) -> Result<Judged, KeyError> {
        let (keydesk, installation) = (self.keydesk.clone(), self.installation.clone());
        let (seen, is_written) = (std::mem::take(&mut self.seen), self.staged.is_some());
        blocking(move || {
            let now = keydesk.now();
            let mut judged = Judged { seen, lines: Vec::with_capacity(drafted.len()), new: Vec::new() };
            for Drafted { line, draft } in drafted {
                let client_name = draft.as_ref().ok().map(|draft| draft.settings.client_name.to_string());
                let fate = match &draft {
                    Ok(draft) => Fate::of(draft, &judged.seen, &found, rules.longest_life, now),
                    Err(fault) => Fate::refused(fault.clone()),
                };
                let line = match (fate, draft) {
                    (Fate::New, Ok(draft)) => {
                        let id = is_written.then(|| KeyId(keydesk.new_id(now)));
                        judged.seen.add(&draft, id);
                        if let Some(id) = id {
                            judged.new.push(keydesk.build_imported(&rules.keyring, &installation, draft, id, now)?);
                        }
                        ImportLine { line, result: ImportOutcome::Imported, id, code: None, field: None }
                    }
                    (Fate::None { result, id, code, field }, _) => ImportLine { line, result, id, code, field },
                    (Fate::New, Err(fault)) => {
                        let (code, field) = (Some(fault.code), fault.field);
                        ImportLine { line, result: ImportOutcome::Refused, id: None, code, field }
                    }
                };
                judged.lines.push(ReportedLine { line, client_name });
            }
            Ok(judged)
        })
        .await?
    }

    /// Writes new keys, hidden from everybody.
    async fn write(&mut self, new: Vec<New>) -> Result<(), KeyError> {
        let Some(import) = self.staged.as_ref().map(Staged::id) else { return Ok(()) };
        new.iter().for_each(|new| self.report.facts.add(new));
        let rows = new.len();
        let wrote = self.keydesk.change_in_turn_as(&self.caller, ALONE, move |this, caller, mut change| async move {
            let began = this.inner.clock.elapsed();
            new.iter().try_for_each(|new| caller.require_to_issue(&new.key.settings))?;
            if !change.stage_import(import).await.map_err(failure::public)? {
                tracing::warn!(%import, "an import was given up while it went on: it seemed to have broken off");
                return Err(KeyError::Unavailable);
            }
            let epoch = change.epoch();
            let stored = |New { key, secret, imported }| {
                (StoredKey::imported(caller.installation, key, epoch, import), secret, imported)
            };
            let rows: Vec<_> = new.into_iter().map(stored).collect();
            change.insert_imported(&rows).await.map_err(failure::public)?;
            this.commit(change).await?;
            Ok(this.inner.clock.elapsed().saturating_sub(began))
        });
        self.pace.took(rows, wrote.await?);
        Ok(())
    }
}

impl Keydesk {
    /// The caller, with the bounds within which it may issue keys now.
    async fn with_bounds(&self, caller: &Caller) -> Result<Caller, KeyError> {
        let mut caller = caller.clone();
        if let (Actor::Key { id }, Authority::Key(held)) = (caller.actor, &mut caller.authority) {
            let key = self.inner.store.key(caller.installation, id).await.map_err(failure::public)?;
            let key = key.ok_or(KeyError::Forbidden)?;
            let now = self.now();
            held.bounds = Some((Bounds::of(key.settings(), now), now));
        }
        Ok(caller)
    }
}

/// Away from the threads that answer calls.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, KeyError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "rows of an import could not be read");
        KeyError::Unavailable
    })
}
