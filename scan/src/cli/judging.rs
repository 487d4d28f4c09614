//! What every scan has in common: from a target to verdicts.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use rustc_hash::FxHashMap;
use snowguard_advisory_file::{AdvisoryFile, Candidate, Prose};
use snowguard_matching::verdict::Tier;
use snowguard_scan::cache::{self, Answer, Question, VerdictCache};
use snowguard_scan::closure::Closure;
use snowguard_scan::confine::{Allowance, confine};
use snowguard_scan::database::Mapped;
use snowguard_scan::identify::{Identified, identify_all};
use snowguard_scan::input::{self, Nix, Reach, Target};
use snowguard_scan::judge::{self, Scan};
use snowguard_scan::report::Report;
use snowguard_scan::report::finding::Material;
use snowguard_scan::software::Inventory;
use snowguard_scan::suppress::Suppressions;

use super::exit::TooOld;
use super::steps::Steps;
use super::trust::{Trust, cache_folder};

const DAY: i64 = 24 * 60 * 60 * 1000;
/// Folders of the cache.
const VERDICTS: &str = "verdicts";
const ANSWERS: &str = "answers";

/// How it is judged.
#[derive(Debug, Args)]
pub struct Judging {
    /// What was needed to build it, not what it needs to run
    #[arg(long)]
    pub buildtime: bool,
    /// The root folder whose Nix store and database are read: a mounted disk, a container image
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
    #[command(flatten)]
    pub trust: Trust,
    /// Refuse an advisory file that is older than this many days
    #[arg(long, value_name = "DAYS")]
    pub max_age: Option<u32>,
    /// File with findings to set aside: our own TOML, a vulnix whitelist, OpenVEX or CSAF; may be
    /// given again
    #[arg(long, value_name = "FILE")]
    pub suppress: Vec<PathBuf>,
    /// Show ties by a name alone, too
    #[arg(long)]
    pub all: bool,
    /// Judge everything anew, and keep nothing
    #[arg(long)]
    pub no_cache: bool,
    /// Say what is done and how long it took
    #[arg(long, short)]
    pub verbose: bool,
}

/// A closure with all that is known of it.
#[derive(Debug)]
pub struct Examined {
    pub closure: Closure,
    pub inventory: Inventory,
    pub identified: Vec<Identified>,
}

/// A closure with its verdicts.
#[derive(Debug)]
pub struct Judged {
    pub examined: Examined,
    pub scan: Scan,
    pub prose: FxHashMap<Candidate, Prose>,
}

impl Judged {
    /// The report, with what people set aside.
    pub fn report<'a>(
        &'a self,
        suppressions: &'a Suppressions,
        file: &AdvisoryFile<'_>,
    ) -> Report<'a> {
        let material = Material {
            closure: &self.examined.closure,
            inventory: &self.examined.inventory,
            identified: &self.examined.identified,
            scan: &self.scan,
            prose: &self.prose,
            suppressions,
            today: jiff::Zoned::now().date(),
        };
        Report::new(&material, file)
    }
}

impl Judging {
    /// Opens the advisory file, gives up what a scan of these targets does not need, and then checks
    /// the file.
    pub fn with_file<T>(
        &self,
        targets: &[&Target],
        steps: &mut Steps,
        then: impl FnOnce(&AdvisoryFile<'_>, &mut Steps) -> Result<T>,
    ) -> Result<T> {
        let keys = self.trust.keys()?;
        let mapped = Mapped::open(&self.trust.file())?;
        let confined = confine(&self.allowance(targets, mapped.path()))?;
        steps.confine(confined);
        let file = mapped.verify(&keys)?;
        self.check_age(&file)?;
        steps.done("opening the advisory file");
        then(&file, steps)
    }

    fn allowance(&self, targets: &[&Target], advisories: &Path) -> Allowance {
        let mut read: Vec<PathBuf> = [
            // Time zones, and how many processors there are.
            "/etc/localtime",
            "/etc/zoneinfo",
            "/usr/share/zoneinfo",
            "/proc/self",
            "/sys/fs/cgroup",
            "/sys/devices/system/cpu",
        ]
        .map(PathBuf::from)
        .to_vec();
        read.push(self.root.join("nix"));
        read.push(advisories.to_owned());
        read.extend(self.suppress.iter().cloned());
        for target in targets {
            if let Target::File(path) = target {
                read.push(path.clone());
            }
        }
        let folders = [VERDICTS, ANSWERS].map(|name| self.cache_folder(name));
        Allowance {
            read,
            write: folders.into_iter().flatten().collect(),
        }
    }

    /// A folder of the cache, made where it is not there: once confined, nothing can be.
    fn cache_folder(&self, name: &str) -> Option<PathBuf> {
        let folder = cache_folder().filter(|_| !self.no_cache)?.join(name);
        cache::prepare(&folder).ok()?;
        Some(folder)
    }

    fn reach(&self) -> Reach {
        if self.buildtime {
            Reach::Buildtime
        } else {
            Reach::Runtime
        }
    }

    fn lowest(&self) -> Tier {
        if self.all { Tier::Low } else { Tier::Medium }
    }

    /// Reads a target and finds out what is in it.
    pub fn examine(
        &self,
        target: &Target,
        file: &AdvisoryFile<'_>,
        steps: &mut Steps,
    ) -> Result<Examined> {
        let nix = Nix::at(&self.root);
        let mut closure = input::closure(target, self.reach(), &nix)?;
        steps.done("reading the closure");
        input::attach_derivations(&mut closure, &nix)?;
        input::patches::attach(&mut closure, &nix);
        steps.done("reading derivations and patches");
        let inventory = Inventory::of(&closure);
        let identified = identify_all(&inventory, &closure, file, steps.progress())?;
        steps.progress().end();
        steps.done("identifying");
        Ok(Examined {
            closure,
            inventory,
            identified,
        })
    }

    /// Reads and judges a target. `with_prose`: with all that people read of the findings.
    pub fn judge(
        &self,
        target: &Target,
        with_prose: bool,
        file: &AdvisoryFile<'_>,
        steps: &mut Steps,
    ) -> Result<Judged> {
        let (examined, scan) = self.answer(target, file, steps)?;
        let prose = if with_prose {
            judge::prose(&scan, file)?
        } else {
            FxHashMap::default()
        };
        Ok(Judged {
            examined,
            scan,
            prose,
        })
    }

    /// The answer that was kept, where everything is as it was then; else a new one.
    fn answer(
        &self,
        target: &Target,
        file: &AdvisoryFile<'_>,
        steps: &mut Steps,
    ) -> Result<(Examined, Scan)> {
        let nix = Nix::at(&self.root);
        let question = Question {
            target,
            reach: self.reach(),
            nix: &nix,
            lowest: self.lowest(),
        };
        let folder = self.cache_folder(ANSWERS);
        let place = || Answer::to(question, folder.as_deref()?, file);
        let answer = place();
        if let Some(whole) = answer.as_ref().and_then(Answer::read) {
            steps.say(format_args!("nothing changed since it was scanned before"));
            steps.done("reading what was found then");
            let examined = Examined {
                closure: whole.closure,
                inventory: whole.inventory,
                identified: whole.identified,
            };
            return Ok((examined, whole.scan));
        }
        let examined = self.examine(target, file, steps)?;
        let scan = self.scan(&examined, file, steps)?;
        if let Some(answer) = answer {
            let Examined {
                closure,
                inventory,
                identified,
            } = &examined;
            let kept = answer.keep(place().as_ref(), closure, inventory, identified, &scan);
            if let Err(error) = kept {
                steps.say(format_args!("the answer is not kept: {error}"));
            }
        }
        Ok((examined, scan))
    }

    fn scan(
        &self,
        examined: &Examined,
        file: &AdvisoryFile<'_>,
        steps: &mut Steps,
    ) -> Result<Scan> {
        let mut cache = match self.cache_folder(VERDICTS) {
            Some(folder) => VerdictCache::open(&folder, file),
            None => VerdictCache::none(),
        };
        let scan = Scan::run(
            &examined.identified,
            file,
            self.lowest(),
            &mut cache,
            steps.progress(),
        )?;
        steps.say(format_args!(
            "{} of {} pieces of software judged before",
            scan.from_cache,
            scan.judged.len()
        ));
        steps.progress().end();
        steps.done("judging");
        if let Err(error) = cache.save() {
            steps.say(format_args!("verdicts are not kept: {error}"));
        }
        Ok(scan)
    }

    /// Everything that sets findings aside: files, and what the advisory file brings.
    pub fn suppressions(&self, file: &AdvisoryFile<'_>) -> Result<Suppressions> {
        let mut suppressions = Suppressions::default();
        for path in &self.suppress {
            suppressions.add_file(path)?;
        }
        for ruling in file.rulings()? {
            suppressions
                .add_ruling(ruling)
                .context("a decision in the advisory file")?;
        }
        Ok(suppressions)
    }

    fn check_age(&self, file: &AdvisoryFile<'_>) -> Result<()> {
        let now = jiff::Timestamp::now().as_millisecond();
        let created = file.header().created;
        let age = (now - created) / DAY;
        if created - now > DAY {
            eprintln!("warning: the advisory file is from the future; is the clock right?");
        }
        match self.max_age {
            Some(allowed) if age > i64::from(allowed) => Err(TooOld { age, allowed }.into()),
            None if age > 7 => {
                eprintln!(
                    "warning: the advisory file is {age} days old; newer advisories are missing"
                );
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
