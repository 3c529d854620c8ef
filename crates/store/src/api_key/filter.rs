//! Which keys are meant, as conditions of a statement.

use std::sync::atomic::Ordering;

use model::{
    Attention, Environment, InstallationId, Instant, KeyId, KeyStatus, NAMES_FOLDED, Preset, RESTORE_WINDOW_MS, Search,
    SortColumn,
};

use crate::{Store, StoreError, db::Db, live_keys::live_keys, search_map::Part, sql::Sql};

/// Which issued keys of an installation a list shows.
#[derive(Clone, Debug)]
pub struct KeyFilter {
    /// Whose keys.
    pub installation: InstallationId,
    /// What the texts of a key must hold, or what names it.
    pub search: Search,
    /// Whether notes and metadata are searched, too: whoever may not read them must not learn them by searching.
    pub search_notes: bool,
    /// Only this environment.
    pub environment: Option<Environment>,
    /// Only this status at `now`. `Revoked`: tombstones. None: all but tombstones.
    pub status: Option<KeyStatus>,
    /// Only this preset.
    pub preset: Option<Preset>,
    /// Only keys that have not expired at `now`, and will before this instant.
    pub expiring_before: Option<Instant>,
    /// Only keys that want attention for this reason at `now`.
    pub attention: Option<Attention>,
    /// Only keys that are switched off (`true`) or are not.
    pub disabled: Option<bool>,
    /// The instant by which status is decided.
    pub now: Instant,
}

/// What leads to the keys of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// The index of an order: what is searched for is looked for in that.
    Order(SortColumn),
    /// The trigram index: what it finds is sorted.
    Trigrams,
    /// What the database takes.
    Any,
}

impl Lead {
    /// Whether the index of presets may be taken for a filter: it has the order of names, too.
    fn has_presets(self) -> bool {
        matches!(self, Self::Order(SortColumn::ClientName | SortColumn::Preset) | Self::Any)
    }
}

impl KeyFilter {
    /// Whether what is kept of names in memory says where the keys can be: it knows neither tombstones nor ids and hints.
    pub(super) fn can_skip(&self, with: &Searching) -> bool {
        with.all_folded && with.named.is_empty() && self.status != Some(KeyStatus::Revoked)
    }

    /// Adds its conditions.
    pub(super) fn push(&self, sql: &mut Sql, lead: Lead, with: &Searching) {
        let trigrams = if lead == Lead::Trigrams { self.trigrams(with) } else { None };
        self.push_besides(sql, lead, with, trigrams.is_some());
        if let Some(query) = trigrams {
            sql.push(" AND seq IN (SELECT rowid FROM api_key_search WHERE api_key_search MATCH ").text(&query);
            if !with.named.is_empty() {
                sql.push(" UNION ALL SELECT seq FROM api_key WHERE id IN ")
                    .list(&with.named, |sql, id| _ = sql.id(id.0));
            }
            sql.push(")");
        }
    }

    /// The same without what SQLite's trigram index is asked. `found`: it is asked besides.
    pub(super) fn push_besides(&self, sql: &mut Sql, lead: Lead, with: &Searching, found: bool) {
        // With a + no index is taken for it: SQLite would walk all of one in the order of the list, in search of the few that are found.
        sql.push(if found { "+installation_id = " } else { "installation_id = " });
        sql.id(self.installation.0).push(" AND kind = 'issued' AND ").push(live_keys!());
        match self.status {
            // A tombstone that is due to be purged counts as gone, even before the job removes it.
            Some(KeyStatus::Revoked) => {
                sql.push(" AND deleted_at > ").int(self.now.plus_millis(-RESTORE_WINDOW_MS).as_millis())
            }
            _ => sql.push(" AND deleted_at IS NULL"),
        };
        match self.status {
            None | Some(KeyStatus::Revoked) => {}
            Some(KeyStatus::Active) => {
                sql.push(" AND disabled_at IS NULL AND (expires_at IS NULL OR expires_at > ")
                    .int(self.now.as_millis())
                    .push(")");
            }
            Some(KeyStatus::Disabled) => {
                sql.push(" AND disabled_at IS NOT NULL");
            }
            Some(KeyStatus::Expired) => {
                sql.push(" AND disabled_at IS NULL AND expires_at <= ").int(self.now.as_millis());
            }
        }
        if let Some(environment) = self.environment {
            sql.push(" AND environment = ").text(environment.as_str());
        }
        if let Some(preset) = self.preset {
            // As above, where another index has the order.
            let plain = !with.sqlite || lead.has_presets();
            sql.push(if plain { " AND preset = " } else { " AND +preset = " }).text(preset.as_str());
        }
        match self.disabled {
            None => {}
            Some(true) => _ = sql.push(" AND disabled_at IS NOT NULL"),
            Some(false) => _ = sql.push(" AND disabled_at IS NULL"),
        }
        if let Some(before) = self.expiring_before {
            sql.push(" AND expires_at > ").int(self.now.as_millis());
            sql.push(" AND expires_at < ").int(before.as_millis());
        }
        if let Some(attention) = self.attention {
            self.push_attention(sql, attention);
        }
        if self.search.is_empty() {
            return;
        }
        // Those that the text names are few, and known by now.
        sql.push(" AND (");
        if !with.named.is_empty() {
            sql.push("id IN ").list(&with.named, |sql, id| _ = sql.id(id.0)).push(" OR ");
        }
        let before = self.before(with);
        if before.is_some() {
            sql.push("(fold_version >= ").int(NAMES_FOLDED).push(" AND ");
        }
        self.push_words(sql, lead, with);
        if let Some(before) = before {
            sql.push(" OR (fold_version < ").int(NAMES_FOLDED).push(" AND ");
            self.push_holds(sql, before, lead, with);
            sql.push("))");
        }
        sql.push(")");
    }

    /// The end of a key and its last use are asked first: there are indexes for them.
    fn push_attention(&self, sql: &mut Sql, attention: Attention) {
        let now = self.now.as_millis();
        match attention {
            Attention::EndingSoon => {
                sql.push(" AND expires_at > ").int(now).push(" AND expires_at < ");
                sql.int(self.now.plus_millis(Attention::SOON_MS).as_millis());
            }
            Attention::Unused => {
                sql.push(" AND last_used_at > 0 AND last_used_at <= ");
                sql.int(self.now.plus_millis(-Attention::UNUSED_MS).as_millis());
            }
            Attention::NeverUsed | Attention::NeverHandedOver => _ = sql.push(" AND last_used_at = 0"),
        }
        if attention == Attention::NeverHandedOver {
            sql.push(
                " AND NOT EXISTS (SELECT 1 FROM handover h WHERE h.key_id = api_key.id AND h.opened_at IS NOT NULL)",
            );
        }
        sql.push(" AND disabled_at IS NULL AND (expires_at IS NULL OR expires_at > ").int(now).push(")");
    }

    fn push_words(&self, sql: &mut Sql, lead: Lead, with: &Searching) {
        for (index, word) in self.search.words().iter().enumerate() {
            if index > 0 {
                sql.push(" AND ");
            }
            self.push_holds(sql, word, lead, with);
        }
    }

    /// That one of the texts holds this one.
    fn push_holds(&self, sql: &mut Sql, text: &str, lead: Lead, with: &Searching) {
        // In the order of the list each text is looked at. PostgreSQL would take its trigram index all the same, and sort.
        let each = match (with.sqlite, lead) {
            (true, _) => Some(("instr(", ") > 0")),
            (false, Lead::Order(_)) => Some(("strpos(", ") > 0")),
            (false, Lead::Trigrams | Lead::Any) => None,
        };
        if let Some((holds, end)) = each {
            sql.push("(").push(holds).push("client_name_folded, ").text(text).push(end);
            sql.push(" OR ").push(holds).push("owner_folded, ").text(text).push(end);
            if self.search_notes {
                sql.push(" OR ").push(holds).push("notes_folded, ").text(text).push(end);
            }
            sql.push(")");
            return;
        }
        // PostgreSQL's planner knows the index by its own statistics. For that it must see the text, so these statements are not
        // cached: a cached one is planned for any text.
        let pattern = like(text);
        sql.push("client_name_folded || chr(10) || owner_folded || chr(10) || notes_folded LIKE ").text(&pattern);
        if !self.search_notes {
            sql.push(" AND client_name_folded || chr(10) || owner_folded LIKE ").text(&pattern);
        }
    }

    /// The text to look for in rows of before [`NAMES_FOLDED`]; `None`: there are none, or the words find it there, too.
    fn before(&self, with: &Searching) -> Option<&str> {
        self.search.before().filter(|_| !with.all_folded)
    }

    /// Whether a trigram index can lead. It holds no tombstones, and a text of less than three characters has no trigram.
    pub(super) fn has_trigrams(&self, with: &Searching) -> bool {
        self.status != Some(KeyStatus::Revoked)
            && self.search.words().iter().any(|word| is_long(word))
            && self.before(with).is_none_or(is_long)
    }

    /// What SQLite's is asked for; `None`: it can't lead.
    pub(super) fn trigrams(&self, with: &Searching) -> Option<String> {
        if !with.sqlite || !self.has_trigrams(with) {
            return None;
        }
        let words = self.search.words().iter().filter(|word| is_long(word)).map(|word| phrase(word));
        let words = words.collect::<Vec<_>>().join(" AND ");
        let query = match self.before(with) {
            None => words,
            Some(before) => format!("({words}) OR {}", phrase(before)),
        };
        Some(if self.search_notes { query } else { format!("{{client_name_folded owner_folded}} : ({query})") })
    }
}

/// What a search depends on besides its filter.
pub(super) struct Searching {
    pub(super) sqlite: bool,
    /// Every row is of this [`FOLD_VERSION`](model::FOLD_VERSION).
    pub(super) all_folded: bool,
    /// The keys that the text names ([`Search::exact`]).
    pub(super) named: Vec<KeyId>,
}

impl Store {
    /// The conditions of a filter, led by SQLite's trigram index where it can be.
    pub(crate) async fn push_filter(&self, filter: &KeyFilter, sql: &mut Sql) -> Result<(), StoreError> {
        let with = self.searching(filter).await?;
        filter.push(sql, any_lead(filter, &with), &with);
        Ok(())
    }

    /// What a search depends on besides its filter.
    pub(super) async fn searching(&self, filter: &KeyFilter) -> Result<Searching, StoreError> {
        Ok(Searching {
            sqlite: self.is_sqlite(),
            all_folded: self.all_folded.load(Ordering::Relaxed),
            named: self.named(filter.installation, &filter.search).await?,
        })
    }

    /// Whether the database is the embedded one.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.db, Db::Sqlite { .. })
    }
}

/// What leads where any keys are wanted.
pub(super) fn any_lead(filter: &KeyFilter, with: &Searching) -> Lead {
    if filter.trigrams(with).is_some() { Lead::Trigrams } else { Lead::Any }
}

/// That a key stands in this part of the order of names.
pub(super) fn push_part(sql: &mut Sql, part: &Part) {
    if !part.from.is_empty() {
        sql.push(" AND name_order >= ").bytes(&part.from);
    }
    if let Some(to) = &part.to {
        sql.push(" AND name_order < ").bytes(to);
    }
}

/// Whether a text has a trigram.
fn is_long(text: &str) -> bool {
    text.chars().nth(2).is_some()
}

/// A text as an FTS5 phrase, in which only the quotation mark is special.
fn phrase(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A text as a LIKE pattern, in which `%`, `_` and `\` are ordinary characters.
fn like(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_made_ordinary() {
        assert_eq!(like(r"100%_\"), r"%100\%\_\\%");
        assert_eq!(phrase(r#"say "hi""#), r#""say ""hi""""#);
    }

    #[test]
    fn a_text_of_three_letters_has_a_trigram() {
        assert!(is_long("漢字。") && is_long("nor") && !is_long("no") && !is_long("é"));
    }
}
