use leptos::prelude::*;
use model::Preset;

use super::{
    layout::{Place, layout},
    library::Library,
    reference::{Api, Reference},
    state::{Lack, Reader},
    test_key_panel::TestKeyPanel,
};
use crate::{frame::module, web::Assets};

/// A console that calls the contact centre for test keys from the page, and a view of what happens in it. Without one `gateway` is none,
/// and the page says why.
pub(super) fn try_it(
    library: &Library,
    reference: &Reference,
    (reader, lack): (Reader, Option<Lack>),
    gateway: Option<String>,
    chosen: &str,
) -> AnyView {
    let here = "/docs/try-it".to_owned();
    let presets = Preset::ALL.into_iter().filter(|preset| *preset != Preset::Custom);
    let access: Vec<AnyView> =
        presets.map(|preset| view! { <option value=preset.as_str()>{preset.title()}</option> }.into_any()).collect();
    let chooser = (reader == Reader::Maker && lack.is_none()).then(|| {
        view! {
            <div class="field docs-access">
                <label for="try-access">"Access of the key"</label>
                <select class="choice" id="try-access">
                    <option value="all">"Everything"</option>
                    {access}
                </select>
            </div>
        }
    });
    let panel = TestKeyPanel {
        reader,
        lack,
        access: "all",
        words: "the access that you choose",
        chooser: Some("try-access"),
        here: here.clone(),
    };
    let script = expect_context::<Assets>().try_it;
    let console = gateway.map(|gateway| {
        view! {
            <div class="try scripted" id="try" data-gateway=gateway>
                {call(reference, chosen)}
                {answer()}
                {live()}
            </div>
            {module(&script, use_nonce())}
        }
    });
    let content = view! {
        <h1>"Try it"</h1>
        <p class="docs-lead">
            "Calls go from this page through the gateway to the contact centre for test keys, exactly as a program would make them. Live data are out of reach."
        </p>
        <p class="unscripted faint">"The console needs scripts. Every page of the documentation has the same calls for a shell."</p>
        {chooser}
        {panel.view()}
        {console}
    };
    layout(library, &Place { here, question: String::new() }, content.into_any(), None)
}

fn call(reference: &Reference, chosen: &str) -> AnyView {
    let groups: Vec<AnyView> = reference
        .groups(Api::ContactCentre)
        .into_iter()
        .map(|(name, operations)| {
            let options: Vec<AnyView> = operations
                .into_iter()
                .filter(|operation| !operation.path.starts_with("/v1/stream/"))
                .map(|operation| {
                    let words = format!("{} {}: {}", operation.method, operation.path, operation.summary);
                    let selected = operation.id == chosen || (chosen.is_empty() && operation.id == "get_queues");
                    view! {
                        <option value=operation.id.clone() selected=selected>
                            {words}
                        </option>
                    }
                    .into_any()
                })
                .collect();
            view! { <optgroup label=name.to_owned()>{options}</optgroup> }.into_any()
        })
        .collect();
    view! {
        <section class="panel" aria-labelledby="try-call">
            <h2 id="try-call">"Call"</h2>
            <form class="form" id="try-form" autocomplete="off">
                <div class="field">
                    <label for="try-key">"Test key"</label>
                    <input
                        class="input mono"
                        id="try-key"
                        type="text"
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        aria-describedby="try-key-note"
                    />
                    <p class="field-note" id="try-key-note">"One that you have, or the one made above. It stays on this page."</p>
                </div>
                <div class="field">
                    <label for="try-operation">"Operation"</label>
                    <select class="choice" id="try-operation">
                        {groups}
                    </select>
                    <p class="field-note" id="try-about"></p>
                </div>
                <div class="try-fields" id="try-fields"></div>
                <div class="try-buttons">
                    <button type="submit" class="button primary">
                        "Send"
                    </button>
                    <a id="try-reference" href="/docs/reference" rel="external">"What it takes and answers"</a>
                </div>
            </form>
        </section>
    }
    .into_any()
}

fn answer() -> AnyView {
    view! {
        <section class="panel" aria-labelledby="try-answered" id="try-answer" hidden>
            <h2 id="try-answered">"Answer"</h2>
            <p class="try-status" id="try-status" role="status"></p>
            <p class="notice warning" id="try-lacks" hidden></p>
            <h3>"Request"</h3>
            <pre tabindex="0" role="group" aria-label="Request" translate="no"><code id="try-request"></code></pre>
            <h3>"Headers"</h3>
            <pre tabindex="0" role="group" aria-label="Headers of the answer" translate="no"><code id="try-headers"></code></pre>
            <h3>"Body"</h3>
            <pre tabindex="0" role="group" aria-label="Body of the answer" translate="no"><code id="try-body"></code></pre>
        </section>
    }
    .into_any()
}

fn live() -> AnyView {
    view! {
        <section class="panel" aria-labelledby="try-live-title">
            <h2 id="try-live-title">"The contact centre now"</h2>
            <p class="faint">
                "Three streams of the key: queues, agents and calls. What your calls do appears here as it happens."
            </p>
            <div class="try-buttons">
                <button type="button" class="button" id="try-follow">
                    "Follow"
                </button>
                <span id="try-following" role="status"></span>
            </div>
            <ul class="try-refused" id="try-refused"></ul>
            <div id="try-queues" hidden>
                <h3 id="try-queues-title">"Queues"</h3>
                <div class="table-scroll" tabindex="0" role="group" aria-labelledby="try-queues-title">
                    <table class="table" aria-labelledby="try-queues-title">
                        <thead>
                            <tr>
                                <th scope="col">"Queue"</th>
                                <th scope="col">"Open"</th>
                                <th scope="col">"Waiting"</th>
                                <th scope="col">"Longest"</th>
                                <th scope="col">"Expected wait"</th>
                                <th scope="col">"Idle agents"</th>
                            </tr>
                        </thead>
                        <tbody></tbody>
                    </table>
                </div>
            </div>
            <div id="try-agents" hidden>
                <h3>"Agents"</h3>
                <ul class="try-states" aria-label="Agents by state"></ul>
            </div>
            <div id="try-events" hidden>
                <h3>"Events"</h3>
                <ol class="try-log" reversed aria-label="Events" tabindex="0"></ol>
            </div>
        </section>
    }
    .into_any()
}
