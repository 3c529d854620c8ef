//! What is wrong with a form that sets a password, beside the field that it is about.

use leptos::{html::Input, prelude::*};
use model::{AdminError, PASSWORD_MAX, PASSWORD_MIN};

use crate::{ApiError, ui::Field};

/// What is wrong with each field, empty where nothing is, and what is wrong with none of them.
#[derive(Default)]
pub(super) struct Problems {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) password: String,
    pub(super) other: Option<ApiError>,
}

impl Problems {
    pub(super) fn of(problem: Option<ApiError>) -> Self {
        let mut problems = Self::default();
        let Some(problem) = problem else { return problems };
        let field = match &problem {
            ApiError::Admin(AdminError::InvalidName) => &mut problems.name,
            ApiError::Admin(AdminError::InvalidEmail | AdminError::EmailTaken) => &mut problems.email,
            ApiError::Admin(AdminError::WeakPassword | AdminError::GuessablePassword { .. }) => &mut problems.password,
            _ => {
                problems.other = Some(problem);
                return problems;
            }
        };
        *field = problem.to_string();
        problems
    }
}

/// The field of a person's name.
pub(super) fn name_field(value: String, problem: String) -> AnyView {
    let (focused, unread) = (!problem.is_empty(), NodeRef::<Input>::new());
    let error = Signal::stored(problem);
    view! { <Field label="Name" name="name" autocomplete="name" most=100 value focused error input=unread/> }.into_any()
}

/// The field of the email address with which they sign in.
pub(super) fn email_field(value: String, problem: String) -> AnyView {
    let (focused, unread) = (!problem.is_empty(), NodeRef::<Input>::new());
    let error = Signal::stored(problem);
    view! { <Field label="Email" name="email" kind="email" autocomplete="username" value focused error input=unread/> }
        .into_any()
}

/// The field of a new password, which is typed anew each time.
pub(super) fn password_field(problem: String) -> AnyView {
    let (focused, unread) = (!problem.is_empty(), NodeRef::<Input>::new());
    let error = Signal::stored(problem);
    view! {
        <Field
            label="Password"
            name="password"
            kind="password"
            autocomplete="new-password"
            hint="At least 12 characters"
            least=PASSWORD_MIN
            most=PASSWORD_MAX
            focused
            error
            input=unread
        />
    }
    .into_any()
}
