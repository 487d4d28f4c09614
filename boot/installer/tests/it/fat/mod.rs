//! A model of Linux's vfat that loses what a power cut may lose.
//!
//! [`Fat`] is the installer's volume: FAT32 with long names, written by this model. Every sector that
//! it changes is an event; a sync is one too, and names the sectors that last from then on. As in Linux,
//! synchronising a file covers its data, its directory entry (the one sector with the short entry) and
//! the FAT, but not the sectors with the rest of its long name; synchronising a folder covers all of the
//! folder's sectors and the FAT. What was not synchronised is lost or kept sector by sector, in any order
//! and in any of the versions it had. Free clusters are taken again at once.
//!
//! Sources: Microsoft, "FAT: General Overview of On-Disk Format", 1.03; Linux `fs/fat/file.c`,
//! `fat_file_fsync`.

mod directory;
mod disk;
mod entry;
mod volume;

pub use disk::{Disk, View};
pub use volume::Fat;
