use leptos::prelude::*;

use crate::FieldProblem;

/// What is wrong with one field.
#[derive(Clone, Copy)]
pub(super) struct Problems<'a> {
    pub(super) field: &'static str,
    pub(super) problems: &'a [FieldProblem],
}

impl Problems<'_> {
    pub(super) fn id(self) -> String {
        format!("{}-problem", self.field)
    }

    pub(super) fn invalid(self) -> Option<&'static str> {
        self.problems.iter().any(|problem| problem.field == self.field).then_some("true")
    }

    /// The place of the message, into which scripts put the server's answer.
    pub(super) fn note(self) -> AnyView {
        let messages: Vec<_> =
            self.problems.iter().filter(|problem| problem.field == self.field).map(|p| p.message.clone()).collect();
        view! { <p class="field-note wrong" id=self.id() data-problem=self.field>{messages.join("\n")}</p> }.into_any()
    }
}
