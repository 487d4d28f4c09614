//! Files beside the image.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use snowguard_stub::companions::{self, File, Place};
use snowguard_stub::refusal::FirmwareStatus;
use uefi::Status;

use crate::console::say;
use crate::files::Volume;

/// The file system that the image stands on, and where it stands there.
pub struct Neighbourhood {
    /// Why there is none, where there is none.
    volume: Result<Volume, Status>,
    beside: Vec<String>,
}

impl Neighbourhood {
    /// `image` is the image's path.
    pub fn new(volume: Result<Volume, Status>, image: Option<&str>) -> Self {
        Self {
            volume,
            beside: image.map(companions::folders_beside).unwrap_or_default(),
        }
    }

    /// Reads a file that has to be there, once.
    pub fn read_file(&mut self, path: &str) -> Result<Vec<u8>, Status> {
        match &mut self.volume {
            Ok(volume) => volume.read(path),
            Err(status) => Err(*status),
        }
    }

    /// Reads the accepted files of a place. A folder that can't be read is said, and is empty.
    pub fn read(&mut self, place: Place, accept: &dyn Fn(&str) -> bool) -> Vec<File> {
        let Ok(volume) = &mut self.volume else {
            return Vec::new();
        };
        let one;
        let folders: &[String] = match place {
            Place::BesideImage => &self.beside,
            Place::Folder(folder) => {
                one = [String::from(folder)];
                &one
            }
        };
        for folder in folders {
            match volume.read_folder(folder, accept) {
                Ok(Some(files)) => return files,
                Ok(None) => {}
                Err(status) => say(&format!(
                    "{folder} can't be read ({}); its files are left out.",
                    FirmwareStatus(status.0)
                )),
            }
        }
        Vec::new()
    }
}
