//! Waiting for a change of some files: told by the kernel where it can, looked for otherwise.
//!
//! Source: inotify(7)

use std::collections::BTreeSet;
use std::fs;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};

/// Links in links.
const LINKS: usize = 40;
/// Changes come in bursts; a file is replaced in several steps.
const SETTLE: Duration = Duration::from_millis(500);

/// Waits for changes in the folders of some files.
#[derive(Debug)]
pub struct Wake {
    /// Something changed. `None` where the kernel tells nothing.
    told: Option<Receiver<()>>,
}

impl Wake {
    /// For these files, and for all that they lead to as links. A network's file system tells nothing
    /// of what others change on it, and a kernel may have no watches left: [`Wake::wait`] then ends
    /// with its time.
    #[must_use]
    pub fn on(files: &[PathBuf]) -> Self {
        Self {
            told: Self::try_on(files).ok(),
        }
    }

    fn try_on(files: &[PathBuf]) -> std::io::Result<Receiver<()>> {
        let kernel = inotify::init(CreateFlags::CLOEXEC)?;
        let flags = WatchFlags::CREATE
            | WatchFlags::MOVED_TO
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::DELETE;
        for folder in folders(files) {
            inotify::add_watch(&kernel, &folder, flags)?;
        }
        let (tell, told) = channel();
        thread::spawn(move || {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut reader = Reader::new(kernel, &mut buffer);
            // Ends with the process, or when nobody waits any more.
            while reader.next().is_ok() && tell.send(()).is_ok() {}
        });
        Ok(told)
    }

    /// Waits for a change, at most so long.
    pub fn wait(&self, at_most: Duration) {
        match &self.told {
            None => thread::sleep(at_most),
            Some(told) => match told.recv_timeout(at_most) {
                Ok(()) => {
                    thread::sleep(SETTLE);
                    while told.try_recv().is_ok() {}
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => thread::sleep(at_most),
            },
        }
    }
}

/// The folders in which a change of the files, or of a link that one of them is, can be seen.
fn folders(files: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    for file in files {
        let mut at = file.clone();
        for _ in 0..LINKS {
            let folder = match at.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
                _ => PathBuf::from("."),
            };
            // The store's folder changes with every build, and no link in it ever does.
            if folder == Path::new("/nix/store") {
                break;
            }
            if folder.is_dir() {
                folders.insert(folder.clone());
            }
            let Ok(next) = fs::read_link(&at) else {
                break;
            };
            at = folder.join(next);
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_on_the_way_is_watched() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["a", "b"] {
            fs::create_dir(at(name)).unwrap();
        }
        std::os::unix::fs::symlink(at("b/second"), at("a/first")).unwrap();
        std::os::unix::fs::symlink("/nix/store/x", at("b/second")).unwrap();
        let found = folders(&[at("a/first"), at("nowhere/file")]);
        assert_eq!(found, BTreeSet::from([at("a"), at("b")]));
    }

    #[test]
    fn a_change_ends_the_wait() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let wake = Wake::on(std::slice::from_ref(&file));
        let started = std::time::Instant::now();
        let writer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(100));
            fs::write(file, "x").unwrap();
        });
        wake.wait(Duration::from_secs(60));
        writer.join().unwrap();
        if wake.told.is_some() {
            assert!(started.elapsed() < Duration::from_secs(50));
        }
    }
}
