//! What the partitions hold, for people and programs.

use std::fmt;

use serde::Serialize;

use crate::error::Error;
use crate::image::{Forge, Signature};
use crate::naming::{Counter, ImageName, Payload};
use crate::partitions::{Partition, Partitions};
use crate::survey::{Condition, FoundImage, Survey};
use crate::variables::{SecureBoot, Variables};
use crate::volume::Space;

/// The state of a machine's boot.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Whether the firmware checks signatures.
    pub secure_boot: SecureBoot,
    /// The entry that was started, as the boot loader calls it.
    pub booted: Option<String>,
    /// Who signs here: the certificate's subject.
    pub signer: String,
    /// The boot loader where firmware looks for it.
    pub loaders: Vec<LoaderStatus>,
    /// The entries, the boot loader's choice first.
    pub entries: Vec<EntryStatus>,
    /// Kernels and initrds that are not what their names say, and what no entry names.
    pub payloads: Vec<PayloadStatus>,
    /// What else stands among the entries.
    pub foreign: Vec<String>,
    /// Room on the ESP.
    pub esp: Space,
    /// Room on XBOOTLDR, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xbootldr: Option<Space>,
}

/// A boot loader.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoaderStatus {
    /// Where.
    pub path: String,
    /// The version that it says it has, if it is systemd-boot.
    pub version: Option<String>,
    /// Whose signature it has.
    pub signature: Signature,
}

/// An entry of the boot menu.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryStatus {
    /// The image.
    pub name: ImageName,
    /// Its generation.
    pub generation: u64,
    /// Its title.
    pub title: Option<String>,
    /// Whether this one was started.
    pub is_booted: bool,
    /// Its boot counter; without one it is good.
    pub counter: Option<Counter>,
    /// Whose signature it has.
    pub signature: Signature,
    /// What is wrong with it or with what it names; it doesn't boot unless this is empty.
    pub damage: Vec<String>,
}

/// A kernel or initrd worth telling of.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PayloadStatus {
    /// Where.
    pub path: String,
    /// What is wrong with it.
    pub damage: Option<String>,
    /// Whether an entry names it.
    pub is_needed: bool,
}

impl Status {
    /// Looks at everything, and hashes every kernel and initrd.
    ///
    /// # Errors
    /// When a folder or a variable can't be read.
    pub fn take(
        partitions: &Partitions<'_>,
        forge: &dyn Forge,
        variables: &Variables,
    ) -> Result<Self, Error> {
        let mut survey = Survey::take(partitions, forge)?;
        survey.verify_payloads(partitions.volume(Partition::Boot), |_| true);
        let booted = variables.selected_entry()?;
        let is_booted = |image: &FoundImage| {
            let id = image.name.id();
            booted
                .as_ref()
                .is_some_and(|entry| entry.eq_ignore_ascii_case(&id))
        };
        let needs = |payload: &Payload| {
            survey
                .images
                .iter()
                .any(|image| image.payloads().any(|one| one == payload))
        };
        Ok(Self {
            secure_boot: variables.secure_boot()?,
            signer: forge.signer_name(),
            loaders: loaders(&survey),
            entries: survey
                .images
                .iter()
                .map(|image| entry(image, &survey, is_booted(image)))
                .collect(),
            payloads: survey
                .payloads
                .iter()
                .map(|(payload, found)| PayloadStatus {
                    path: found.path.to_string(),
                    damage: damage(&found.condition),
                    is_needed: needs(payload),
                })
                .filter(|status| status.damage.is_some() || !status.is_needed)
                .collect(),
            esp: survey.esp_space,
            xbootldr: (!partitions.is_single()).then_some(survey.boot_space),
            booted,
            foreign: survey.foreign,
        })
    }

    /// Whether everything is as an install leaves it: there is an entry that boots, the boot loader
    /// is ours, and nothing is damaged.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let boots = self
            .entries
            .first()
            .is_some_and(|entry| entry.damage.is_empty());
        let ours = self
            .loaders
            .iter()
            .any(|loader| loader.signature == Signature::Ours);
        let whole = self.entries.iter().all(|entry| entry.damage.is_empty());
        boots && ours && whole
    }
}

fn loaders(survey: &Survey) -> Vec<LoaderStatus> {
    let present = |found: &crate::survey::FoundLoader| {
        found.found.as_ref().map(|loader| LoaderStatus {
            path: found.place.path().to_string(),
            version: loader.version.clone(),
            signature: match &loader.read {
                Ok(read) => read.signature.clone(),
                Err(why) => Signature::Broken(why.clone()),
            },
        })
    };
    survey.loaders.iter().filter_map(present).collect()
}

fn entry(image: &FoundImage, survey: &Survey, is_booted: bool) -> EntryStatus {
    let (signature, title) = match &image.read {
        Ok(read) => (
            read.signature.clone(),
            read.content.as_ref().map(|content| content.title()),
        ),
        Err(why) => (Signature::Broken(why.clone()), None),
    };
    let mut damage = Vec::new();
    match &image.read {
        Err(why) => damage.push(why.clone()),
        Ok(read) if read.signature != Signature::Ours => damage.push(read.signature.to_string()),
        Ok(read) if read.content.is_none() => damage.push("not a thin image".to_owned()),
        Ok(_) => {}
    }
    for payload in image.payloads() {
        match survey.payloads.get(payload) {
            None => damage.push(format!("{payload} is missing")),
            Some(found) => {
                damage.extend(self::damage(&found.condition).map(|why| format!("{payload}: {why}")))
            }
        }
    }
    EntryStatus {
        generation: image.name.generation,
        counter: image.name.counter,
        name: image.name.clone(),
        title,
        is_booted,
        signature,
        damage,
    }
}

fn damage(condition: &Condition) -> Option<String> {
    match condition {
        Condition::Damaged(why) => Some(why.clone()),
        Condition::Intact | Condition::Unknown => None,
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secure_boot = match self.secure_boot {
            SecureBoot::On => "on",
            SecureBoot::Off => "off",
            SecureBoot::SetupMode => "off: setup mode, no platform key is enrolled",
            SecureBoot::Unknown => "unknown: no EFI variables",
        };
        writeln!(f, "Secure Boot  {secure_boot}")?;
        writeln!(f, "signer       {}", self.signer)?;
        writeln!(
            f,
            "booted       {}",
            self.booted.as_deref().unwrap_or("unknown")
        )?;
        for loader in &self.loaders {
            let version = loader.version.as_deref().unwrap_or("not systemd-boot");
            writeln!(
                f,
                "loader       {} {version}, {}",
                loader.path, loader.signature
            )?;
        }
        for entry in &self.entries {
            write!(f, "entry        {}", entry.title.as_deref().unwrap_or("?"))?;
            match entry.counter {
                None => write!(f, ", good")?,
                Some(counter) if counter.left == 0 => write!(f, ", failed {} times", counter.done)?,
                Some(counter) => write!(f, ", on trial: {} tries left", counter.left)?,
            }
            writeln!(
                f,
                ", {}{}",
                entry.signature,
                if entry.is_booted { ", booted" } else { "" }
            )?;
            for damage in &entry.damage {
                writeln!(f, "  damage     {damage}")?;
            }
        }
        for payload in &self.payloads {
            let what = payload.damage.as_deref().unwrap_or("no entry names it");
            writeln!(f, "file         {}: {what}", payload.path)?;
        }
        for foreign in &self.foreign {
            writeln!(f, "foreign      EFI/Linux/{foreign}")?;
        }
        writeln!(f, "room         ESP: {} bytes free", self.esp.free_bytes())?;
        if let Some(space) = &self.xbootldr {
            writeln!(
                f,
                "room         XBOOTLDR: {} bytes free",
                space.free_bytes()
            )?;
        }
        Ok(())
    }
}
