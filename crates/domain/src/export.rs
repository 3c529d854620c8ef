//! The list as a table, in parts, so that a million keys are never in memory at once.

use std::{borrow::Cow, sync::Arc, time::Duration};

use model::{Action, ClientName, Instant, Key, KeyError, KeySettings, ListQuery, Permission, Scope};
use serde_json::json;
use store::StoredKey;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::{
    Caller, Keydesk,
    exports::EXPORTS_MAX,
    failure,
    list::{Asked, order},
    spool::{Bound, Spool, Writer},
};

/// How long one may take. What is read from the database is held there for so long.
const WITHIN: Bound = Bound { of: "an export", within: Duration::from_secs(5 * 60) };

/// The columns that every reader may rely on. Settings that are not among them follow, by name.
const COLUMNS: [&str; 18] = [
    "client_name",
    "key",
    "environment",
    "preset",
    "scopes",
    "status",
    "allowed_ips",
    "allowed_origins",
    "expires_at",
    "last_used_at",
    "created_at",
    "updated_at",
    "owner_email",
    "notes",
    "metadata",
    "kind",
    "id",
    "imported",
];

/// What a letter to an owner is about, beginning with the address.
const TO_OWNERS: [&str; 6] = ["owner_email", "client_name", "key", "status", "expires_at", "last_used_at"];

/// What is noted down about a key. Whoever may not read it gets a table without these columns: empty ones would say that nothing is.
const NOTED: [&str; 3] = ["owner_email", "notes", "metadata"];

/// An export, read part by part. CSV as in RFC 4180, in UTF-8; sets are separated by spaces.
///
/// It shows the keys of one instant. They are read as fast as the database gives them, into a temporary file, so that nothing
/// waits for whoever reads the export.
#[derive(Debug)]
pub struct Export {
    keydesk: Keydesk,
    caller: Caller,
    query: ListQuery,
    to_owners: bool,
    gathered: Option<Gathered>,
}

#[derive(Debug)]
struct Gathered {
    text: Spool,
    _place: OwnedSemaphorePermit,
}

impl Keydesk {
    /// Exports what the query lists, from its cursor on. Its limit is ignored.
    pub fn export(&self, caller: &Caller, query: ListQuery) -> Export {
        Export { keydesk: self.clone(), caller: caller.clone(), query, to_owners: false, gathered: None }
    }

    /// All that the query lists, from its cursor on, as they are at one instant. Its limit is ignored.
    pub async fn list_all(&self, caller: &Caller, query: &ListQuery) -> Result<Vec<Key>, KeyError> {
        let Some(Asked { filter, default }) = self.asked(caller, query).await? else { return Ok(Vec::new()) };
        let mut keys = Vec::new();
        keys.extend(default.filter(|_| query.cursor.is_none()).map(|key| caller.shown(key)));
        let (send, mut receive) = mpsc::channel::<Vec<StoredKey>>(2);
        let (sort, after) = order(query);
        let now = filter.now;
        let collect = async {
            while let Some(part) = receive.recv().await {
                keys.extend(part.into_iter().map(|key| caller.shown(key.at(now))));
            }
        };
        let (read, ()) = tokio::join!(self.inner.store.snapshot(&filter, sort, after, send), collect);
        read.map_err(failure::public)?;
        Ok(keys)
    }
}

impl Export {
    /// The same with what a letter to each key's owner is about alone, the owner's address first.
    #[must_use]
    pub fn to_owners(self) -> Self {
        Self { to_owners: true, ..self }
    }

    /// The next part of the text, the first of it the names of the columns. `None`: that was all.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, KeyError> {
        if self.gathered.is_none() {
            self.gathered = Some(self.begin().await?);
        }
        match &mut self.gathered {
            Some(gathered) => gathered.text.next().await,
            None => Ok(None),
        }
    }

    async fn begin(&self) -> Result<Gathered, KeyError> {
        let (keydesk, caller, query) = (self.keydesk.clone(), self.caller.clone(), self.query.clone());
        let to_owners = self.to_owners;
        let asked = keydesk.asked(&caller, &query).await?;
        let Ok(place) = Arc::clone(&keydesk.inner.exports.under_way).try_acquire_owned() else {
            tracing::warn!(at_once = EXPORTS_MAX, "too many exports are under way");
            return Err(KeyError::Unavailable);
        };
        let detail =
            json!({ "searched": !query.search.is_empty(), "environment": query.environment, "status": query.status });
        let text = Spool::fill(WITHIN, move |writer| async move {
            write(&keydesk, &caller, &query, to_owners, asked, writer).await
        });
        // Before any of it is sent. What was searched for is left out: it may be a person's name.
        self.keydesk.tell_export(&self.caller, Action::KeyExport, detail).await?;
        Ok(Gathered { text, _place: place })
    }
}

async fn write(
    keydesk: &Keydesk,
    caller: &Caller,
    query: &ListQuery,
    to_owners: bool,
    asked: Option<Asked>,
    mut writer: Writer,
) -> Result<(), KeyError> {
    let mut text = String::new();
    let any = KeySettings::new(ClientName::parse("any")?);
    let more = any.texts_besides(&COLUMNS).into_iter().map(|(name, _)| name.into());
    let names: Vec<Cow<'_, str>> = COLUMNS.map(Cow::Borrowed).into_iter().chain(more).collect();
    let places = &places(&names, to_owners, caller.may(Permission::ReadKeyNotes));
    row(&mut text, &names, places);
    let Some(Asked { filter, default }) = asked else { return writer.write(text).await };
    default
        .filter(|_| query.cursor.is_none())
        .into_iter()
        .for_each(|key| row(&mut text, &cells(&caller.shown(key)), places));
    let _turn = keydesk.inner.exports.read.acquire().await.map_err(|_| KeyError::Unavailable)?;
    let (send, mut receive) = mpsc::channel::<Vec<StoredKey>>(2);
    let ((sort, after), now) = (order(query), filter.now);
    // Takes the receiver, so that reading ends where nothing more can be written.
    let written = async move {
        while let Some(part) = receive.recv().await {
            part.into_iter().for_each(|key| row(&mut text, &cells(&caller.shown(key.at(now))), places));
            writer.write(std::mem::take(&mut text)).await?;
        }
        writer.write(text).await
    };
    let (read, written) = tokio::join!(keydesk.inner.store.snapshot(&filter, sort, after, send), written);
    read.map_err(failure::public).and(written)
}

fn cells(key: &Key) -> Vec<Cow<'_, str>> {
    let at = |instant: Option<Instant>| instant.map_or(Cow::Borrowed(""), |instant| instant.to_string().into());
    let settings = &key.settings;
    let metadata =
        if settings.metadata.is_empty() { Cow::Borrowed("") } else { json!(settings.metadata).to_string().into() };
    let columns: [Cow<'_, str>; COLUMNS.len()] = [
        settings.client_name.as_str().into(),
        key.hint.0.as_str().into(),
        key.environment.as_str().into(),
        settings.preset.as_str().into(),
        settings.scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ").into(),
        key.status.as_str().into(),
        spaced(&settings.allowed_ips),
        spaced(&settings.allowed_origins),
        at(settings.expires_at),
        at(key.last_used_at),
        key.created_at.to_string().into(),
        key.updated_at.to_string().into(),
        settings.owner_email.as_ref().map_or("", |email| email.as_str()).into(),
        settings.notes.as_ref().map_or("", |notes| notes.as_str()).into(),
        metadata,
        key.kind.as_str().into(),
        key.id.to_string().into(),
        key.imported.to_string().into(),
    ];
    let more = settings.texts_besides(&COLUMNS).into_iter().map(|(_, text)| text.into());
    columns.into_iter().chain(more).collect()
}

/// Which of the columns are shown, in which order.
fn places(names: &[Cow<'_, str>], to_owners: bool, noted: bool) -> Vec<usize> {
    let wanted: Vec<&str> =
        if to_owners { TO_OWNERS.to_vec() } else { names.iter().map(|name| name.as_ref()).collect() };
    let shown = wanted.into_iter().filter(|name| noted || !NOTED.contains(name));
    shown.filter_map(|name| names.iter().position(|other| other == name)).collect()
}

/// Those cells of a row that are shown.
fn row(text: &mut String, cells: &[Cow<'_, str>], places: &[usize]) {
    let cells: Vec<_> =
        places.iter().filter_map(|place| cells.get(*place)).map(|cell| Cow::Borrowed(&**cell)).collect();
    line(text, &cells);
}

fn spaced<T: ToString>(set: impl IntoIterator<Item = T>) -> Cow<'static, str> {
    set.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" ").into()
}

pub(crate) fn line(text: &mut String, cells: &[Cow<'_, str>]) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push(text, cell);
    }
    text.push_str("\r\n");
}

/// A cell that begins like a formula gets an apostrophe in front, which spreadsheets take for "this is text".
fn push(text: &mut String, cell: &str) {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    // Also the semicolon and the tab: where these separate columns, the text after one would be a cell of its own.
    let quoted = formula || cell.contains(['"', ',', ';', '\t', '\r', '\n']);
    if !quoted {
        text.push_str(cell);
        return;
    }
    text.push('"');
    if formula {
        text.push('\'');
    }
    text.push_str(&cell.replace('"', "\"\""));
    text.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        for (cell, written) in [
            ("", ""),
            ("Acme CRM", "Acme CRM"),
            ("a,b", "\"a,b\""),
            ("a;=1+1", "\"a;=1+1\""),
            ("a\t=1+1", "\"a\t=1+1\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("one\ntwo", "\"one\ntwo\""),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("=\"x\"", "\"'=\"\"x\"\"\""),
            ("＝1", "\"'＝1\""),
            ("a=1", "a=1"),
        ] {
            let mut text = String::new();
            push(&mut text, cell);
            assert_eq!(text, written, "{cell:?}");
        }
    }

    /// A reader of RFC 4180, character by character.
    fn read(text: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
                '"' => quoted = !quoted,
                ',' if !quoted => row.push(std::mem::take(&mut cell)),
                '\r' if !quoted && chars.peek() == Some(&'\n') => {
                    chars.next();
                    row.push(std::mem::take(&mut cell));
                    rows.push(std::mem::take(&mut row));
                }
                c => cell.push(c),
            }
        }
        rows
    }

    proptest! {
        #[test]
        fn cells_read_back_without_the_apostrophe(rows in prop::collection::vec(prop::collection::vec("[a=,\"'\r\n\t +@-]{0,8}", 3), 0..5)) {
            let mut text = String::new();
            for row in &rows {
                line(&mut text, &row.iter().map(|cell| Cow::Borrowed(cell.as_str())).collect::<Vec<_>>());
            }
            let plain: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| {
                if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{cell}") } else { cell.clone() }
            }).collect()).collect();
            prop_assert_eq!(read(&text), plain);
        }
    }
}
