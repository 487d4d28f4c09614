//! Where a name leads in the store: links are followed as that root folder's own programs would.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use snowguard_nix_formats::{StoreDir, StorePath};

use super::{InputError, Nix};

/// As the kernel counts them.
const LINKS: usize = 40;

/// The store path that a name leads to: one in the root folder, where it is there, else one of
/// this machine (`./result` of a build for another).
pub(crate) fn resolve(path: &Path, nix: &Nix) -> Result<StorePath, InputError> {
    let absolute = std::path::absolute(path).map_err(|source| InputError::Read {
        path: path.to_owned(),
        source,
    })?;
    let own = Path::new("/");
    within(&nix.root, &absolute, &nix.store)
        .or_else(|| within(own, &absolute, &nix.store))
        .ok_or_else(|| InputError::NotInStore {
            path: path.to_owned(),
            store: nix.store.as_str().to_owned(),
        })
}

/// Follows links below a root folder, out of which none leads. A store path may itself be a link, and
/// then it is the one that counts.
pub(super) fn within(root: &Path, path: &Path, store: &StoreDir) -> Option<StorePath> {
    let mut open: VecDeque<OsString> = parts(path).collect();
    let mut at = PathBuf::from("/");
    let mut links = 0;
    while let Some(part) = open.pop_front() {
        if part == ".." {
            at.pop();
            continue;
        }
        at.push(part);
        if let Some(text) = at.to_str()
            && let Ok((found, _)) = StorePath::containing(text, store)
        {
            return Some(found);
        }
        let here = root.join(at.strip_prefix("/").ok()?);
        // Of a database without its files, a path is known all the same.
        if !fs::symlink_metadata(&here).is_ok_and(|found| found.is_symlink()) {
            continue;
        }
        links += 1;
        if links > LINKS {
            return None;
        }
        let next = fs::read_link(&here).ok()?;
        if next.is_absolute() {
            at = PathBuf::from("/");
        } else {
            at.pop();
        }
        for part in parts(&next).collect::<Vec<OsString>>().into_iter().rev() {
            open.push_front(part);
        }
    }
    None
}

/// Names, and `..`.
fn parts(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_stay_in_the_root_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let path = format!("/nix/store/{}-system", "a".repeat(32));
        for name in ["run", "home/me", "nix/profiles"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        let link = |to: &str, at: &str| symlink(to, root.join(at)).unwrap();
        link(&path, "nix/profiles/system-1-link");
        link("system-1-link", "nix/profiles/system");
        link("/nix/profiles/system", "run/current");
        link("../../../../run/current", "home/me/up");
        link(&format!("{path}/bin/sh"), "home/me/sh");
        link("/home/me", "home/you");
        link("loop", "run/loop");
        link("/nowhere/x", "run/away");
        let store = StoreDir::default();
        let found = |name: &str| {
            let found = within(root, Path::new(name), &store);
            found.map(|found| found.to_absolute(&store))
        };
        for name in [
            "/run/current",
            "/home/me/up",
            "/home/you/up",
            "/home/you/../me/sh",
        ] {
            assert_eq!(found(name).as_deref(), Some(path.as_str()), "{name}");
        }
        for name in [
            "/run/loop",
            "/run/away",
            "/run",
            "/",
            "/run/current/../../x",
        ] {
            let expected = name.ends_with('x').then_some(path.as_str());
            assert_eq!(found(name).as_deref(), expected, "{name}");
        }
    }
}
