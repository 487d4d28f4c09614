//! A plan for people, and the parts of its JSON that aren't derived.

use std::fmt;

use serde::Serializer;

use crate::gather::Source;

use super::{Entry, Plan, Removal};

pub fn text<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&String::from_utf8_lossy(
        bytes.as_deref().unwrap_or_default(),
    ))
}

pub fn source<S: Serializer>(source: &Source, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&source.describe())
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for skipped in &self.skipped {
            writeln!(
                f,
                "skipped  generation {}: {}",
                skipped.generation, skipped.reason
            )?;
        }
        for failed in &self.failed {
            writeln!(f, "skipped  {}: {}", failed.title, failed.reason)?;
        }
        for (_, folder) in &self.folders {
            writeln!(f, "folder   {folder}")?;
        }
        removals(f, "clear", &self.clear)?;
        for new in &self.payloads {
            writeln!(
                f,
                "write    {} ({} bytes, from {})",
                new.payload.path(),
                new.size,
                new.source.describe()
            )?;
        }
        for new in &self.images {
            writeln!(f, "sign     EFI/Linux/{}", new.name)?;
        }
        if self.configuration.is_some() {
            writeln!(f, "write    loader/loader.conf")?;
        }
        for new in &self.loaders {
            writeln!(f, "sign     {}", new.path)?;
        }
        removals(f, "collect", &self.collect)?;
        for room in &self.room {
            writeln!(
                f,
                "room     {} bytes are written at most, {} are free and {} cleared before; {} are collected",
                room.written, room.free, room.cleared, room.collected
            )?;
        }
        for note in &self.notes {
            writeln!(f, "note     {note}")?;
        }
        for entry in &self.boots {
            writeln!(f, "boots    {entry}")?;
        }
        if self.is_empty() {
            writeln!(f, "nothing to do")?;
        }
        Ok(())
    }
}

fn removals(f: &mut fmt::Formatter<'_>, word: &str, removals: &[Removal]) -> fmt::Result {
    removals
        .iter()
        .try_for_each(|removal| writeln!(f, "{word:<8} {} ({})", removal.path, removal.why))
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.title)?;
        if let Some(counter) = self.name.counter {
            write!(f, ", {} tries left", counter.left)?;
        }
        if let Some(why) = self.kept {
            write!(f, ", kept: {why}")?;
        }
        write!(f, ", PCR 11 {}", self.pcr11)
    }
}
