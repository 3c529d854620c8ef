use store::testing::TestDatabase;

use crate::{
    failovers, full_disks, little_memory,
    rounds::{
        Counts, Random, clock_steps, corrupted_images,
        failed_fsync::{self, End},
        kills, tight, torn_writes,
    },
};

/// A trial, which is repeated in rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    Kills,
    FullDisks,
    FailedFsync,
    TornWrites,
    CorruptedImages,
    ClockSteps,
    Failovers,
    Tight,
}

impl Scenario {
    pub(crate) const ALL: [Self; 8] = [
        Self::Kills,
        Self::FullDisks,
        Self::FailedFsync,
        Self::TornWrites,
        Self::CorruptedImages,
        Self::ClockSteps,
        Self::Failovers,
        Self::Tight,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kills => "kills",
            Self::FullDisks => "full-disks",
            Self::FailedFsync => "failed-fsync",
            Self::TornWrites => "torn-writes",
            Self::CorruptedImages => "corrupted-images",
            Self::ClockSteps => "clock-steps",
            Self::Failovers => "failovers",
            Self::Tight => "tight",
        }
    }

    /// Why it can't be tried here, in a sentence.
    pub(crate) fn possible(self) -> Result<(), String> {
        match self {
            Self::FullDisks => full_disks::possible(),
            Self::Failovers => failovers::possible(),
            _ => Ok(()),
        }
    }

    /// One round of it.
    pub(crate) async fn round(self, mut random: Random) -> Counts {
        let mut counts = Counts::default();
        match self {
            Self::Kills => {
                let callers = random.one_of(&[3, 8, 32]);
                counts += kills::killed(TestDatabase::sqlite().await, random.fork(), 1, callers).await;
                counts += kills::killed(TestDatabase::postgres().await, random, 1, callers).await;
            }
            Self::FullDisks => counts += full_disks::round(random, 4).await,
            Self::FailedFsync => {
                counts += failed_fsync::round(random.fork(), 4, End::GoesOn).await;
                counts += failed_fsync::round(random, 3, End::PowerCut).await;
            }
            Self::TornWrites => counts += torn_writes::round(random, 4).await,
            Self::CorruptedImages => counts += corrupted_images::round(random, 20).await,
            Self::ClockSteps => {
                counts += clock_steps::round(TestDatabase::sqlite().await, random.fork(), 4).await;
                counts += clock_steps::round(TestDatabase::postgres().await, random.fork(), 4).await;
                counts += clock_steps::cut_off(TestDatabase::postgres().await, random).await;
            }
            Self::Failovers => counts += failovers::round(random).await,
            Self::Tight => {
                counts += tight::stopped_under_load(random.fork()).await;
                counts += tight::few_files(random.fork()).await;
                counts += little_memory::round(random.fork()).await;
                counts += tight::two_servers(random).await;
            }
        }
        counts
    }
}
