//! Gathering what a scanner needs to know into one signed file.

use std::ops::ControlFlow;

use snowguard_advisory_file::{Contents, Dictionaries, SecretKey, SourceInfo, Writer};
use snowguard_tracker_db::{Db, Millis};

use crate::error::IngestError;
use crate::rematch;
use crate::rulings;

/// Under which the database keeps the serial of the file written last.
const SERIAL: &str = "scan-db-serial";

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    /// Serial of the file.
    pub serial: u64,
    /// Advisories in it; rejected ones are left out.
    pub advisories: u64,
    /// Packages in it, of all channels.
    pub packages: u64,
    /// Decisions of people in it, each as a ruling that sets findings aside.
    pub rulings: u64,
    /// Bytes.
    pub bytes: u64,
}

/// Writes the file's bytes. Each call has a serial of its own, larger than all before. With the
/// dictionaries of the file before, what did not change keeps its bytes.
///
/// # Errors
/// As every read and write of the database; [`IngestError::Usage`] when nothing is loaded.
pub fn export(
    db: &Db,
    key: &SecretKey,
    dictionaries: Option<Dictionaries>,
    now: Millis,
    mut progress: impl FnMut(u64),
) -> Result<(Vec<u8>, Exported), IngestError> {
    let knowledge = rematch::knowledge(db)?;
    let mut writer = Writer::default();
    writer.names(&knowledge);
    let mut packages = 0;
    for channel in db.channels()? {
        let all = db.all_packages(&channel.name)?;
        packages += all.len() as u64;
        let revision = channel.current.map(|evaluation| evaluation.revision);
        writer
            .channel(&channel.name, revision.as_deref(), all)
            .map_err(unwritable)?;
    }
    let mut advisories = 0;
    let mut failed = None;
    db.for_each_advisory(&mut |advisory| {
        advisories += 1;
        if advisories % 500 == 0 {
            progress(500);
        }
        match writer.advisory(&advisory, &knowledge) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(error) = failed {
        return Err(unwritable(error));
    }
    if advisories == 0 || packages == 0 {
        return Err(IngestError::Usage(
            "nothing to export: load advisories and a channel first".to_owned(),
        ));
    }
    let rulings = rulings::rulings(db)?;
    let decided = rulings.len() as u64;
    let serial = db
        .setting(SERIAL)?
        .and_then(|text| text.parse::<u64>().ok())
        .unwrap_or_default()
        + 1;
    let contents = Contents {
        serial,
        created: now.get(),
        sources: sources(db)?,
        dictionaries,
        rulings,
    };
    let bytes = writer
        .finish(contents, key)
        .map_err(|error| IngestError::Usage(format!("the file cannot be written: {error}")))?;
    db.set_setting(SERIAL, &serial.to_string())?;
    let exported = Exported {
        serial,
        advisories,
        packages,
        rulings: decided,
        bytes: bytes.len() as u64,
    };
    Ok((bytes, exported))
}

fn sources(db: &Db) -> Result<Vec<SourceInfo>, IngestError> {
    let runs = db.last_runs()?;
    Ok(runs
        .into_iter()
        .filter_map(|run| {
            let finished = run.finished.filter(|_| run.error.is_none())?;
            Some(SourceInfo {
                name: run.feed,
                read: finished.get(),
            })
        })
        .collect())
}

fn unwritable(error: serde_json::Error) -> IngestError {
    IngestError::Usage(format!("a record cannot be written as JSON: {error}"))
}
