use std::sync::Arc;

use model::{Instant, TimeZone};
use serde::{Deserialize, Serialize};

use super::PhoneNumber;
use crate::{id::QueueId, millis};

/// What figures and routing of a queue depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueSettings {
    /// Within which a call should be answered, in milliseconds.
    pub service_level_target_ms: i64,
    /// A caller who hangs up sooner does not count as lost.
    pub short_abandon_ms: i64,
    /// After which wrapping ends by itself.
    pub wrap_limit_ms: i64,
    /// After which a waiting caller is sent elsewhere.
    pub overflow_after_ms: i64,
    /// For how long it rings at an agent.
    pub ring_limit_ms: i64,
    /// How long handling takes where there is no history.
    pub expected_handle_ms: i64,
    /// The higher is served first by agents of several queues, 1 to 10.
    pub priority: u8,
}

/// Settings, and since when they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsSince {
    /// Since when.
    #[serde(with = "millis")]
    pub since: Instant,
    /// What holds.
    pub settings: QueueSettings,
}

/// When a queue takes calls, by the days and clocks of its time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningHours {
    /// The first hour from Monday to Friday, and the hour at which it closes.
    pub weekdays: (u8, u8),
    /// The same for Saturday; none if it stays closed.
    pub saturday: Option<(u8, u8)>,
    /// The same for Sunday.
    pub sunday: Option<(u8, u8)>,
}

impl OpeningHours {
    /// From when to when it is open on a day of the week, counted from Monday.
    pub fn on(&self, weekday: usize) -> Option<(u8, u8)> {
        match weekday {
            0..=4 => Some(self.weekdays),
            5 => self.saturday,
            _ => self.sunday,
        }
    }
}

/// A line in which callers wait for an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Its id.
    pub id: QueueId,
    /// Its name.
    pub name: Box<str>,
    /// The number that its callers dial.
    pub number: Arc<PhoneNumber>,
    /// Whose days are its days.
    pub timezone: TimeZone,
    /// When it takes calls.
    pub hours: OpeningHours,
    /// Whether it takes calls now.
    pub open: bool,
    /// Settings in the order of time; at most [`Queue::SETTINGS_MAX`], and never none.
    pub settings: Vec<SettingsSince>,
    /// Events about it so far.
    pub subject_seq: u32,
    /// `seq` of the last.
    pub seq: u64,
    /// When it was made.
    #[serde(with = "millis")]
    pub created_at: Instant,
    /// When it last changed.
    #[serde(with = "millis")]
    pub updated_at: Instant,
}

impl Queue {
    /// Changes of settings that are remembered.
    pub const SETTINGS_MAX: usize = 1000;

    /// The settings that hold now.
    pub fn current(&self) -> QueueSettings {
        self.settings.last().map_or(QueueSettings::DEFAULT, |last| last.settings)
    }

    /// The settings that held at an instant. Before the first, the first.
    pub fn settings_at(&self, at: Instant) -> QueueSettings {
        let until = self.settings.partition_point(|one| one.since <= at);
        self.settings.get(until.saturating_sub(1)).map_or(QueueSettings::DEFAULT, |one| one.settings)
    }
}

impl QueueSettings {
    /// What is usual: 80 of 100 calls within 20 s.
    pub const DEFAULT: Self = Self {
        service_level_target_ms: 20_000,
        short_abandon_ms: 5_000,
        wrap_limit_ms: 180_000,
        overflow_after_ms: 600_000,
        ring_limit_ms: 20_000,
        expected_handle_ms: 300_000,
        priority: 5,
    };
}
