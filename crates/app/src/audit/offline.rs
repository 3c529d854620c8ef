use leptos::prelude::*;

use super::{filter::Filter, log::AuditLog};

/// The log as a file, and how to check that without Keydesk.
pub(super) fn offline(log: &AuditLog) -> AnyView {
    let shown = Filter { cursor: String::new(), ..log.filter.clone() };
    let narrowed = shown.is_any();
    let head = log.head.clone();
    let command = match &head {
        Some(head) => format!("python3 verify_audit.py audit-log.ndjson audit.keys {head}"),
        None => "python3 verify_audit.py audit-log.ndjson audit.keys".to_owned(),
    };
    view! {
        <section class="panel" aria-labelledby="export">
            <h2 id="export" tabindex="-1">"Export"</h2>
            <p class="faint">
                {if narrowed {
                    "The files have all entries that match the filters above, oldest first. "
                } else {
                    "The files have all entries, oldest first. "
                }}
                "That you exported them is written into the log."
            </p>
            <p class="audit-files">
                <a class="button" href=shown.at("/audit.csv") rel="external">"CSV, for spreadsheets"</a>
                <a class="button" href=shown.at("/audit.ndjson") rel="external">"NDJSON, for programs"</a>
            </p>
            <details>
                <summary>"Export and verify offline"</summary>
                <ol class="audit-steps">
                    <li>
                        <a href="/audit.ndjson" rel="external">"Export the whole log as NDJSON"</a>
                        ". A log with gaps, as a filter leaves them, can't be verified."
                    </li>
                    <li>
                        "Take the audit keys from the keyring, which the operator has: " <code translate="no">"grep ^audit master.key > audit.keys"</code>
                        ". Whoever has them can forge entries: they are for your auditor, and for nobody else."
                    </li>
                    <li>
                        "Get " <a href="/verify_audit.py" rel="external">"the script"</a>
                        ", 40 lines that need Python 3 and nothing else. Read it, and run it:"
                        <div class="audit-command">
                            <code id="audit-command" translate="no">{command}</code>
                            <button
                                type="button"
                                class="button small scripted"
                                data-copy="audit-command"
                                aria-describedby="audit-copied"
                            >
                                "Copy"
                            </button>
                            <span role="status" id="audit-copied"></span>
                        </div>
                    </li>
                </ol>
                {head
                    .is_some()
                    .then(|| {
                        view! {
                            <p class="faint">
                                "The last word is the signed end of the log as of now. Keep it elsewhere: with it the script also finds \
                                 entries that are cut off later."
                            </p>
                        }
                    })}
            </details>
        </section>
    }
    .into_any()
}
