//! The list: each call with the reason why a build needs it.

/// A system call that a step may make.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// Its name in the kernel.
    pub name: &'static str,
    /// Its number on this processor.
    pub number: i64,
    /// With which arguments.
    pub when: When,
    /// What a build needs it for.
    pub reason: &'static str,
}

/// With which arguments a call is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// With any.
    Always,
    /// Flags of `clone` without new namespaces.
    NoNamespaces,
    /// The argument of this index is a mode without set-user-id and set-group-id.
    PlainMode(u8),
    /// The argument of this index is the mode of a named pipe.
    Fifo(u8),
    /// A request that asks, or that flags a descriptor.
    Ioctl,
    /// What a process says of itself.
    Prctl,
    /// The usual personality.
    Personality,
    /// A pair of local sockets.
    LocalSocket,
    /// The process itself, by the number 0.
    OwnLimits,
}

/// One line per call: its number's name, with which arguments, and why.
macro_rules! calls {
    ($($number:ident $when:ident $(($argument:literal))?: $reason:literal;)*) => {
        &[$(Allowed {
            name: stringify!($number).split_at("SYS_".len()).1,
            number: libc::$number,
            when: When::$when $(($argument))?,
            reason: $reason,
        }),*]
    };
}

/// Every call that a step may make.
pub const ALLOWED: &[Allowed] = calls! {
    SYS_read Always: "reads files and pipes";
    SYS_write Always: "writes files and pipes";
    SYS_readv Always: "reads into several buffers; stdio of musl";
    SYS_writev Always: "writes several buffers; stdio of musl";
    SYS_pread64 Always: "reads at an offset; archivers and linkers";
    SYS_pwrite64 Always: "writes at an offset; archivers and linkers";
    SYS_preadv Always: "reads at an offset into several buffers";
    SYS_pwritev Always: "writes several buffers at an offset";
    SYS_close Always: "closes what it opened";
    SYS_close_range Always: "closes many at once before a program starts";
    SYS_lseek Always: "moves in a file";
    SYS_openat Always: "opens files; the root holds only what was given";
    SYS_fstat Always: "asks about an open file";
    SYS_newfstatat Always: "asks about a file by path";
    SYS_statx Always: "asks about a file by path; newer C libraries";
    SYS_faccessat Always: "asks whether a file may be used";
    SYS_faccessat2 Always: "asks whether a file may be used, with flags";
    SYS_readlinkat Always: "reads a link";
    SYS_getdents64 Always: "lists a folder";
    SYS_mkdirat Always: "makes a folder";
    SYS_unlinkat Always: "removes a file or folder";
    SYS_renameat Always: "renames; of `mv`";
    SYS_renameat2 Always: "renames with flags; of coreutils";
    SYS_linkat Always: "makes a hard link among its own files";
    SYS_symlinkat Always: "makes a symbolic link";
    SYS_ftruncate Always: "shortens a file; linkers";
    SYS_truncate Always: "shortens a file by path";
    SYS_fallocate Always: "reserves room for a file";
    SYS_fadvise64 Always: "hints how a file is read";
    SYS_fsync Always: "asks for a file to be written; in memory nothing happens";
    SYS_fdatasync Always: "the same, for content alone";
    SYS_sync_file_range Always: "the same, for a part";
    SYS_utimensat Always: "sets times of its own files; archivers";
    SYS_fchown Always: "sets its own user again; archivers ask for it";
    SYS_fchownat Always: "the same, by path";
    SYS_statfs Always: "asks how full the file system is";
    SYS_fstatfs Always: "the same, for an open file";
    SYS_copy_file_range Always: "copies between its own files; coreutils";
    SYS_sendfile Always: "copies between its own files";
    SYS_splice Always: "moves between pipes and files";
    SYS_tee Always: "copies between pipes";
    SYS_flock Always: "locks its own files";
    SYS_fcntl Always: "flags and locks of open files";
    SYS_dup Always: "copies a descriptor";
    SYS_dup3 Always: "copies a descriptor to a number";
    SYS_pipe2 Always: "makes a pipe; shells and make";
    SYS_chdir Always: "changes the working folder";
    SYS_fchdir Always: "the same, to an open folder";
    SYS_getcwd Always: "asks for the working folder";
    SYS_umask Always: "sets the mask for new files";
    SYS_getxattr Always: "asks for attributes that aren't there; coreutils";
    SYS_lgetxattr Always: "the same, of a link";
    SYS_fgetxattr Always: "the same, of an open file";
    SYS_listxattr Always: "lists attributes that aren't there";
    SYS_llistxattr Always: "the same, of a link";
    SYS_flistxattr Always: "the same, of an open file";
    SYS_brk Always: "moves the end of the heap";
    SYS_mmap Always: "maps memory and files";
    SYS_munmap Always: "gives memory back";
    SYS_mprotect Always: "changes what memory may do; loaders and tcc -run";
    SYS_mremap Always: "moves memory; realloc";
    SYS_madvise Always: "hints how memory is used; allocators";
    SYS_msync Always: "writes a mapping back";
    SYS_mincore Always: "asks what is in memory";
    SYS_mlock Always: "refused by its limit; asked for by libraries";
    SYS_execve Always: "starts a program";
    SYS_execveat Always: "starts a program by descriptor";
    SYS_exit Always: "ends a thread";
    SYS_exit_group Always: "ends a process";
    SYS_wait4 Always: "waits for a process";
    SYS_waitid Always: "waits for a process";
    SYS_kill Always: "signals its own processes; others aren't in its namespace";
    SYS_tkill Always: "signals a thread of its own";
    SYS_tgkill Always: "signals a thread of its own; abort";
    SYS_getpid Always: "asks who it is";
    SYS_getppid Always: "asks who started it";
    SYS_gettid Always: "asks which thread it is";
    SYS_getuid Always: "asks for its user";
    SYS_geteuid Always: "asks for its user";
    SYS_getgid Always: "asks for its group";
    SYS_getegid Always: "asks for its group";
    SYS_getresuid Always: "asks for its users";
    SYS_getresgid Always: "asks for its groups";
    SYS_getgroups Always: "asks for its groups";
    SYS_getpgid Always: "asks for its process group";
    SYS_setpgid Always: "makes a process group; shells";
    SYS_getsid Always: "asks for its session";
    SYS_setsid Always: "makes a session";
    SYS_getpriority Always: "asks how urgent it is";
    SYS_sched_yield Always: "lets others run";
    SYS_sched_getaffinity Always: "asks on how many processors it runs; nproc";
    SYS_getcpu Always: "asks on which processor it runs";
    SYS_set_tid_address Always: "starts a thread; the C library";
    SYS_set_robust_list Always: "the same";
    SYS_get_robust_list Always: "the same";
    SYS_rseq Always: "the same; glibc";
    SYS_futex Always: "waits for another thread";
    SYS_membarrier Always: "orders memory between threads";
    SYS_getrlimit Always: "asks for its limits";
    SYS_getrusage Always: "asks what it used; time";
    SYS_times Always: "asks what it used";
    SYS_sysinfo Always: "asks how much memory there is; make, sort";
    SYS_uname Always: "asks for the system's name; configure";
    SYS_rt_sigaction Always: "sets a handler";
    SYS_rt_sigprocmask Always: "masks signals";
    SYS_rt_sigreturn Always: "returns from a handler";
    SYS_rt_sigsuspend Always: "waits for a signal";
    SYS_rt_sigpending Always: "asks for waiting signals";
    SYS_rt_sigtimedwait Always: "waits for a signal, for a time";
    SYS_sigaltstack Always: "a stack for handlers; bash";
    SYS_restart_syscall Always: "goes on after a stop";
    SYS_clock_gettime Always: "asks for the time";
    SYS_clock_getres Always: "asks how exact the time is";
    SYS_clock_nanosleep Always: "sleeps";
    SYS_nanosleep Always: "sleeps";
    SYS_gettimeofday Always: "asks for the time";
    SYS_setitimer Always: "an alarm of its own";
    SYS_getitimer Always: "asks for the alarm";
    SYS_timer_create Always: "a timer of its own";
    SYS_timer_settime Always: "sets that timer";
    SYS_timer_delete Always: "removes that timer";
    SYS_ppoll Always: "waits for pipes";
    SYS_pselect6 Always: "waits for pipes; make";
    SYS_epoll_create1 Always: "waits for many pipes";
    SYS_epoll_ctl Always: "the same";
    SYS_epoll_pwait Always: "the same";
    SYS_eventfd2 Always: "wakes a thread";
    SYS_getrandom Always: "random bytes; hash tables and names of temporary files";
    SYS_memfd_create Always: "a file in memory; within its limits";
    SYS_pidfd_open Always: "a handle of a process of its own namespace";
    SYS_pidfd_send_signal Always: "signals through such a handle";
    SYS_clone NoNamespaces: "starts a process or thread, in the same namespaces";
    SYS_fchmod PlainMode(1): "sets a mode without set-id bits";
    SYS_fchmodat PlainMode(2): "sets a mode by path, without set-id bits";
    SYS_mknodat Fifo(2): "makes a named pipe, no device; make's job server";
    SYS_ioctl Ioctl: "asks about a terminal or pipe; types into none";
    SYS_prctl Prctl: "names a thread, follows its parent's death";
    SYS_personality Personality: "asks for the personality, or for fixed addresses; gcc";
    SYS_socketpair LocalSocket: "a pipe in two directions between its own processes";
    SYS_prlimit64 OwnLimits: "asks for and lowers its own limits";
};

/// Older calls besides, which newer processors never had.
#[cfg(target_arch = "x86_64")]
pub const OLDER: &[Allowed] = calls! {
    SYS_open Always: "opens files; what hex0 and older C libraries use";
    SYS_creat Always: "makes a file";
    SYS_stat Always: "asks about a file";
    SYS_lstat Always: "asks about a link";
    SYS_access Always: "asks whether a file may be used";
    SYS_readlink Always: "reads a link";
    SYS_getdents Always: "lists a folder, the older call";
    SYS_mkdir Always: "makes a folder";
    SYS_rmdir Always: "removes a folder";
    SYS_unlink Always: "removes a file";
    SYS_rename Always: "renames";
    SYS_link Always: "makes a hard link among its own files";
    SYS_symlink Always: "makes a symbolic link";
    SYS_chmod PlainMode(1): "sets a mode without set-id bits";
    SYS_chown Always: "sets its own user again";
    SYS_lchown Always: "the same, of a link";
    SYS_mknod Fifo(1): "makes a named pipe, no device";
    SYS_utime Always: "sets times of its own files";
    SYS_utimes Always: "the same";
    SYS_futimesat Always: "the same";
    SYS_dup2 Always: "copies a descriptor to a number; shells";
    SYS_pipe Always: "makes a pipe";
    SYS_poll Always: "waits for pipes";
    SYS_select Always: "waits for pipes";
    SYS_epoll_create Always: "waits for many pipes";
    SYS_epoll_wait Always: "the same";
    SYS_fork Always: "starts a process";
    SYS_vfork Always: "starts a process";
    SYS_arch_prctl Always: "sets the register for thread-local memory; every C library";
    SYS_alarm Always: "an alarm of its own";
    SYS_pause Always: "waits for a signal";
    SYS_time Always: "asks for the time";
    SYS_getpgrp Always: "asks for its process group";
};

/// This processor has no older calls.
#[cfg(not(target_arch = "x86_64"))]
pub const OLDER: &[Allowed] = &[];
