//! A machine whose boot partitions are folders.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use snowguard_boot_installer::error::Error;
use snowguard_boot_installer::loader::{ConsoleMode, Menu};
use snowguard_boot_installer::naming::ImageName;
use snowguard_boot_installer::partitions::Partitions;
use snowguard_boot_installer::plan::{Booted, Plan, Request, Settings};
use snowguard_boot_installer::transaction::{Summary, carry_out};
use snowguard_boot_installer::volume::{Mounted, Volume};

use crate::forge::{Exchangeable, forge};
use crate::store::{Store, boot_loader};

pub struct Machine {
    pub store: Store,
    pub forge: Exchangeable,
    pub settings: Settings,
    pub boot_loader: Vec<u8>,
    /// The file name of the entry that booted.
    pub entry: Option<String>,
    esp: tempfile::TempDir,
    xbootldr: Option<tempfile::TempDir>,
    default: PathBuf,
    booted: Option<PathBuf>,
}

impl Machine {
    pub fn new() -> Self {
        Self {
            store: Store::new(),
            forge: forge(),
            settings: settings(),
            boot_loader: boot_loader("252.1"),
            entry: None,
            esp: tempfile::tempdir().unwrap(),
            xbootldr: None,
            default: PathBuf::new(),
            booted: None,
        }
    }

    pub fn with_xbootldr(&mut self) {
        self.xbootldr = Some(tempfile::tempdir().unwrap());
    }

    pub fn esp(&self) -> &Path {
        self.esp.path()
    }

    pub fn switch_to(&mut self, generation: u64) {
        self.default = self.store.path(&format!("{generation}-system"));
    }

    pub fn boot(&mut self, generation: u64) {
        self.booted = Some(self.store.path(&format!("{generation}-system")));
        self.entry = None;
    }

    pub fn plan(&self) -> Result<Plan, Error> {
        self.with(|request, partitions| Plan::make(request, partitions, &self.forge))
    }

    pub fn try_install(&self) -> Result<Summary, Error> {
        self.with(|request, partitions| {
            let plan = Plan::make(request, partitions, &self.forge)?;
            carry_out(&plan, partitions, &self.forge)
        })
    }

    /// The same over a volume of the caller's.
    pub fn try_install_on(&self, esp: &dyn Volume) -> Result<Summary, Error> {
        self.request(|request| {
            let partitions = Partitions::esp_only(esp);
            let plan = Plan::make(request, &partitions, &self.forge)?;
            carry_out(&plan, &partitions, &self.forge)
        })
    }

    pub fn install(&self) -> Summary {
        self.try_install().unwrap()
    }

    fn with<T>(
        &self,
        act: impl FnOnce(&Request<'_>, &Partitions<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let esp = Mounted::lock(self.esp.path())?;
        let xbootldr = self
            .xbootldr
            .as_ref()
            .map(|folder| Mounted::lock(folder.path()))
            .transpose()?;
        let partitions = Partitions {
            esp: &esp,
            xbootldr: xbootldr.as_ref().map(|volume| volume as &dyn Volume),
        };
        self.request(|request| act(request, &partitions))
    }

    fn request<T>(&self, act: impl FnOnce(&Request<'_>) -> T) -> T {
        let entry = self.entry.as_deref().and_then(ImageName::parse);
        act(&Request {
            profile: &self.store.profile(),
            default: &self.default,
            booted: Booted {
                toplevel: self.booted.as_deref(),
                entry: entry.as_ref(),
            },
            boot_loader: &self.boot_loader,
            settings: &self.settings,
        })
    }

    fn boot_partition(&self) -> &Path {
        self.xbootldr.as_ref().unwrap_or(&self.esp).path()
    }

    fn image_names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.boot_partition().join("EFI/Linux"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| ImageName::parse(name).is_some())
            .collect();
        names.sort();
        names
    }

    /// Names of images with a star for the digest.
    pub fn images(&self) -> Vec<String> {
        let star = |name: String| {
            let mark = name.rfind('-').map(|at| at + 1).unwrap();
            format!("{}*{}", &name[..mark], &name[mark + 16..])
        };
        self.image_names().into_iter().map(star).collect()
    }

    pub fn images_of(&self, generation: u64) -> Vec<String> {
        let prefix = format!("nixos-generation-{generation}-");
        self.image_names()
            .into_iter()
            .filter(|name| name.starts_with(&prefix))
            .collect()
    }

    pub fn generations(&self) -> Vec<u64> {
        let names = self.image_names();
        let mut generations: Vec<_> = names
            .iter()
            .filter_map(|name| ImageName::parse(name))
            .map(|name| name.generation)
            .collect();
        generations.sort_unstable();
        generations
    }

    /// Renames as the boot loader and blessing do.
    pub fn rename_image(&self, prefix: &str, from: &str, to: &str) {
        for name in self.image_names() {
            if name.starts_with(prefix) && name.contains(from) {
                let folder = self.boot_partition().join("EFI/Linux");
                fs::rename(folder.join(&name), folder.join(name.replace(from, to))).unwrap();
            }
        }
    }

    pub fn plant(&self, file: &str, content: &[u8]) {
        let path = self.esp().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// All files, by path.
    pub fn files(&self) -> Vec<String> {
        self.snapshot().into_keys().collect()
    }

    pub fn snapshot(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.esp().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(self.esp()).unwrap().display().to_string();
                    files.insert(name, fs::read(&path).unwrap());
                }
            }
        }
        files
    }
}

pub fn settings() -> Settings {
    Settings {
        limit: None,
        tries: Some(3),
        menu: Menu {
            timeout: Some(5),
            editor: false,
            console_mode: ConsoleMode::Keep,
        },
    }
}
