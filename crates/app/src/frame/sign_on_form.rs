use leptos::prelude::*;

/// Leads to somebody's organisation, where they say who they are. Always a plain form.
#[component]
pub(crate) fn SignOnForm(
    /// What stands on its button.
    label: String,
    /// The page to which it leads.
    next: String,
    /// Whether it is the one way to sign in.
    primary: bool,
    /// Whether it opens another tab, since this page keeps something.
    #[prop(optional)]
    apart: bool,
    /// Whether they say it again who are signed in, here or there.
    #[prop(optional)]
    again: bool,
) -> impl IntoView {
    view! {
        <form class="form" method="post" action="/login/oidc" target=apart.then_some("_blank")>
            <input type="hidden" name="next" value=next/>
            {again.then(|| view! { <input type="hidden" name="again" value="yes"/> })}
            <button type="submit" class=if primary { "button primary" } else { "button" }>
                {label}
            </button>
        </form>
    }
}
