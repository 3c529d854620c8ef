use std::sync::Arc;

use leptos::{
    ev::{Event, FocusEvent},
    html,
    prelude::*,
};
use web_sys::{Element, HtmlDialogElement, HtmlElement, KeyboardEvent, wasm_bindgen::JsCast};

use super::{bring, caret::Caret, draft, live};

/// What is asked before something is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// The question.
    pub(crate) asks: &'static str,
    /// The answer that keeps everything.
    pub(crate) keep: &'static str,
    /// The answer that closes the dialog.
    pub(crate) leave: &'static str,
}

/// Of a form that was filled in.
const DRAFT: Question = Question { asks: "Throw away what you typed?", keep: "Keep editing", leave: "Throw away" };

type Closed = Arc<dyn Fn() + Send + Sync>;

/// With this the content of a [`Dialog`] closes it.
#[derive(Clone, Copy)]
pub(crate) struct DialogHandle {
    node: NodeRef<html::Dialog>,
    /// Somebody typed or chose something.
    touched: StoredValue<bool>,
    /// What its owner asks.
    would_lose: Option<Callback<(), Option<Question>>>,
    asked: RwSignal<Option<Question>>,
    /// Taken when the dialog is closed.
    closed: StoredValue<Option<Closed>>,
    /// Finds what had the focus before, or what stands there now.
    opener: StoredValue<Option<String>>,
}

impl DialogHandle {
    /// Closes the dialog at once; the focus goes back where it was.
    pub(crate) fn close(self) {
        // Before the browser tells that it is closed, which it does later: the next key belongs to the page already.
        let Some(closed) = self.closed.try_update_value(Option::take).flatten() else { return };
        if let Some(dialog) = self.node.get_untracked() {
            dialog.close();
        }
        let opener = self.opener.get_value();
        // Closing may have taken away what had the focus.
        // In a microtask, since a frame that is asked for here would go with the dialog.
        queue_microtask(move || _ = request_animation_frame(move || focus_again(opener)));
        closed();
    }

    /// Closes the dialog, unless something would be lost: then it asks first. This is what Escape does.
    pub(crate) fn leave(self) {
        match self.question() {
            Some(question) => self.asked.set(Some(question)),
            None => self.close(),
        }
    }

    fn question(self) -> Option<Question> {
        let of_owner = self.would_lose.and_then(|would_lose| would_lose.run(()));
        of_owner.or_else(|| {
            let filled =
                self.touched.get_value() && self.node.get_untracked().is_some_and(|dialog| draft::differs(&dialog));
            filled.then_some(DRAFT)
        })
    }

    /// Escape is answered here and not by the browser, which would close the dialog in the end, whatever is said.
    fn pressed(self, press: &KeyboardEvent) {
        if press.key() == "Escape" && !composing(press) && !press.default_prevented() {
            press.prevent_default();
            self.leave();
        }
    }

    /// The browser has closed the dialog, whatever was asked: for example at a second gesture that means Escape. It also tells, late, of a
    /// dialog that was closed here; its element may be another dialog's by then.
    fn left(self) {
        let Some(dialog) = self.node.try_get_untracked().flatten() else { return };
        if dialog.open() || self.closed.try_with_value(Option::is_some) != Some(true) {
            return;
        }
        self.leave();
        if self.closed.try_with_value(Option::is_some) == Some(true) {
            // Fails only for a dialog that is open or has left the document.
            _ = dialog.show_modal();
        }
    }

    fn opens(self, dialog: &HtmlDialogElement) {
        let active = document().active_element();
        let inside = active.filter(|active| dialog.contains(Some(active)));
        // Typed while the page was asleep.
        self.touched.set_value(draft::differs(dialog));
        if inside.is_none() {
            self.opener.set_value(document().active_element().and_then(|opener| selector(&opener)));
        }
        // The server renders it open but not modal.
        dialog.set_open(false);
        // Fails only for a dialog that is open or has left the document.
        _ = dialog.show_modal();
        let first = inside.or_else(|| dialog.query_selector("[data-first]").ok().flatten());
        focus(first);
    }
}

/// A modal dialog. It opens as it is rendered; the component that renders it removes it in `closed`.
///
/// Its forms are drafts: Escape asks before it throws away what was typed, while a button that closes the dialog means it.
/// Without scripts it is open in the page, and its forms say where they lead.
#[component]
pub(crate) fn Dialog(
    /// Its id in the document.
    id: &'static str,
    /// Its heading, which is its name.
    title: &'static str,
    /// Whether it is an `alertdialog`.
    #[prop(optional)]
    alert: bool,
    /// Asked when somebody is about to leave: what would be lost besides a draft, if anything.
    #[prop(optional)]
    would_lose: Option<Callback<(), Option<Question>>>,
    /// The dialog is closed: by Escape, by a button, or by scripts.
    closed: impl Fn() + Send + Sync + 'static,
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let handle = DialogHandle {
        node,
        touched: StoredValue::new(false),
        would_lose,
        asked: RwSignal::new(None),
        closed: StoredValue::new(Some(Arc::new(closed))),
        opener: StoredValue::new(None),
    };
    provide_context(handle);
    Effect::new(move || {
        if let Some(dialog) = node.get() {
            handle.opens(&dialog);
        }
    });
    view! {
        <dialog
            id=id
            class="dialog"
            open=cfg!(feature = "ssr")
            role=if alert { "alertdialog" } else { "dialog" }
            aria-labelledby=format!("{id}-title")
            node_ref=node
            on:keydown=move |press| handle.pressed(&press)
            on:input=move |_| handle.touched.set_value(true)
            on:focusin=move |event: FocusEvent| bring_target(&event)
            on:cancel=move |event: Event| {
                event.prevent_default();
                handle.leave();
            }
            on:close=move |_: Event| handle.left()
        >
            <h2 id=format!("{id}-title")>{title}</h2>
            {children()}
            {live(move || handle.asked.get().map(|question| view! { <Leaving handle question/> }))}
        </dialog>
    }
}

/// The question before something is lost, over the dialog.
#[component]
fn Leaving(handle: DialogHandle, question: Question) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let Question { asks, keep, leave } = question;
    let caret = StoredValue::new_local(None::<Caret>);
    let stay = move || {
        if let Some(dialog) = node.get_untracked() {
            dialog.close();
        }
        if let Some(caret) = caret.get_value() {
            caret.restore();
        }
        handle.asked.set(None);
    };
    Effect::new(move || {
        if let Some(dialog) = node.get() {
            caret.set_value(Caret::now());
            _ = dialog.show_modal();
            focus(dialog.query_selector("[data-keep]").ok().flatten());
        }
    });
    view! {
        <dialog
            class="dialog leaving"
            role="alertdialog"
            aria-labelledby="leaving-title"
            node_ref=node
            on:keydown=move |press: KeyboardEvent| {
                press.stop_propagation();
                if press.key() == "Escape" && !composing(&press) {
                    press.prevent_default();
                    stay();
                }
            }
            on:cancel=move |event: Event| {
                event.prevent_default();
                stay();
            }
        >
            <h2 id="leaving-title">{asks}</h2>
            <div class="dialog-foot">
                <button
                    type="button"
                    class="button"
                    on:click=move |_| {
                        stay();
                        handle.close();
                    }
                >
                    {leave}
                </button>
                <button type="button" class="button primary" data-keep on:click=move |_| stay()>
                    {keep}
                </button>
            </div>
        </dialog>
    }
}

/// Whether a key belongs to an input method, which has text that is in no field yet.
pub(crate) fn composing(press: &KeyboardEvent) -> bool {
    // Some browsers end the composition before they tell of the key that ended it.
    const OF_INPUT_METHOD: u32 = 229;
    press.is_composing() || press.key_code() == OF_INPUT_METHOD
}

/// Whether a modal dialog is open.
pub(crate) fn any_dialog() -> bool {
    document().query_selector("dialog:modal").is_ok_and(|found| found.is_some())
}

/// Browsers see to it that the caret can be seen, and not that the whole field can.
fn bring_target(event: &Event) {
    if let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
        bring(&target);
    }
}

fn focus(element: Option<Element>) {
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Focus fails only for an element that has left the document.
        _ = element.focus();
    }
}

/// Where the browser could give the focus to nothing, since what had it is gone: to what stands in its place.
fn focus_again(opener: Option<String>) {
    let lost = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
    if lost && let Some(opener) = opener {
        focus(document().query_selector(&opener).ok().flatten());
    }
}

/// What finds a control again when it was drawn anew.
fn selector(control: &Element) -> Option<String> {
    if !control.id().is_empty() {
        return Some(format!("#{}", control.id()));
    }
    let by = ["aria-label", "name"].into_iter().find_map(|name| Some((name, control.get_attribute(name)?)));
    let (name, value) = by?;
    let quoted: String = value
        .chars()
        .flat_map(|letter| [Some('\\').filter(|_| "\"\\".contains(letter)), Some(letter)])
        .flatten()
        .collect();
    Some(format!("{}[{name}=\"{quoted}\"]", control.local_name()))
}
