//! Why the installer stopped.

use std::io;

use crate::volume::VolumePath;

/// Why nothing, or not everything, was done. Whatever it is, what booted before still boots.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The boot partition refused something.
    #[error("{partition}: cannot {operation} {path}: {}", advice(.source))]
    Volume {
        /// `ESP` or `XBOOTLDR`.
        partition: &'static str,
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: VolumePath,
        /// What the operating system said.
        source: io::Error,
    },
    /// The folder given as a boot partition can't be used at all.
    #[error("{path}: {reason}")]
    Partition {
        /// The mount point.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Another run holds the lock.
    #[error(
        "{path}: another snowguard boot is at work on this partition; try again when it is done"
    )]
    Locked {
        /// The mount point.
        path: String,
    },
    /// The profile's folder can't be read.
    #[error("{path}: {reason}")]
    Profile {
        /// The profile.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of the store, or another source, can't be read.
    #[error("cannot read {path}: {source}")]
    Source {
        /// The file.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The secrets of an initrd could not be gathered.
    #[error("{program}: {reason}")]
    Secrets {
        /// The generation's program.
        program: String,
        /// What went wrong; never what it printed to standard output.
        reason: String,
    },
    /// An image could not be built, signed or read.
    #[error("{what}: {source}")]
    Image {
        /// Which.
        what: String,
        /// Why.
        source: ForgeError,
    },
    /// The plan was refused; nothing was written.
    #[error("refused, nothing was changed: {0}")]
    Refused(Refusal),
    /// What a boot loader variable holds makes no sense.
    #[error("{name}: {reason}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Why a plan must not be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
#[non_exhaustive]
pub enum Refusal {
    /// The generation that is to boot can't be installed.
    #[error("the generation that is to boot cannot be installed: {why}")]
    DefaultUnusable {
        /// Why.
        why: String,
    },
    /// Nothing would be left that boots.
    #[error("nothing would boot: {why}")]
    NothingBoots {
        /// Why.
        why: String,
    },
    /// The partition would fill.
    #[error(
        "{partition} would fill: {needed} bytes are needed and {free} are free, {missing} bytes too \
         few; keep fewer generations (--limit), or make room{}", pieces(*.recovered)
    )]
    Full {
        /// `ESP` or `XBOOTLDR`.
        partition: &'static str,
        /// Bytes in whole clusters, at the fullest moment.
        needed: u64,
        /// Bytes free now, and after what may be collected beforehand.
        free: u64,
        /// The difference.
        missing: u64,
        /// Bytes in pieces that a check of the file system has put into files of their own.
        recovered: u64,
    },
}

/// What somebody can delete who has looked at it.
fn pieces(bytes: u64) -> String {
    if bytes == 0 {
        return String::new();
    }
    format!(
        "; FSCK*.REC in the partition's root hold {bytes} bytes that a check of the file system has found, after \
         a power cut mostly of what was being removed: delete them"
    )
}

/// Why an image could not be built, signed or read: the text of whoever makes images.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ForgeError(pub String);

/// What can be done about an error of the file system.
fn advice(error: &io::Error) -> String {
    let hint = match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => {
            "; is it mounted read-only? Linux does that to a damaged FAT file system: unmount it and \
             run fsck.fat -a"
        }
        io::ErrorKind::StorageFull => {
            "; the partition is full; what was begun is taken back, now or by the next run"
        }
        io::ErrorKind::PermissionDenied => "; this needs root",
        _ if error.raw_os_error() == Some(5) => {
            "; the file system may be damaged: unmount it and run fsck.fat -a"
        }
        _ => "",
    };
    format!("{error}{hint}")
}
