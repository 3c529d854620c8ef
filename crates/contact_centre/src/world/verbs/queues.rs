use super::Refusal;
use crate::{
    event::{Actor, Body, Subject},
    id::QueueId,
    objects::QueueSettings,
    world::World,
};

const HOUR_MS: i64 = 3_600_000;

impl World {
    /// Changes what a queue's figures and routing depend on, from now on. What is over keeps the settings that held then.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], and [`Refusal::Invalid`] of a time that is not between 0 and an hour (overflow: a day) or a priority that is
    /// not between 1 and 10.
    pub fn set_queue(&mut self, actor: &Actor, id: QueueId, settings: QueueSettings) -> Result<(), Refusal> {
        let queue = self.state().queue(id).ok_or(Refusal::NotFound("queue"))?;
        let times = [
            ("service_level_target_ms", settings.service_level_target_ms, HOUR_MS),
            ("short_abandon_ms", settings.short_abandon_ms, HOUR_MS),
            ("wrap_limit_ms", settings.wrap_limit_ms, HOUR_MS),
            ("ring_limit_ms", settings.ring_limit_ms, HOUR_MS),
            ("expected_handle_ms", settings.expected_handle_ms, HOUR_MS),
            ("overflow_after_ms", settings.overflow_after_ms, 24 * HOUR_MS),
        ];
        for (field, ms, most) in times {
            if !(0..=most).contains(&ms) {
                return Err(Refusal::Invalid { field, problem: "is out of range" });
            }
        }
        if !(1..=10).contains(&settings.priority) {
            return Err(Refusal::Invalid { field: "priority", problem: "must be between 1 and 10" });
        }
        if queue.current() == settings {
            return Ok(());
        }
        self.act(actor, |world| world.emit(Some(actor), Subject::Queue(id), Body::QueueUpdated(Box::new(settings))))
    }
}
