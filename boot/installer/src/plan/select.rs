//! Which generations there must be, and which images stay besides.

use std::path::Path;

use crate::error::Refusal;
use crate::profile::{Generation, Profile};
use crate::survey::{FoundImage, Survey};

use super::{Booted, Request};

/// The generations to install, oldest first.
pub struct Selection<'r> {
    pub default: &'r Generation,
    pub generations: Vec<&'r Generation>,
}

/// The newest ones up to the limit, and the one that is to boot.
pub fn generations<'r>(request: &Request<'r>) -> Result<Selection<'r>, Refusal> {
    let default = default(request.profile, request.default)?;
    let limit = request.settings.limit.unwrap_or(usize::MAX);
    let mut generations: Vec<_> = request
        .profile
        .generations
        .values()
        .rev()
        .take(limit)
        .collect();
    if !generations.iter().any(|one| one.number == default.number) {
        generations.push(default);
    }
    generations.sort_by_key(|generation| generation.number);
    Ok(Selection {
        default,
        generations,
    })
}

fn default<'r>(profile: &'r Profile, toplevel: &Path) -> Result<&'r Generation, Refusal> {
    let resolved = toplevel.canonicalize();
    let resolved = resolved.as_deref().unwrap_or(toplevel);
    if let Some(generation) = profile.find(resolved) {
        return Ok(generation);
    }
    let why = profile
        .skipped
        .iter()
        .find(|skipped| {
            skipped
                .link
                .canonicalize()
                .is_ok_and(|link| link == resolved)
        })
        .map_or_else(
            || format!("{} is no generation of the profile", toplevel.display()),
            |skipped| format!("generation {}: {}", skipped.generation, skipped.reason),
        );
    Err(Refusal::DefaultUnusable { why })
}

/// Why this image stays, wanted or not.
pub fn keeps(
    image: &FoundImage,
    booted: &Booted<'_>,
    last_good: Option<&FoundImage>,
) -> Option<&'static str> {
    let is_booted = match (booted.entry, booted.toplevel) {
        (Some(entry), _) => entry.is_same_image(&image.name),
        (None, Some(toplevel)) => image
            .toplevel()
            .is_some_and(|path| Path::new(path) == toplevel),
        (None, None) => false,
    };
    if is_booted {
        return Some("booted");
    }
    let is_last_good = last_good.is_some_and(|good| good.path == image.path);
    is_last_good.then_some("last good")
}

/// The newest entry that was blessed, boots, and whose system is still in the store. Of two images of
/// one generation (before and after a change of stub or key) the one that runs now counts, if one does.
pub fn last_good<'s>(survey: &'s Survey, booted: &Booted<'_>) -> Option<&'s FoundImage> {
    let is_good = |image: &&FoundImage| {
        image.name.counter.is_none()
            && !image.name.is_specialisation()
            && survey.boots(image)
            && image
                .toplevel()
                .is_some_and(|path| Path::new(path).exists())
    };
    let newest = survey.images.iter().find(is_good)?;
    let runs = survey
        .images
        .iter()
        .filter(|image| image.name.generation == newest.name.generation)
        .filter(is_good)
        .find(|image| {
            booted
                .entry
                .is_some_and(|entry| entry.is_same_image(&image.name))
        });
    Some(runs.unwrap_or(newest))
}
