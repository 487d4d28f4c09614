//! How much room the changes take at their fullest moment.

use serde::Serialize;

use crate::error::Refusal;
use crate::partitions::{Partition, Partitions};
use crate::survey::Survey;
use crate::volume::Space;

use super::{Plan, Removal};

/// FAT describes a file in 32 bytes, and each 13 characters of its long name in 32 more.
const DIRECTORY_SLOT: u64 = 32;
/// Slots that the longest of our names takes, rounded up.
const SLOTS_PER_FILE: u64 = 12;
/// Images are larger by their signature, and by signed policies, than they are before; certificates may be long.
const SIGNATURE: u64 = 16 << 10;

/// Bytes on a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    /// Which.
    pub partition: Partition,
    /// Bytes in a cluster; everything else here is in whole clusters.
    pub cluster: u64,
    /// Free now.
    pub free: u64,
    /// Freed before anything is written.
    pub cleared: u64,
    /// Written at most.
    pub written: u64,
    /// Freed at the end.
    pub collected: u64,
}

impl Room {
    /// Bytes by which it would not fit.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.written.saturating_sub(self.free + self.cleared)
    }
}

/// Counts clusters for each partition.
pub fn count(plan: &Plan, partitions: &Partitions<'_>, survey: &Survey) -> Vec<Room> {
    let parts: &[Partition] = if partitions.is_single() {
        &[Partition::Esp]
    } else {
        &[Partition::Esp, Partition::Boot]
    };
    parts
        .iter()
        .map(|&partition| {
            let space = match partition {
                Partition::Esp => survey.esp_space,
                Partition::Boot => survey.boot_space,
            };
            let here = |other| other == partition || partitions.is_single();
            let freed = |removals: &[Removal]| {
                removals
                    .iter()
                    .filter(|removal| here(removal.partition))
                    .map(|removal| space.taken_by(removal.size))
                    .sum()
            };
            Room {
                partition,
                cluster: space.cluster,
                free: space.free_bytes(),
                cleared: freed(&plan.clear),
                written: written(plan, space, here),
                collected: freed(&plan.collect),
            }
        })
        .collect()
}

fn written(plan: &Plan, space: Space, here: impl Fn(Partition) -> bool) -> u64 {
    let mut sizes = Vec::new();
    if here(Partition::Boot) {
        sizes.extend(plan.payloads.iter().map(|new| new.size));
        sizes.extend(
            plan.images
                .iter()
                .map(|new| new.unsigned.len() as u64 + SIGNATURE),
        );
    }
    if here(Partition::Esp) {
        sizes.extend(
            plan.loaders
                .iter()
                .map(|new| new.unsigned.len() as u64 + SIGNATURE),
        );
        sizes.extend(plan.configuration.iter().map(|bytes| bytes.len() as u64));
    }
    let folders = plan
        .folders
        .iter()
        .filter(|(partition, _)| here(*partition))
        .count() as u64;
    if sizes.is_empty() && folders == 0 {
        return 0;
    }
    let names = space.taken_by(sizes.len() as u64 * SLOTS_PER_FILE * DIRECTORY_SLOT);
    // Each of the two folders that grow may begin a cluster of its own.
    let slack = 2 * space.cluster;
    let files: u64 = sizes.into_iter().map(|size| space.taken_by(size)).sum();
    files + folders * space.cluster + names + slack
}

/// Refuses what doesn't fit.
pub fn check(rooms: &[Room], partitions: &Partitions<'_>, survey: &Survey) -> Result<(), Refusal> {
    match rooms.iter().find(|room| room.missing() > 0) {
        None => Ok(()),
        Some(room) => Err(Refusal::Full {
            partition: partitions.name(room.partition),
            needed: room.written,
            free: room.free + room.cleared,
            missing: room.missing(),
            recovered: survey.recovered,
        }),
    }
}
