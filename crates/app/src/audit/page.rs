use leptos::prelude::*;

use super::{
    filter::{Filter, PATH},
    filter_form::filter_form,
    integrity::integrity,
    log::AuditLog,
    offline::offline,
    table::table,
};
use crate::ui::{Glyph, Icon, Notice, Tone};

pub(super) fn audit_page(log: &AuditLog) -> AnyView {
    view! {
        <div class="audit-page" data-address=log.filter.address()>
            <header class="audit-head">
                <h1>"Audit Log"</h1>
                {log.may_export
                    .then(|| {
                        view! {
                            <a class="button" href="#export">
                                <Icon glyph=Glyph::Down/>
                                "Export"
                            </a>
                        }
                    })}
            </header>
            {integrity(log)}
            {filter_form(log)}
            {entries(log)}
            {log.may_export.then(|| offline(log))}
        </div>
    }
    .into_any()
}

fn entries(log: &AuditLog) -> AnyView {
    if let Some((_, problem)) = log.problem.clone() {
        return view! { <div role="alert"><Notice tone=Tone::Bad>{problem}</Notice></div> }.into_any();
    }
    if log.page.items.is_empty() {
        return view! {
            <div class="empty">
                <Icon glyph=Glyph::Log/>
                <h2>"No entries match"</h2>
                <p>"Nothing that was asked for is in the log."</p>
                <p><a href=PATH rel="external">"Show all entries"</a></p>
            </div>
        }
        .into_any();
    }
    let newest = Filter { cursor: String::new(), ..log.filter.clone() }.address();
    let older = log.page.next_cursor.clone().map(|cursor| Filter { cursor, ..log.filter.clone() }.address());
    view! {
        {table(log)}
        <nav class="pager" aria-label="Pages">
            {(!log.filter.cursor.is_empty()).then(|| view! { <a class="button" href=newest rel="external">"Newest"</a> })}
            {older.map(|href| view! { <a class="button" href=href rel="external">"Older"</a> })}
        </nav>
    }
    .into_any()
}
