use serde::Serialize;

use super::{average::ratio, queue_figures::QueueFigures};

/// The five formulas of a service level that contact centres use, by name. Each is a part of 1, and null where nothing counts.
///
/// A answered, B abandoned, S of B at once, F flowed out; `X_T` those of X who waited no longer than the target.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ServiceLevel {
    /// The one that is shown where there is room for one. `A_T / (A + B − S)`.
    pub answered_and_abandoned: Option<f64>,
    /// Whoever was not answered counts against it. `A_T / (A + B + F)`.
    pub all_resolved: Option<f64>,
    /// Whoever abandoned within the target does not count. `A_T / (A + B + F − B_T)`.
    pub ignore_abandoned_within: Option<f64>,
    /// Whoever abandoned within the target counts for it. `(A_T + B_T) / (A + B + F)`.
    pub abandoned_within_met: Option<f64>,
    /// Of those who were answered. `A_T / A`.
    pub answered_only: Option<f64>,
}

impl ServiceLevel {
    /// Of these figures.
    pub fn of(figures: &QueueFigures) -> Self {
        let QueueFigures { answered: a, abandoned: b, short_abandoned: s, flowed_out: f, .. } = *figures;
        let (a_t, b_t) = (figures.answered_in_target, figures.abandoned_in_target);
        Self {
            answered_and_abandoned: ratio(a_t, a + b - s),
            all_resolved: ratio(a_t, a + b + f),
            ignore_abandoned_within: ratio(a_t, a + b + f - b_t),
            abandoned_within_met: ratio(a_t + b_t, a + b + f),
            answered_only: ratio(a_t, a),
        }
    }
}
