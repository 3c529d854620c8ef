//! Rate limits that all nodes decide together in Redis or Valkey: one script for each decision, many decisions on their way at once.

use std::{
    fmt,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use redis::{
    Client, IntoConnectionInfo as _, RedisError, Script, ScriptInvocation,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use store::LimitOwnerRow;
use tokio::sync::OnceCell;

use super::{Asked, lease::owner_row};

/// A decision that takes longer is given up, and the call is decided by this node's share.
const PATIENCE: Duration = Duration::from_millis(100);
/// For how long Redis is not asked after it did not answer, in nanoseconds.
const DOWN: u64 = 1_000_000_000;

/// Decides all limits of a call, by the clock of the server. A limit is a key that holds when all that was taken has come back, as
/// seconds and nanoseconds: so every number stays below 2^53, where Lua counts exactly.
const DECIDE: &str = r"
local time = redis.call('TIME')
local seconds, nanos = tonumber(time[1]), tonumber(time[2]) * 1000
local takes, cost = ARGV[1] == '1', tonumber(ARGV[2])
local taken_for = {}
for index, key in ipairs(KEYS) do
    local interval, tolerance, known = tonumber(ARGV[3 * index]), tonumber(ARGV[3 * index + 1]), tonumber(ARGV[3 * index + 2])
    local kept, left = redis.call('GET', key), known -- what a node knows counts only where nothing is kept
    if kept then
        local full_s, full_n = string.match(kept, '^(%d+) (%d+)$')
        if full_s then left = (tonumber(full_s) - seconds) * 1000000000 + tonumber(full_n) - nanos end
    end
    left = math.min(math.max(left, 0), tolerance)
    taken_for[index] = left
    if left + interval * cost > tolerance then takes = false end
end
if takes and cost > 0 then
    for index, key in ipairs(KEYS) do
        local left = taken_for[index] + tonumber(ARGV[3 * index]) * cost
        taken_for[index] = left
        local full = nanos + left
        local full_s = math.floor(full / 1000000000)
        redis.call('SET', key, string.format('%d %d', seconds + full_s, full - full_s * 1000000000),
            'PX', math.ceil(left / 1000000) + 1000)
    end
end
table.insert(taken_for, takes and 1 or 0)
return taken_for
";

/// Gives back what was taken with a call that was refused for another reason.
const GIVE_BACK: &str = r"
local cost = tonumber(ARGV[1])
for index, key in ipairs(KEYS) do
    local kept = redis.call('GET', key)
    local full_s, full_n = string.match(kept or '', '^(%d+) (%d+)$')
    if full_s then
        local back = tonumber(ARGV[index + 1]) * cost
        local back_s = math.floor(back / 1000000000)
        full_s, full_n = tonumber(full_s) - back_s, tonumber(full_n) - (back - back_s * 1000000000)
        if full_n < 0 then full_s, full_n = full_s - 1, full_n + 1000000000 end
        redis.call('SET', key, string.format('%d %d', full_s, full_n), 'KEEPTTL')
    end
end
";

/// Where rate limits are decided together: `redis://host:port`, with a password and a database where there are such. Its text is shown
/// to nobody.
#[derive(Clone)]
pub struct RedisAddress(Client);

/// The address is none of Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not the address of a Redis or Valkey server: write one such as redis://127.0.0.1:6379")]
pub struct InvalidRedisAddress;

impl RedisAddress {
    /// Checks the text. Nothing is connected yet.
    pub fn parse(text: &str) -> Result<Self, InvalidRedisAddress> {
        if !["redis://", "valkey://", "unix://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Err(InvalidRedisAddress);
        }
        let info = text.into_connection_info().map_err(|_| InvalidRedisAddress)?;
        Client::open(info).map(Self).map_err(|_| InvalidRedisAddress)
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisAddress")
    }
}

/// The connection, and whether it works.
pub(crate) struct RedisRates {
    address: RedisAddress,
    connection: OnceCell<ConnectionManager>,
    decide: Script,
    give_back: Script,
    down_until: AtomicU64,
    is_down: AtomicBool,
    pub(crate) decided: AtomicU64,
    pub(crate) failed: AtomicU64,
}

impl RedisRates {
    pub(crate) fn new(address: RedisAddress) -> Self {
        Self {
            address,
            connection: OnceCell::new(),
            decide: Script::new(DECIDE),
            give_back: Script::new(GIVE_BACK),
            down_until: AtomicU64::new(0),
            is_down: AtomicBool::new(false),
            decided: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    /// Whether it is asked now.
    pub(crate) fn is_up(&self, tick: u64) -> bool {
        tick >= self.down_until.load(Relaxed)
    }

    /// Whether it answered when it was asked last.
    pub(crate) fn answers(&self) -> bool {
        !self.is_down.load(Relaxed)
    }

    async fn connection(&self) -> Result<ConnectionManager, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let connect = || ConnectionManager::new_with_config(self.address.0.clone(), config);
        self.connection.get_or_try_init(connect).await.cloned()
    }

    /// For how many nanoseconds something is taken from each limit, and whether this call was taken from all of them.
    pub(crate) async fn decide(&self, asked: &[Asked], cost: u64, takes: bool, tick: u64) -> Option<(Vec<u64>, bool)> {
        let mut call = self.decide.prepare_invoke();
        call.arg(u8::from(takes)).arg(cost);
        for asked in asked {
            key(&mut call, asked);
            call.arg(asked.rate.interval()).arg(asked.rate.tolerance()).arg(asked.known);
        }
        let mut answer = self.run(call, tick).await?;
        let taken = answer.pop()? == 1;
        (answer.len() == asked.len()).then_some((answer, taken))
    }

    pub(crate) async fn give_back(&self, asked: &[Asked], cost: u64, tick: u64) {
        let mut call = self.give_back.prepare_invoke();
        call.arg(cost);
        for asked in asked {
            key(&mut call, asked);
            call.arg(asked.rate.interval());
        }
        self.run(call, tick).await;
    }

    async fn run(&self, call: ScriptInvocation<'_>, tick: u64) -> Option<Vec<u64>> {
        let answered = async {
            let mut connection = self.connection().await?;
            call.invoke_async::<Option<Vec<u64>>>(&mut connection).await
        };
        let answered = tokio::time::timeout(PATIENCE, answered).await;
        match answered {
            Ok(Ok(answer)) => {
                self.decided.fetch_add(1, Relaxed);
                if self.is_down.swap(false, Relaxed) {
                    tracing::info!("Redis answers again; rate limits are decided there");
                }
                Some(answer.unwrap_or_default())
            }
            failed => {
                self.failed.fetch_add(1, Relaxed);
                self.down_until.store(tick.saturating_add(DOWN), Relaxed);
                if !self.is_down.swap(true, Relaxed) {
                    // Of the error its kind alone: the rest may name the address.
                    let error = failed.map_or("no answer in time".to_owned(), |failed| {
                        failed.err().map_or_else(String::new, |error| error.category().to_owned())
                    });
                    tracing::error!(%error, "Redis can't be asked; each node gives its share of every rate limit until it answers");
                }
                None
            }
        }
    }
}

/// One installation's keys are in one slot of a cluster.
fn key(call: &mut ScriptInvocation<'_>, asked: &Asked) {
    let owner = match owner_row(&asked.owner) {
        LimitOwnerRow::Key(key) => format!("key:{key}"),
        LimitOwnerRow::Client(environment, folded) => format!("client:{}:{folded}", environment.as_str()),
        LimitOwnerRow::Installation => "installation".to_owned(),
    };
    call.key(format!("keydesk:rate:{{{}}}:{owner}:{}", asked.installation, asked.name));
}
