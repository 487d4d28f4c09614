//! The boot loader and its configuration.

use std::sync::Arc;

use crate::error::Error;
use crate::image::{Forge, Signature};
use crate::loader::{self, DefaultEntry, LoaderPath, Machine};
use crate::partitions::Partition;
use crate::survey::{FoundLoader, LoaderFound, Survey};

use super::{NewLoader, Plan, Removal, Request};

/// Adds what has to be done to the plan.
pub fn decide(
    request: &Request<'_>,
    survey: &Survey,
    forge: &dyn Forge,
    plan: &mut Plan,
) -> Result<(), Error> {
    let failed = |source| Error::Image {
        what: "systemd-boot".to_owned(),
        source,
    };
    let digest = forge.read(request.boot_loader).map_err(failed)?.digest;
    let machine = Machine::of_image(request.boot_loader);
    let version = loader::version(request.boot_loader);
    if version.is_none() {
        plan.notes
            .push("the boot loader given is not systemd-boot".to_owned());
    }
    let unsigned: Arc<[u8]> = request.boot_loader.into();
    for found in survey
        .loaders
        .iter()
        .filter(|found| Some(found.place.machine()) == machine)
    {
        let path = found.place.path();
        for leftover in &found.leftovers {
            if leftover.is_same {
                plan.notes.push(format!(
                    "{} is left of an interrupted run and may share clusters with {path}; fsck.fat -a \
                     tells them apart",
                    leftover.path
                ));
                continue;
            }
            plan.clear.push(Removal {
                partition: Partition::Esp,
                path: leftover.path.clone(),
                size: leftover.size,
                why: "left of an interrupted run".to_owned(),
                is_entry: false,
            });
        }
        match judge(found, &digest) {
            Verdict::Current => {}
            Verdict::Write { replaces } => plan.loaders.push(NewLoader {
                path,
                replaces,
                unsigned: Arc::clone(&unsigned),
            }),
            Verdict::Foreign => plan.notes.push(format!(
                "{path} is somebody else's boot loader and stays; firmware without a boot entry of its \
                 own starts that one"
            )),
        }
    }
    let configuration = loader::configuration(&request.settings.menu, plan.default, version);
    if survey.configuration.as_ref() != Some(&configuration) {
        plan.configuration = Some(configuration);
    }
    Ok(())
}

enum Verdict {
    Current,
    Write { replaces: bool },
    Foreign,
}

fn judge(found: &FoundLoader, digest: &crate::digest::Digest) -> Verdict {
    let Some(LoaderFound {
        read,
        is_systemd_boot,
        ..
    }) = &found.found
    else {
        return Verdict::Write { replaces: false };
    };
    let write = Verdict::Write { replaces: true };
    match read {
        Ok(read) if read.signature == Signature::Ours && read.digest == *digest => Verdict::Current,
        Ok(read) if read.signature == Signature::Ours || *is_systemd_boot => write,
        // No image at all boots nothing, whoever left it.
        Err(_) => write,
        Ok(_) if matches!(found.place, LoaderPath::Named(_)) => write,
        Ok(_) => Verdict::Foreign,
    }
}

/// What `loader.conf` has to name: the default generation, if it isn't the first anyway.
pub fn default_entry(plan: &Plan, default: u64) -> DefaultEntry {
    let newest = plan
        .boots
        .iter()
        .filter(|entry| !entry.name.is_specialisation())
        .map(|entry| entry.name.generation)
        .max();
    if newest == Some(default) {
        DefaultEntry::Newest
    } else {
        DefaultEntry::Generation(default)
    }
}
