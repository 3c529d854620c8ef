//! Figures of queues and agents: what happened in which interval, and how long a caller is going to wait.
//!
//! Invariants:
//! - figures are folds over legs and stays as they are at one `seq`, and keep nothing of their own: what is asked again at the same
//!   `seq` is the same;
//! - on every row O + waiting at its start = A + B + F + waiting at its end, by the basis `event`; and O = A + B + F + open, by
//!   `offered`;
//! - figures of longer intervals are the sums of those of shorter ones; and once nothing is open, both bases have the same sums;
//! - an average travels with its count and its sum, and is null where there is nothing to divide by;
//! - changing a setting of a queue changes no visit that began before.

mod accuracy;
mod agent_rows;
mod agent_time;
mod average;
mod expected_wait;
mod finality;
mod history;
mod intervals;
mod leg;
mod live;
mod past;
mod queue_figures;
mod queue_rows;
mod service_level;
mod summary;
mod terms;

pub use accuracy::{Accuracy, AccuracyReport};
pub use agent_rows::{AgentRow, agent_rows};
pub use agent_time::{AgentTime, agent_times};
pub use average::Average;
pub use expected_wait::{ExpectedWait, NoWait, POSITION_MAX, WaitBasis, expected_wait};
pub use finality::{Finality, revised_by};
pub use history::History;
pub use intervals::{intervals, span};
pub use leg::{Fate, Handled, Leg, Visit};
pub use live::Live;
pub use past::Past;
pub use queue_figures::{QueueFigures, THRESHOLDS_MS};
pub use queue_rows::{QueueRow, queue_rows};
pub use service_level::ServiceLevel;
pub use summary::{Summary, summary};
pub use terms::{Basis, ShortAbandons, Terms};
