//! Files of the file system that this image was started from.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use snowguard_stub::companions::File as NamedFile;
use snowguard_stub::text::utf16_nul;
use uefi::boot::ScopedProtocol;
use uefi::proto::media::file::{Directory, File, FileAttribute, FileHandle, FileInfo, FileMode};
use uefi::proto::media::fs::SimpleFileSystem;
use uefi::{CStr16, Handle, Status};

use crate::protocol;

/// More files than this in a folder are passed over.
const COUNT_LIMIT: usize = 256;

/// The file system.
pub struct Volume {
    // Keeps the protocol open as long as its root is.
    _system: ScopedProtocol<SimpleFileSystem>,
    root: Directory,
}

impl Volume {
    /// Opens the file system of a device.
    pub fn open(device: Option<Handle>) -> Result<Self, Status> {
        let device = device.ok_or(Status::NO_MEDIA)?;
        let mut system =
            protocol::get::<SimpleFileSystem>(device).map_err(|error| error.status())?;
        let root = system.get_mut().ok_or(Status::UNSUPPORTED)?.open_volume();
        let root = root.map_err(|error| error.status())?;
        Ok(Self {
            _system: system,
            root,
        })
    }

    /// Reads a file, once, whole.
    pub fn read(&mut self, path: &str) -> Result<Vec<u8>, Status> {
        read(self.open_path(path)?)
    }

    /// Reads the files of a folder whose names `accept` takes; a folder that is not there has none.
    pub fn read_folder(
        &mut self,
        path: &str,
        accept: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Vec<NamedFile>>, Status> {
        let mut folder = match self.open_path(path) {
            Ok(handle) => handle.into_directory().ok_or(Status::NOT_FOUND)?,
            Err(Status::NOT_FOUND) => return Ok(None),
            Err(status) => return Err(status),
        };
        let mut files = Vec::new();
        let mut buffer = info_buffer();
        while let Some(info) = folder
            .read_entry(aligned(&mut buffer))
            .map_err(|error| error.status())?
        {
            let name: String = info.file_name().to_string();
            if info.is_directory() || !accept(&name) || files.len() >= COUNT_LIMIT {
                continue;
            }
            let handle = folder.open(info.file_name(), FileMode::Read, FileAttribute::empty());
            let bytes = read(handle.map_err(|error| error.status())?)?;
            files.push(NamedFile { name, bytes });
        }
        Ok(Some(files))
    }

    fn open_path(&mut self, path: &str) -> Result<FileHandle, Status> {
        let units = utf16_nul(path);
        let path = CStr16::from_u16_with_nul(&units).map_err(|_| Status::INVALID_PARAMETER)?;
        let opened = self.root.open(path, FileMode::Read, FileAttribute::empty());
        opened.map_err(|error| error.status())
    }
}

/// Room for one file's information: fixed fields, and a name of 255 characters.
fn info_buffer() -> [u8; 1024] {
    [0; 1024]
}

/// The information has to begin at a multiple of 8.
fn aligned(buffer: &mut [u8; 1024]) -> &mut [u8] {
    let at = buffer.as_ptr().align_offset(8);
    buffer.get_mut(at..).unwrap_or_default()
}

fn read(handle: FileHandle) -> Result<Vec<u8>, Status> {
    let mut file = handle.into_regular_file().ok_or(Status::UNSUPPORTED)?;
    let mut buffer = info_buffer();
    let info = file
        .get_info::<FileInfo>(aligned(&mut buffer))
        .map_err(|error| error.status())?;
    let size = usize::try_from(info.file_size()).map_err(|_| Status::OUT_OF_RESOURCES)?;
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(size)
        .map_err(|_| Status::OUT_OF_RESOURCES)?;
    bytes.resize(size, 0);
    let count = file.read(&mut bytes).map_err(|error| error.status())?;
    if count != size {
        return Err(Status::END_OF_FILE);
    }
    Ok(bytes)
}
