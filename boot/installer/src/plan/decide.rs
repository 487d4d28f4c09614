//! The decision, step by step.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use crate::error::{Error, ForgeError, Refusal};
use crate::gather::{self, Gathered, Source, Wanted};
use crate::image::Forge;
use crate::loader::{self, DefaultEntry};
use crate::naming::{Counter, Payload};
use crate::partitions::{Partition, Partitions};
use crate::profile::Generation;
use crate::survey::{Condition, FoundImage, Survey};

use super::{Entry, NewImage, NewPayload, Plan, Removal, Request, loaders, room, select};

pub fn decide(
    request: &Request<'_>,
    partitions: &Partitions<'_>,
    forge: &dyn Forge,
) -> Result<Plan, Error> {
    let selection = select::generations(request)?;
    let mut survey = Survey::take(partitions, forge)?;
    let gathered = gather::gather(selection.generations.iter().copied(), &survey, forge);
    refuse_without_default(&gathered, selection.default)?;

    let boot = partitions.volume(Partition::Boot);
    let named: BTreeSet<Payload> = survey
        .images
        .iter()
        .flat_map(FoundImage::payloads)
        .copied()
        .collect();
    let wanted: BTreeSet<Payload> = gathered
        .wanted
        .iter()
        .flat_map(|one| one.content.payloads())
        .copied()
        .collect();
    // What only images that go away name is verified only if one of them may stay.
    survey.verify_payloads(boot, |payload| wanted.contains(payload));
    let may_stay: BTreeSet<Payload> = stay_candidates(&survey, request)
        .flat_map(FoundImage::payloads)
        .copied()
        .collect();
    survey.verify_payloads(boot, |payload| {
        may_stay.contains(payload) && named.contains(payload)
    });

    let mut plan = Plan {
        folders: missing_folders(partitions, &survey),
        clear: Vec::new(),
        payloads: Vec::new(),
        images: Vec::new(),
        configuration: None,
        loaders: Vec::new(),
        collect: Vec::new(),
        boots: Vec::new(),
        default: DefaultEntry::Newest,
        room: Vec::new(),
        skipped: request.profile.skipped.clone(),
        failed: gathered.failed.clone(),
        notes: Vec::new(),
    };
    let mut sources = gathered.sources;
    let mut staying = images(request, &gathered.wanted, &survey, forge, &mut plan)?;
    keep_others(request, &survey, &mut sources, &mut staying, &mut plan);
    plan.boots
        .sort_by(|one, other| one.name.boot_order(&other.name));
    let needed: BTreeSet<Payload> = wanted
        .into_iter()
        .chain(staying.values().flat_map(|image| image.payloads()).copied())
        .collect();
    payloads(&needed, &survey, &sources, &mut plan)?;
    garbage(&needed, &survey, &staying, &mut plan);
    plan.default = loaders::default_entry(&plan, selection.default.number);
    loaders::decide(request, &survey, forge, &mut plan)?;
    refuse_if_nothing_boots(&plan, selection.default)?;
    note_exhausted(&mut plan);
    make_room(&mut plan, partitions, &survey, &staying)?;
    Ok(plan)
}

/// Images that stay as they are, by path.
type Staying<'s> = BTreeMap<String, &'s FoundImage>;

fn refuse_without_default(gathered: &Gathered, default: &Generation) -> Result<(), Refusal> {
    let system = |generation: u64, title: &str| {
        generation == default.number
            && title
                == default
                    .systems
                    .first()
                    .map_or(String::new(), |system| system.title())
    };
    match gathered
        .failed
        .iter()
        .find(|failed| system(failed.generation, &failed.title))
    {
        Some(failed) => Err(Refusal::DefaultUnusable {
            why: failed.reason.clone(),
        }),
        None => Ok(()),
    }
}

fn missing_folders(
    partitions: &Partitions<'_>,
    survey: &Survey,
) -> Vec<(Partition, crate::volume::VolumePath)> {
    let mut missing = Vec::new();
    for (partition, folder) in loader::folders() {
        let same = |(other, path): &(Partition, crate::volume::VolumePath)| {
            *path == folder && (*other == partition || partitions.is_single())
        };
        if !survey.folders.iter().any(same) && !missing.iter().any(same) {
            missing.push((partition, folder));
        }
    }
    missing
}

/// Images that may stay although nobody asks for them.
fn stay_candidates<'s>(
    survey: &'s Survey,
    request: &Request<'_>,
) -> impl Iterator<Item = &'s FoundImage> {
    let booted = request.booted;
    survey.images.iter().filter(move |image| {
        image.is_sound()
            && (image.name.counter.is_none() || select::keeps(image, &booted, None).is_some())
    })
}

/// Finds each wanted image or has it written; gives those that stay.
fn images<'s>(
    request: &Request<'_>,
    wanted: &[Wanted],
    survey: &'s Survey,
    forge: &dyn Forge,
    plan: &mut Plan,
) -> Result<Staying<'s>, Error> {
    let mut staying = Staying::new();
    for one in wanted {
        let mut present: Vec<_> = survey
            .images
            .iter()
            .filter(|image| image.name.is_same_image(&one.name))
            .collect();
        // Blessed before counted, should an interrupted blessing have left both.
        present.sort_by_key(|image| {
            image
                .name
                .counter
                .map(|counter| (u32::MAX - counter.left, counter.done))
        });
        let blame = |source| failed(&one.title, source);
        let mut found = None;
        for image in present {
            let is_it = match &image.read {
                Ok(read) if image.is_sound() => {
                    forge.is_finished(read, &one.unsigned).map_err(blame)?
                }
                _ => false,
            };
            if is_it {
                found.get_or_insert(image);
            } else {
                let why = match &image.read {
                    Err(why) => format!("damaged: {why}"),
                    Ok(read) => format!("not what its name says, or {}", read.signature),
                };
                plan.clear.push(entry_removal(image, why));
            }
        }
        let name = match found {
            Some(image) => {
                staying.insert(image.path.to_string(), image);
                image.name.clone()
            }
            None => {
                let counter = request.settings.tries.map(|left| Counter { left, done: 0 });
                let name = one.name.with_counter(counter);
                plan.images.push(NewImage {
                    name: name.clone(),
                    unsigned: one.unsigned.clone(),
                    title: one.title.clone(),
                });
                name
            }
        };
        plan.boots.push(Entry {
            name,
            title: one.title.clone(),
            toplevel: one.toplevel.display().to_string(),
            is_new: found.is_none(),
            kept: None,
            pcr11: forge
                .read(&one.unsigned)
                .map_err(blame)?
                .pcr11
                .ok_or_else(|| blame(ForgeError("it is no thin image".to_owned())))?,
        });
    }
    Ok(staying)
}

/// Booted and last good stay, if they boot or can be mended.
fn keep_others<'s>(
    request: &Request<'_>,
    survey: &'s Survey,
    sources: &mut HashMap<Payload, Source>,
    staying: &mut Staying<'s>,
    plan: &mut Plan,
) {
    let last_good = select::last_good(survey, &request.booted);
    for image in survey.images.iter().filter(|image| image.is_sound()) {
        let Some(why) = select::keeps(image, &request.booted, last_good) else {
            continue;
        };
        if staying.contains_key(&image.path.to_string()) {
            continue;
        }
        let (Some(toplevel), Ok(read)) = (image.toplevel(), &image.read) else {
            continue;
        };
        if !survey.boots(image) {
            let mended = Generation::read(image.name.generation, Path::new(toplevel));
            sources.extend(mended.iter().flat_map(gather::sources_of));
        }
        if !image
            .payloads()
            .all(|payload| survey.holds(payload) || sources.contains_key(payload))
        {
            plan.notes
                .push(format!("{} ({why}) is damaged beyond repair", image.path));
            continue;
        }
        let (Some(content), Some(pcr11)) = (&read.content, read.pcr11) else {
            continue;
        };
        staying.insert(image.path.to_string(), image);
        plan.boots.push(Entry {
            name: image.name.clone(),
            title: content.title(),
            toplevel: toplevel.to_owned(),
            is_new: false,
            kept: Some(why),
            pcr11,
        });
    }
}

fn payloads(
    needed: &BTreeSet<Payload>,
    survey: &Survey,
    sources: &HashMap<Payload, Source>,
    plan: &mut Plan,
) -> Result<(), Error> {
    for payload in needed.iter().filter(|payload| !survey.holds(payload)) {
        if let Some(found) = survey.payloads.get(payload) {
            let Condition::Damaged(why) = &found.condition else {
                continue;
            };
            plan.clear.push(Removal {
                partition: Partition::Boot,
                path: found.path.clone(),
                size: found.size,
                why: format!("damaged: {why}"),
                is_entry: false,
            });
        }
        let source = sources.get(payload).ok_or_else(|| Refusal::NothingBoots {
            why: format!("{payload} is missing and its source is not known"),
        })?;
        plan.payloads.push(NewPayload {
            payload: *payload,
            size: source.size().map_err(|error| Error::Source {
                path: source.describe(),
                source: error,
            })?,
            source: source.clone(),
        });
    }
    Ok(())
}

fn garbage(needed: &BTreeSet<Payload>, survey: &Survey, staying: &Staying<'_>, plan: &mut Plan) {
    for remnant in &survey.remnants {
        plan.clear.push(Removal {
            partition: Partition::Boot,
            path: remnant.path.clone(),
            size: remnant.size,
            why: "only a short name is left of it, after a power cut".to_owned(),
            is_entry: remnant.is_entry,
        });
    }
    for image in &survey.images {
        let is_cleared = plan.clear.iter().any(|removal| removal.path == image.path);
        if !is_cleared && !staying.contains_key(&image.path.to_string()) {
            plan.collect
                .push(entry_removal(image, "no longer wanted".to_owned()));
        }
    }
    for (payload, found) in &survey.payloads {
        if !needed.contains(payload) {
            plan.collect.push(Removal {
                partition: Partition::Boot,
                path: found.path.clone(),
                size: found.size,
                why: "no entry names it".to_owned(),
                is_entry: false,
            });
        }
    }
}

fn refuse_if_nothing_boots(plan: &Plan, default: &Generation) -> Result<(), Refusal> {
    let boots =
        |entry: &Entry| entry.name.generation == default.number && !entry.name.is_specialisation();
    if plan.boots.iter().any(boots) {
        return Ok(());
    }
    Err(Refusal::NothingBoots {
        why: format!("no entry of generation {} would be left", default.number),
    })
}

fn note_exhausted(plan: &mut Plan) {
    let exhausted = plan.boots.iter().filter(|entry| entry.name.is_exhausted());
    let notes: Vec<String> = exhausted
        .map(|entry| {
            format!(
                "{} failed too often and boots only when chosen",
                entry.title
            )
        })
        .collect();
    plan.notes.extend(notes);
}

/// Collects garbage beforehand where there is no room otherwise, as long as something that boots
/// stays on the disk meanwhile.
fn make_room(
    plan: &mut Plan,
    partitions: &Partitions<'_>,
    survey: &Survey,
    staying: &Staying<'_>,
) -> Result<(), Refusal> {
    plan.room = room::count(plan, partitions, survey);
    if room::check(&plan.room, partitions, survey).is_ok() {
        return Ok(());
    }
    let stays = staying
        .values()
        .any(|image| survey.boots(image) && !image.name.is_specialisation());
    if stays {
        plan.clear.append(&mut plan.collect);
        plan.room = room::count(plan, partitions, survey);
    }
    room::check(&plan.room, partitions, survey)
}

fn entry_removal(image: &FoundImage, why: String) -> Removal {
    Removal {
        partition: Partition::Boot,
        path: image.path.clone(),
        size: image.size,
        why,
        is_entry: true,
    }
}

fn failed(what: &str, source: crate::error::ForgeError) -> Error {
    Error::Image {
        what: what.to_owned(),
        source,
    }
}
