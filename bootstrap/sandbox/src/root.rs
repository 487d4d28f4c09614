//! The root that a step sees: laid in memory, entered, and made read-only.

use std::ffi::CString;
use std::fs::{self, OpenOptions};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::{Mode, major, minor};
use nix::unistd::{chdir, pivot_root};

use crate::Sandbox;
use crate::error::{SandboxError, Stage};
use crate::tree;

/// Where the root is laid before it is entered. Every system has this folder, and what stands in
/// it is reached by descriptors.
const BASE: &str = "/tmp";
/// The devices of the private `/dev`.
pub(crate) const DEVICES: [(&str, u64, u64); 5] = [
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
];
/// What a step may write to.
pub(crate) const WRITABLE: [&str; 3] = ["build", "out", "tmp"];

/// Handles of the trees. They are opened as the user outside, who may read what the user inside may
/// not, and in the new mount namespace, so that they can be bound.
pub(crate) fn open_trees(sandbox: &Sandbox) -> Result<Vec<OwnedFd>, SandboxError> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    sandbox
        .trees
        .iter()
        .map(|tree| {
            open(&tree.host, flags, Mode::empty()).stage(|| format!("open {}", tree.host.display()))
        })
        .collect()
}

/// Lays the root and enters it. Afterwards nothing of the machine can be named.
pub(crate) fn enter(sandbox: &Sandbox, trees: &[OwnedFd]) -> Result<(), SandboxError> {
    let none = None::<&str>;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(none, "/", none, private, none).stage(|| "keep mounts to this namespace".into())?;
    let base = Path::new(BASE);
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let options = Some("mode=0755,size=100%,nr_inodes=0");
    mount(Some("root"), base, Some("tmpfs"), flags, options).stage(|| "mount the root".into())?;

    // In one order, because that is the order in which the root lists them.
    for folder in ["build", "dev", "in", "out", "src", "tmp"] {
        make_folder(&base.join(folder))?;
    }
    devices(base)?;
    let mut binds = Vec::new();
    lay_trees(sandbox, trees, base, &mut binds)?;
    links(sandbox, base)?;
    for (from, to) in &binds {
        bind(from, to)?;
        close(
            to,
            libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV,
        )?;
    }
    writable(sandbox, base)?;

    chdir(base).stage(|| "enter the root".into())?;
    // pivot_root(2), "pivot_root(".", ".")": the old root lies over the new one until it is taken off.
    pivot_root(".", ".").stage(|| "change the root".into())?;
    umount2(".", MntFlags::MNT_DETACH).stage(|| "leave the old root".into())?;
    chdir("/").stage(|| "enter the root".into())?;
    close(
        Path::new("/"),
        libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV,
    )?;
    chdir("/build").stage(|| "enter /build".into())
}

fn lay_trees(
    sandbox: &Sandbox,
    trees: &[OwnedFd],
    base: &Path,
    binds: &mut Vec<(PathBuf, PathBuf)>,
) -> Result<(), SandboxError> {
    for (tree, handle) in sandbox.trees.iter().zip(trees) {
        let to = base.join(tree.at.trim_start_matches('/'));
        let host = PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd()));
        let meta = fs::metadata(&host).stage(|| format!("look at {}", tree.host.display()))?;
        if meta.is_dir() {
            tree::lay(&host.join("."), &to, sandbox.order, binds)?;
        } else {
            tree::lay_file(&host, &to, tree.executable)?;
        }
    }
    Ok(())
}

fn links(sandbox: &Sandbox, base: &Path) -> Result<(), SandboxError> {
    for (at, target) in &sandbox.links {
        let link = base.join(at.trim_start_matches('/'));
        if let Some(parent) = link.parent() {
            fs::create_dir_all(parent).stage(|| format!("make the folder of {at}"))?;
        }
        symlink(target, &link).stage(|| format!("link {at}"))?;
    }
    Ok(())
}

fn devices(base: &Path) -> Result<(), SandboxError> {
    for (name, major_number, minor_number) in DEVICES {
        let device = Path::new("/dev").join(name);
        let meta =
            fs::symlink_metadata(&device).stage(|| format!("look at {}", device.display()))?;
        let number = meta.rdev();
        let right = meta.file_type().is_char_device()
            && (major(number), minor(number)) == (major_number, minor_number);
        if !right {
            return Err(SandboxError::Device {
                path: device,
                major: major_number,
                minor: minor_number,
            });
        }
        let to = base.join("dev").join(name);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o666)
            .open(&to)
            .stage(|| format!("make {}", to.display()))?;
        bind(&device, &to)?;
        close(
            &to,
            libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC,
        )?;
    }
    Ok(())
}

/// One file system for all that is written, so that its size bounds everything together.
fn writable(sandbox: &Sandbox, base: &Path) -> Result<(), SandboxError> {
    let limits = &sandbox.limits;
    let options = format!(
        "mode=0755,size={},nr_inodes={}",
        limits.files, limits.inodes
    );
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let whole = base.join("tmp");
    mount(
        Some("work"),
        &whole,
        Some("tmpfs"),
        flags,
        Some(options.as_str()),
    )
    .stage(|| "mount the working folders".into())?;
    for folder in WRITABLE {
        make_folder(&whole.join(folder))?;
    }
    for folder in ["build", "out", "tmp"] {
        // `tmp` is last: it covers the mount that the others are bound from.
        bind(&whole.join(folder), &base.join(folder))?;
    }
    Ok(())
}

fn make_folder(folder: &Path) -> Result<(), SandboxError> {
    fs::create_dir(folder).stage(|| format!("make {}", folder.display()))
}

fn bind(from: &Path, to: &Path) -> Result<(), SandboxError> {
    let none = None::<&str>;
    mount(Some(from), to, none, MsFlags::MS_BIND, none)
        .stage(|| format!("bind {} to {}", from.display(), to.display()))
}

/// Adds attributes to the mount at `at`; what the machine's own mount forbids stays forbidden.
fn close(at: &Path, attributes: u64) -> Result<(), SandboxError> {
    let stage = || format!("close {}", at.display());
    let path = CString::new(at.as_os_str().as_encoded_bytes())
        .map_err(|error| SandboxError::setup(stage(), error))?;
    let request = libc::mount_attr {
        attr_set: attributes,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    #[allow(unsafe_code, reason = "no crate in use wraps mount_setattr")]
    // SAFETY: `path` ends in NUL and `request` is a whole `mount_attr` of the length that is given;
    // the kernel only reads both, during the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            0,
            &raw const request,
            size_of::<libc::mount_attr>(),
        )
    };
    nix::errno::Errno::result(result).map(drop).stage(stage)
}
