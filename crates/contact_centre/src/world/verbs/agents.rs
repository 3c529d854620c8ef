use super::Refusal;
use crate::{
    event::Actor,
    id::AgentId,
    objects::{AgentStatus, Reason, RoutingState},
    staff,
    world::World,
};

impl World {
    /// Has an agent want something: at once if they are idle, else when the call is over. The last wish wins.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], and [`Refusal::Invalid`] of a reason that only the system gives.
    pub fn set_agent_state(&mut self, actor: &Actor, id: AgentId, wish: RoutingState) -> Result<AgentStatus, Refusal> {
        let agent = self.state().agent(id).ok_or(Refusal::NotFound("agent"))?;
        if let Some(Reason::AutoNoAnswer | Reason::System) = wish.reason() {
            return Err(Refusal::Invalid { field: "reason", problem: "is given by the system alone" });
        }
        let now = staff::wished(agent.status, wish);
        self.act(actor, |world| {
            world.change_agent(id, now, Some(actor));
            Ok(now)
        })
    }
}
