//! `account`: local accounts, so that an instance needs no GitHub.

use std::io::{IsTerminal, Read};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use snowguard_tracker_db::Millis;
use snowguard_tracker_triage::role::{Role, Roles};
use snowguard_tracker_web::hash_password;

use super::{Database, Outcome, output};

/// What to do with accounts.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a local account, or give it another password and other roles; the password is asked for, or read
    /// from standard input
    Set {
        /// Its name
        name: String,
        /// A role; may be repeated
        #[arg(long = "role", value_enum)]
        roles: Vec<Given>,
    },
    /// List everybody
    List,
}

/// Roles that can be given.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Given {
    /// Decides on suggestions
    Triager,
    /// Publishes, makes rules
    SecurityTeam,
    /// Manages people
    Administrator,
}

impl From<Given> for Role {
    fn from(given: Given) -> Self {
        match given {
            Given::Triager => Self::Triager,
            Given::SecurityTeam => Self::SecurityTeam,
            Given::Administrator => Self::Administrator,
        }
    }
}

/// Longest password that is read, in bytes.
const LONGEST: u64 = 4096;

/// Does it.
pub fn run(database: &Database, options: &Options) -> Result<Outcome> {
    let db = database.open()?;
    match &options.command {
        Command::Set { name, roles } => {
            if name.is_empty()
                || name.len() > 100
                || name.contains(|c: char| c.is_control() || c.is_whitespace())
            {
                bail!("a name has 1 to 100 bytes and no spaces");
            }
            let password = hash_password(&password()?)?;
            let roles = Roles::new(roles.iter().copied().map(Role::from));
            let now = Millis::new(jiff::Timestamp::now().as_millisecond());
            let person = db.put_local_person(name, &password, roles, now)?;
            output::text(format_args!("{}\n", person.name))?;
        }
        Command::List => {
            let mut table = output::Table::default();
            for person in db.people()? {
                let roles = person
                    .roles()
                    .iter()
                    .filter(|role| *role != Role::Anonymous);
                let roles: Vec<&str> = roles.map(Role::title).collect();
                table.row([
                    output::inert(&person.name),
                    if person.is_local { "local" } else { "GitHub" }.to_owned(),
                    roles.join(", "),
                ]);
            }
            output::text(format_args!("{table}"))?;
        }
    }
    Ok(Outcome::Fine)
}

/// From the terminal without showing it, twice; else the first line of standard input. Never from an argument, which
/// everybody on the machine can read.
fn password() -> Result<String> {
    if std::io::stdin().is_terminal() {
        let first = rpassword::prompt_password("Password: ").context("reading the password")?;
        let second = rpassword::prompt_password("Again: ").context("reading the password")?;
        if first != second {
            bail!("these are two different passwords");
        }
        return Ok(first);
    }
    let mut text = String::new();
    std::io::stdin()
        .take(LONGEST)
        .read_to_string(&mut text)
        .context("reading the password from standard input")?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
