//! What the first process gives up before anything of the step runs.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, Scope,
};
use nix::errno::Errno;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::personality::{self, Persona};
use nix::sys::prctl;
use nix::unistd::{Pid, sethostname};
use seccompiler::BpfProgram;

use crate::error::{SandboxError, Stage};
use crate::root::WRITABLE;
use crate::{HOST_NAME, Sandbox};

/// The newest Landlock that is asked for; an older kernel gives what it has.
const LANDLOCK: ABI = ABI::V6;
/// `KEYCTL_JOIN_SESSION_KEYRING` of keyctl(2).
const JOIN_SESSION_KEYRING: libc::c_int = 1;
/// `_LINUX_CAPABILITY_VERSION_3` of capset(2).
const CAPABILITY_VERSION: u32 = 0x2008_0522;

/// Fixes names, limits and processors, then drops every right. The filter of system calls is last,
/// since it forbids what the rest needs.
pub(crate) fn confine(sandbox: &Sandbox, filter: &BpfProgram) -> Result<(), SandboxError> {
    sethostname(HOST_NAME).stage(|| "set the host name".into())?;
    set_domain_name()?;
    fresh_keyring();
    personality::set(Persona::ADDR_NO_RANDOMIZE).stage(|| "fix the layout of addresses".into())?;
    processors(sandbox.processors)?;
    sandbox.limits.lay()?;
    drop_capabilities()?;
    prctl::set_no_new_privs().stage(|| "set no_new_privs".into())?;
    // Otherwise a program of the step, which has the same user, could look into this process.
    prctl::set_dumpable(false).stage(|| "forbid dumps".into())?;
    restrict_files()?;
    seccompiler::apply_filter(filter)
        .map_err(|error| SandboxError::setup("restrict system calls", error))
}

fn set_domain_name() -> Result<(), SandboxError> {
    #[allow(unsafe_code, reason = "nix has no setdomainname")]
    // SAFETY: the pointer and the length are those of one live text; the kernel only reads it.
    let result = unsafe { libc::setdomainname(HOST_NAME.as_ptr().cast(), HOST_NAME.len()) };
    Errno::result(result)
        .map(drop)
        .stage(|| "set the domain name".into())
}

/// Leaves the user's keyrings behind. A kernel without keys has none to leave.
fn fresh_keyring() {
    #[allow(unsafe_code, reason = "no crate in use wraps keyctl")]
    // SAFETY: this operation takes a null name for an anonymous keyring and touches no memory.
    let _serial = unsafe {
        libc::syscall(
            libc::SYS_keyctl,
            JOIN_SESSION_KEYRING,
            std::ptr::null::<libc::c_char>(),
        )
    };
}

/// Keeps the first `count` of the processors that this process may use; all when 0.
fn processors(count: usize) -> Result<(), SandboxError> {
    if count == 0 {
        return Ok(());
    }
    let this = Pid::from_raw(0);
    let stage = || "choose processors".to_owned();
    let all = sched_getaffinity(this).stage(stage)?;
    let mut chosen = CpuSet::new();
    let usable = (0..CpuSet::count()).filter(|cpu| all.is_set(*cpu).unwrap_or(false));
    for cpu in usable.take(count) {
        chosen.set(cpu).stage(stage)?;
    }
    sched_setaffinity(this, &chosen).stage(stage)
}

#[repr(C)]
struct CapabilityHeader {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct CapabilitySets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Empties the bounding set, and with it what any program could gain, and then every other set.
fn drop_capabilities() -> Result<(), SandboxError> {
    for capability in 0..64_u64 {
        #[allow(unsafe_code, reason = "nix has no PR_CAPBSET_DROP")]
        // SAFETY: this operation of prctl takes a number and touches no memory.
        let result = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
        match Errno::result(result) {
            Ok(_) => {}
            // The kernel knows no more capabilities.
            Err(Errno::EINVAL) => break,
            Err(error) => return Err(error).stage(|| format!("give up capability {capability}")),
        }
    }
    let header = CapabilityHeader {
        version: CAPABILITY_VERSION,
        pid: 0,
    };
    let sets = [CapabilitySets {
        effective: 0,
        permitted: 0,
        inheritable: 0,
    }; 2];
    #[allow(unsafe_code, reason = "no crate in use wraps capset")]
    // SAFETY: version 3 takes a header and two sets of three 32-bit words, which is what both
    // structures are; the kernel only reads the sets, and writes the header's version at most.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw const header, sets.as_ptr()) };
    Errno::result(result)
        .map(drop)
        .stage(|| "give up all capabilities".into())
}

/// The same walls a second time, by another mechanism of the kernel: reading anywhere in the root,
/// writing only in the three folders, no device made, no port, no signal or socket to the outside.
fn restrict_files() -> Result<(), SandboxError> {
    let all = AccessFs::from_all(LANDLOCK);
    let own_files: BitFlags<AccessFs> = all & !(AccessFs::MakeChar | AccessFs::MakeBlock);
    let mut rules = vec![
        beneath("/", AccessFs::from_read(LANDLOCK))?,
        beneath(
            "/dev",
            AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::ReadDir,
        )?,
    ];
    for folder in WRITABLE {
        rules.push(beneath(&format!("/{folder}"), own_files)?);
    }
    let restricted = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)
        .and_then(|rules| rules.handle_access(AccessNet::from_all(LANDLOCK)))
        .and_then(|rules| rules.scope(Scope::from_all(LANDLOCK)))
        .and_then(Ruleset::create)
        .and_then(|created| created.add_rules(rules.into_iter().map(Ok::<_, RulesetError>)))
        .and_then(RulesetCreated::restrict_self);
    restricted
        .map(drop)
        .map_err(|error| SandboxError::setup("restrict files with Landlock", error))
}

fn beneath(folder: &str, access: BitFlags<AccessFs>) -> Result<PathBeneath<PathFd>, SandboxError> {
    let handle = PathFd::new(folder)
        .map_err(|error| SandboxError::setup(format!("open {folder}"), error))?;
    Ok(PathBeneath::new(handle, access))
}
