//! A real PostgreSQL server for tests (feature `testing`).
//!
//! One server serves all test processes of a user: the first one that asks starts it, in a folder
//! under the system's temporary folder, on a Unix socket alone and without syncing. Each process
//! holds a shared lock while it lives; a watcher stops the server once nobody holds it.

mod tls;

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, NoTls};

pub use tls::{TlsServer, tls_server};

/// A fresh database, dropped with this value.
#[derive(Debug)]
pub struct PostgresDatabase {
    /// Its URL.
    pub url: String,
    name: String,
    server: &'static Server,
}

/// Makes a fresh database on the shared server, starting that when it does not run.
///
/// # Errors
/// A sentence for a person, when PostgreSQL is not installed or does not start: print it, and
/// that the test is left out.
pub fn postgres() -> Result<PostgresDatabase, String> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = SERVER
        .get_or_init(Server::find_or_start)
        .as_ref()
        .map_err(Clone::clone)?;
    let name = format!(
        "t{}_{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    let mut client = server
        .connect("postgres")
        .map_err(|failed| failed.to_string())?;
    let create = format!("DROP DATABASE IF EXISTS {name}; ");
    client
        .batch_execute(&create)
        .map_err(|failed| format!("{create}: {failed}"))?;
    let create = format!("CREATE DATABASE {name} TEMPLATE template0");
    client
        .batch_execute(&create)
        .map_err(|failed| format!("{create}: {failed}"))?;
    Ok(PostgresDatabase {
        url: server.url(&name),
        name,
        server,
    })
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        // A database that stays goes with the server; a test must not fail for it.
        if let Ok(mut client) = self.server.connect("postgres") {
            let _ = client.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

#[derive(Debug)]
struct Server {
    sockets: PathBuf,
    /// Held while this process lives.
    _users: File,
}

/// How to run the server's programs: as root they refuse, so another user runs them.
struct Programs {
    folder: PathBuf,
    user: Option<User>,
}

struct User {
    name: String,
    uid: u32,
    gid: u32,
}

impl Server {
    fn find_or_start() -> Result<Self, String> {
        let folder =
            programs_folder().ok_or("PostgreSQL's programs (initdb, pg_ctl) are not installed")?;
        let base = std::env::temp_dir().join(format!("snowguard-test-postgres-{}", own_uid()?));
        make_folder(&base)?;
        let users = lock_file(&base.join("users.lock"))?;
        users
            .lock_shared()
            .map_err(|failed| describe("users.lock", &failed))?;
        let starting = lock_file(&base.join("start.lock"))?;
        starting
            .lock()
            .map_err(|failed| describe("start.lock", &failed))?;
        let server = Self {
            sockets: base.join("socket"),
            _users: users,
        };
        if server.connect("postgres").is_err() {
            let user = if own_uid()? == 0 {
                Some(unprivileged_user()?)
            } else {
                None
            };
            start(&base, &Programs { folder, user })?;
            server
                .connect("postgres")
                .map_err(|failed| format!("the server has started, but: {failed}"))?;
        }
        Ok(server)
    }

    fn url(&self, database: &str) -> String {
        let host = self.sockets.display().to_string().replace('/', "%2F");
        format!("postgres://tester@{host}/{database}")
    }

    fn connect(&self, database: &str) -> Result<Client, postgres::Error> {
        Client::connect(&self.url(database), NoTls)
    }
}

fn start(base: &Path, programs: &Programs) -> Result<(), String> {
    let (data, sockets) = (base.join("data"), base.join("socket"));
    for folder in [&data, &sockets] {
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(|failed| describe(folder, &failed))?;
        }
        make_folder(folder)?;
        if let Some(user) = &programs.user {
            chown(folder, Some(user.uid), Some(user.gid))
                .map_err(|failed| describe(folder, &failed))?;
        }
    }
    let mut initdb = programs.command("initdb");
    initdb.arg("-D").arg(&data);
    initdb.args([
        "-U",
        "tester",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
        "--no-instructions",
    ]);
    run(&mut initdb)?;
    let settings = format!(
        "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off -c synchronous_commit=off \
         -c full_page_writes=off -c max_connections=200 -c shared_buffers=64MB -c log_min_messages=fatal",
        sockets.display()
    );
    let log = data.join("server.log");
    let mut pg_ctl = programs.command("pg_ctl");
    pg_ctl
        .arg("-D")
        .arg(&data)
        .arg("-l")
        .arg(&log)
        .args(["-w", "-t", "60", "-o", &settings, "start"]);
    // The server outlives this process, so it must not hold its output open.
    pg_ctl.stdout(Stdio::null()).stderr(Stdio::null());
    run(&mut pg_ctl).map_err(|failed| {
        let log = fs::read_to_string(&log).unwrap_or_default();
        format!("{failed}\n{log}")
    })?;
    watch(base, programs)
}

/// `flock` gets the lock only when no test process lives; one that comes while the server is being
/// stopped waits for the lock, and starts it again.
const SCRIPT: &str = r#"users=$1 data=$2; shift 2
while sleep 20; do
  if flock -n -x "$users" "$@"; then rm -rf "$data"; exit; fi
done"#;

/// Stops the server when no test process has lived for a while.
fn watch(base: &Path, programs: &Programs) -> Result<(), String> {
    let mut stop = programs.command("pg_ctl");
    stop.arg("-D")
        .arg(base.join("data"))
        .args(["-m", "immediate", "stop"]);
    let mut watcher = Command::new("sh");
    watcher.args(["-c", SCRIPT, "watcher"]);
    watcher.arg(base.join("users.lock")).arg(base.join("data"));
    watcher.arg(stop.get_program()).args(stop.get_args());
    watcher
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .current_dir("/")
        .process_group(0);
    watcher
        .spawn()
        .map(drop)
        .map_err(|failed| describe("sh", &failed))
}

impl Programs {
    fn command(&self, program: &str) -> Command {
        let path = self.folder.join(program);
        let mut command = match &self.user {
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args([
                    "--reuid",
                    &user.name,
                    "--regid",
                    &user.gid.to_string(),
                    "--clear-groups",
                    "--",
                ]);
                command.arg(path);
                command
            }
            None => Command::new(path),
        };
        // Not the test's folder: the other user may not enter it.
        command.current_dir("/").stdin(Stdio::null());
        command
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|failed| describe(command.get_program(), &failed))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    ))
}

/// Where `initdb` is: on the path, or where Debian puts it, the newest version.
fn programs_folder() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut debian: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    debian.sort();
    debian.reverse();
    std::env::split_paths(&path)
        .chain(debian)
        .find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}

/// Any user that is not root will do.
fn unprivileged_user() -> Result<User, String> {
    let users =
        fs::read_to_string("/etc/passwd").map_err(|failed| describe("/etc/passwd", &failed))?;
    let find = |wanted: &str| {
        users.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let (uid, gid) = (fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?);
            (fields.first() == Some(&wanted)).then(|| User {
                name: wanted.to_owned(),
                uid,
                gid,
            })
        })
    };
    find("postgres")
        .or_else(|| find("nobody"))
        .ok_or_else(|| "there is no user to run PostgreSQL as".to_owned())
}

fn own_uid() -> Result<u32, String> {
    fs::metadata("/proc/self")
        .map(|own| own.uid())
        .map_err(|failed| describe("/proc/self", &failed))
}

fn make_folder(folder: &Path) -> Result<(), String> {
    match fs::DirBuilder::new().mode(0o755).create(folder) {
        Err(failed) if failed.kind() == std::io::ErrorKind::AlreadyExists => {
            // Another user's folder under this name could hold anything.
            let owner = fs::symlink_metadata(folder).map_err(|failed| describe(folder, &failed))?;
            if owner.is_dir() && owner.uid() == own_uid()? {
                Ok(())
            } else {
                Err(format!("{} belongs to another user", folder.display()))
            }
        }
        made => made.map_err(|failed| describe(folder, &failed)),
    }
}

fn lock_file(path: &Path) -> Result<File, String> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|failed| describe(path, &failed))?;
    file.set_permissions(fs::Permissions::from_mode(0o600))
        .map_err(|failed| describe(path, &failed))?;
    Ok(file)
}

fn describe(what: impl AsRef<Path>, failed: &std::io::Error) -> String {
    format!("{}: {failed}", what.as_ref().display())
}
