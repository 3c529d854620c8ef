//! How the rows of the list come: the first page with the document, the others in the order of the list as far as the person
//! has gone. A page begins where the one before it ends, so none can be left out.

use std::collections::HashMap;

use leptos::prelude::*;
use model::KeyId;

use super::{
    api::{KeyList, key_activity, list_keys},
    filter::Filter,
    sparkline,
    state::{FIRST_PAGE, KeysState},
};
use crate::ApiError;

/// Keys on each further page.
const FURTHER_PAGE: u32 = 200;
/// Rows that are loaded anew at once when the list changes under a person. Those after them follow as at first.
const ANEW_MOST: usize = 2_000;

impl KeysState {
    /// Shows the beginning of a list in place of the earlier rows.
    pub(super) fn receive(self, answer: Result<KeyList, ApiError>) {
        match answer {
            Ok(list) => {
                self.listed.set_value(self.filter.get_untracked());
                self.fill(list);
                self.failure.set(None);
            }
            Err(error) => self.failure.set(Some(error)),
        }
    }

    /// Loads the list that the address asks for. Where it is the list that is shown, as far as the person has gone.
    pub(super) fn reload(self) {
        let asked = (self.filter.get_untracked(), self.reloads.get_untracked());
        let anew = self.listed.with_value(|listed| *listed == asked.0);
        let seen = self.start.get_untracked() + self.count.get_untracked();
        let rows = if anew { seen.min(self.rows.with_untracked(Vec::len)).min(ANEW_MOST) } else { 0 };
        self.searching.set(true);
        leptos::task::spawn_local(async move {
            let answer = self.first_rows(&asked.0, rows).await;
            // Meanwhile the person may have asked for something else, whose answer comes by itself.
            if self.wants() != Some(asked) {
                return;
            }
            self.searching.set(false);
            // The visible rows of another list come first; the window grows again once they are painted.
            if let screen @ 1.. = self.screen.get_value()
                && !anew
            {
                if self.start.get_untracked() > 0 {
                    window().scroll_to_with_x_and_y(0.0, 0.0);
                }
                self.start.set(0);
                self.count.set(screen);
            }
            self.receive(answer);
        });
    }

    /// The first rows of a list: at least as many as are wanted, if there are.
    async fn first_rows(self, filter: &Filter, rows: usize) -> Result<KeyList, ApiError> {
        let first = if rows > FIRST_PAGE as usize { FURTHER_PAGE } else { FIRST_PAGE };
        let page = async |cursor: Option<String>, limit| {
            let call = || list_keys(filter.clone(), cursor.clone(), limit);
            self.connection.ask(call).await
        };
        let mut list = page(None, first).await?;
        while list.rows.len() < rows
            && let Some(cursor) = list.next.take()
        {
            let more = page(Some(cursor), FURTHER_PAGE).await?;
            list.rows.extend(more.rows);
            list.next = more.next;
        }
        Ok(list)
    }

    /// The list that is asked for now; `None` when the page was left.
    fn wants(self) -> Option<(Filter, u32)> {
        Some((self.filter.try_get_untracked()?, self.reloads.try_get_untracked()?))
    }

    fn fill(self, list: KeyList) {
        self.total.set(list.total);
        self.at_least.set(list.at_least);
        self.may_change.set(list.may_change);
        self.may_use_default.set(list.may_use_default);
        self.not_recorded.set(list.not_recorded);
        self.next.set(list.next);
        self.revealed.set(HashMap::new());
        self.asked.update_value(|asked| asked.clear());
        self.rows.set(list.rows);
    }

    /// Asks for the list again.
    pub(super) fn refresh(self) {
        self.reloads.update(|reloads| *reloads += 1);
    }

    /// How many rows the list has, with those that are not loaded yet; at least as many, where the total is a lower bound.
    pub(super) fn length(self) -> usize {
        let loaded = self.rows.with(Vec::len);
        match self.next.with(Option::is_some) {
            true => usize::try_from(self.total.get()).unwrap_or(usize::MAX).max(loaded + 1),
            false => loaded,
        }
    }

    /// Loads on until this many rows are there. What was wanted before is wanted no more.
    pub(super) fn load_to(self, rows: usize) {
        self.wanted.set_value(rows);
        if self.loading.get_untracked() || !self.lacks() {
            return;
        }
        self.loading.set(true);
        leptos::task::spawn_local(async move {
            while self.lacks() && self.load_page().await {}
            // The page may have been left.
            _ = self.loading.try_set(false);
        });
    }

    /// Whether rows are wanted that are not there, but could be.
    fn lacks(self) -> bool {
        // Another list is on its way.
        if self.searching.try_get_untracked() != Some(false) {
            return false;
        }
        let there = self.rows.try_with_untracked(Vec::len);
        let more = self.next.try_with_untracked(Option::is_some).unwrap_or_default();
        more && there.zip(self.wanted.try_get_value()).is_some_and(|(there, wanted)| there < wanted)
    }

    /// Loads the next page. False: it could not be had.
    async fn load_page(self) -> bool {
        let (Some(asked), Some(Some(cursor))) = (self.wants(), self.next.try_get_untracked()) else { return false };
        let (filter, from) = (asked.0.clone(), cursor.clone());
        let answer = self.connection.ask(move || list_keys(filter.clone(), Some(from.clone()), FURTHER_PAGE)).await;
        // Meanwhile the person may have asked for something else, and the rows may have begun anew.
        if self.wants() != Some(asked) || self.next.try_get_untracked() != Some(Some(cursor)) {
            return true;
        }
        match answer {
            Ok(list) => {
                self.next.set(list.next);
                self.total.set(list.total);
                self.at_least.set(list.at_least);
                self.rows.update(|rows| rows.extend(list.rows));
                true
            }
            Err(error) => {
                self.cursor.stay_among(self, self.rows.with_untracked(Vec::len));
                self.announce(error.to_string());
                false
            }
        }
    }

    /// Loads the numbers that the sparklines of the rows in the document are drawn from.
    pub(super) fn load_activity(self) {
        let (Some(start), Some(count)) = (self.start.try_get_untracked(), self.count.try_get_untracked()) else {
            return;
        };
        let ids: Vec<KeyId> = self.asked.with_value(|asked| {
            self.rows.with_untracked(|rows| {
                let shown = rows.iter().skip(start).take(count);
                shown.map(|row| row.id).filter(|id| !asked.contains(id)).collect()
            })
        });
        if ids.is_empty() {
            return;
        }
        self.asked.update_value(|asked| asked.extend(&ids));
        leptos::task::spawn_local(async move {
            // A line is an ornament beside `Last used`: without it nothing is missing, so it is not asked for again.
            let answer = key_activity(ids).await;
            if let Ok(activity) = answer
                && !activity.is_empty()
            {
                self.activity.update(|lines| {
                    lines.extend(activity.into_iter().map(|of| (of.id, sparkline::path(&of.days))));
                });
            }
        });
    }
}
