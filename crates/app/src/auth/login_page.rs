use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;

use super::refused::{query, refused};
use crate::{
    frame::{SignInForm, who},
    ui::Card,
    web::own_path,
};

/// `/login`: signs a person in, and leads on to where they wanted to go.
#[component]
pub(crate) fn LoginPage() -> impl IntoView {
    let next = own_path(&query("next").unwrap_or_default()).to_owned();
    let go_on = {
        let next = next.clone();
        Callback::new(move |()| leave_for(&next))
    };
    // Browsers don't send the session's cookie when a link on another site led here, but do when the page asks.
    Effect::new(move || {
        spawn_local(async move {
            if let Ok(Some(_)) = who().await {
                go_on.run(());
            }
        });
    });
    view! {
        <Title text="Sign in · Keydesk"/>
        <Card title="Sign in">
            <SignInForm next refused=refused() signed_in=go_on/>
        </Card>
    }
}

/// Loads a page from the server, so that all of it belongs to the new session.
fn leave_for(path: &str) {
    // Fails only for a malformed address.
    _ = location().assign(path);
}
