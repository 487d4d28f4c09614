//! What was begun and must not stay when a run fails.

use crate::partitions::{Partition, Partitions};
use crate::volume::VolumePath;

/// New files that nothing boots yet.
#[derive(Default)]
pub struct Begun(Vec<(Partition, VolumePath)>);

impl Begun {
    /// Notes a file that was created.
    pub fn add(&mut self, partition: Partition, path: VolumePath) {
        self.0.push((partition, path));
    }

    /// Removes them, so that a full partition is as free as before. What can't be removed is found
    /// damaged by the next run.
    pub fn take_back(self, partitions: &Partitions<'_>) {
        let mut folders = Vec::new();
        for (partition, path) in self.0 {
            let volume = partitions.volume(partition);
            match volume.remove(&path) {
                Ok(()) => folders.push((partition, path.parent())),
                Err(error) => tracing::warn!("{path} was begun and cannot be taken back: {error}"),
            }
        }
        folders.sort();
        folders.dedup();
        for (partition, folder) in folders {
            if let Err(error) = partitions.volume(partition).sync_folder(&folder) {
                tracing::warn!("{folder} cannot be synchronised: {error}");
            }
        }
    }
}
