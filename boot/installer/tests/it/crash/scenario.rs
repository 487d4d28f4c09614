//! One run, cut everywhere.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::process::{Command, Stdio};

use snowguard_boot_installer::volume::Volume as _;

use crate::fat::{Disk, Fat, View};
use crate::install::folder::Machine;

use super::boot::boot;
use super::chance::Chance;

/// What happens, and what must boot meanwhile.
pub struct Scenario<'s> {
    pub machine: &'s Machine,
    /// The disk at the start.
    pub before: Vec<u8>,
    /// The generation that boots at the start; `None`: nothing does yet.
    pub boots_before: Option<u64>,
    /// The generation that boots at the end.
    pub boots_after: u64,
    pub act: &'s dyn Fn(&Machine, &Fat),
}

/// Cuts in a sample.
const SAMPLE: usize = 120;
/// Of these, so many are mended: that takes longer.
const MENDED: usize = 12;
/// Losses for each cut.
const SEEDS: u64 = 4;

pub fn run(scenario: Scenario<'_>) {
    let volume = Fat::open(scenario.before.clone());
    if let Some(generation) = scenario.boots_before {
        assert_eq!(boot(volume.view(), &scenario.machine.forge), Ok(generation));
    }
    (scenario.act)(scenario.machine, &volume);
    assert_eq!(
        boot(volume.view(), &scenario.machine.forge),
        Ok(scenario.boots_after)
    );
    let disk = volume.into_disk();
    assert_eq!(
        disk.unsynced(),
        0,
        "something may still be lost when the run is over"
    );

    let every = std::env::var_os("SNOWGUARD_CUTS").is_some_and(|value| value == "every");
    let count = disk.events.len();
    let step = if every {
        1
    } else {
        count.div_ceil(SAMPLE).max(1)
    };
    let mend_step = if every { 1 } else { (SAMPLE / MENDED).max(1) };
    let fsck = has_fsck();
    let (mut cuts, mut mended, mut new) = (0, 0, 0);
    // What boots, and whether it can be mended, depends on the disk alone: each is looked at once.
    let (mut boots, mut mends) = (HashMap::new(), HashSet::new());
    for (place, cut) in (0..=count).step_by(step).chain([count]).enumerate() {
        for seed in 0..SEEDS {
            let view = lose(&disk, cut, seed);
            let booted = boots
                .entry(view.digest())
                .or_insert_with(|| boot(view, &scenario.machine.forge));
            cuts += 1;
            match (booted, scenario.boots_before) {
                (Ok(generation), _) if *generation == scenario.boots_after => new += 1,
                (Ok(generation), Some(before)) if *generation == before => {}
                (Err(_), None) => {}
                (booted, _) => {
                    for at in cut.saturating_sub(12)..(cut + 3).min(count) {
                        println!("{at}: {}", disk.describe(at));
                    }
                    panic!("cut {cut} of {count}, seed {seed}: {booted:?}");
                }
            }
        }
        if fsck && place % mend_step == 0 {
            let view = lose(&disk, cut, 0);
            if mends.insert(view.digest()) {
                mend(&scenario, view, cut);
            }
            mended += 1;
        }
    }
    // A scenario in which every cut comes before the switch, or after it, shows nothing.
    assert!(new > 0);
    println!(
        "{count} events, {cuts} cuts ({} different disks), {new} boot the new state, {mended} mended by the next run \
         ({} different disks)",
        boots.len(),
        mends.len()
    );
}

/// The disk after a cut: of the four losses one takes everything that may be lost, one nothing.
fn lose(disk: &Disk, cut: usize, seed: u64) -> View {
    let mut chance = Chance::new(seed << 32 | cut as u64);
    disk.cut(cut, |versions| match seed {
        0 => chance.below(versions),
        1 => 0,
        2 => versions - 1,
        _ => chance.below(versions),
    })
}

/// As the next boot goes: the file system is checked, then the installer runs, and all is as if nothing
/// had happened.
fn mend(scenario: &Scenario<'_>, view: View, cut: usize) {
    let image = check_file_system(&view.flatten());
    let volume = Fat::open(image);
    let machine = scenario.machine;
    if let Err(error) = machine.try_install_on(&volume) {
        // What a check of the file system has found belongs to nobody; the refusal asks somebody to look.
        let told = error.to_string();
        assert!(told.contains("FSCK"), "after cut {cut}: {told}");
        for piece in volume.paths("") {
            if piece.name().starts_with("FSCK") {
                volume.remove(&piece).unwrap();
            }
        }
        if let Err(error) = machine.try_install_on(&volume) {
            panic!("after cut {cut}: {error}");
        }
    }
    let booted = boot(volume.view(), &machine.forge);
    assert_eq!(booted, Ok(scenario.boots_after), "after cut {cut}");
    let again = machine.try_install_on(&volume).unwrap();
    assert_eq!(
        again,
        Default::default(),
        "after cut {cut}: a second run finds more to do"
    );
}

/// Where Debian keeps it, which is in no user's path.
const FSCK: &str = "/usr/sbin/fsck.fat";

fn fsck() -> Command {
    let in_sbin = std::path::Path::new(FSCK).is_file();
    Command::new(if in_sbin { FSCK } else { "fsck.fat" })
}

fn has_fsck() -> bool {
    let found = fsck()
        .arg("--help")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok();
    assert!(
        found || std::env::var_os("CI").is_none(),
        "dosfstools is missing"
    );
    if !found {
        println!("left out: mending after a cut, since fsck.fat (dosfstools) is not installed");
    }
    found
}

/// `fsck.fat -a`, which systemd runs on a file system that was not unmounted.
fn check_file_system(image: &[u8]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), image).unwrap();
    let run = fsck().arg("-a").arg(file.path()).output().unwrap();
    // 1: errors were found and corrected.
    let code = run.status.code();
    assert!(
        matches!(code, Some(0 | 1)),
        "{}",
        String::from_utf8_lossy(&run.stdout)
    );
    fs::read(file.path()).unwrap()
}
