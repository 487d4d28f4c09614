//! A program once for each file, several at a time.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use nix::unistd::Pid;

use super::paths::{from_build, resolve};
use super::pattern::find;
use super::program::{Program, Step, arguments, check, wait_any};
use crate::graph::schema::Each;

impl Step {
    /// `each`
    pub fn each(&self, action: &Each) -> Result<()> {
        let folder = from_build(&action.dir)?;
        let mut programs = Vec::new();
        for path in find(&folder, &action.files, &action.except)? {
            if let Some(program) = self.program(action, &folder, &path)? {
                programs.push(program);
            }
        }
        if programs.is_empty() {
            bail!("every file is left out");
        }
        let jobs = if action.serial { 1 } else { self.jobs };
        self.all(&programs, jobs)
    }

    /// The program for one file; none when it is left out.
    fn program(&self, action: &Each, folder: &Path, path: &str) -> Result<Option<Program>> {
        let parts = Parts::of(path);
        let fill = |text: &str| parts.fill(&self.fill(text));
        for other in &action.skip_if {
            if resolve(folder, &fill(other))?.exists() {
                return Ok(None);
            }
        }
        let file = |text: &Option<String>| {
            text.as_deref()
                .map(|text| resolve(folder, &fill(text)))
                .transpose()
        };
        Ok(Some(Program {
            argv: arguments(&action.argv, folder, fill)?,
            folder: folder.to_path_buf(),
            stdin: file(&action.stdin)?,
            stdout: file(&action.stdout)?,
            env: action.env.clone(),
        }))
    }

    /// Runs all, in order, `jobs` at a time; after a failure none is started.
    fn all(&self, programs: &[Program], jobs: usize) -> Result<()> {
        let mut running: BTreeMap<Pid, usize> = BTreeMap::new();
        let mut next = 0;
        let mut failed = None;
        while next < programs.len() || !running.is_empty() {
            while failed.is_none() && next < programs.len() && running.len() < jobs {
                match self.start(&programs[next]) {
                    Ok(pid) => {
                        running.insert(pid, next);
                    }
                    Err(error) => failed = Some(error),
                }
                next += 1;
            }
            if running.is_empty() {
                break;
            }
            let (ended, status) = wait_any()?;
            if let Some(index) = running.remove(&ended)
                && let Err(error) = check(&programs[index].argv, status, 0)
            {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

/// A path's parts, for filling in.
struct Parts<'a> {
    path: &'a str,
    dir: &'a str,
    base: &'a str,
    stem: &'a str,
}

impl<'a> Parts<'a> {
    fn of(path: &'a str) -> Self {
        let (dir, name) = path.rsplit_once('/').unwrap_or((".", path));
        let base = match name.rsplit_once('.') {
            Some((base, _)) if !base.is_empty() => base,
            _ => name,
        };
        let stem = &path[..path.len() - (name.len() - base.len())];
        Self {
            path,
            dir,
            base,
            stem,
        }
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{path}", self.path)
            .replace("{dir}", self.dir)
            .replace("{base}", self.base)
            .replace("{flat}", &self.stem.replace('/', "-"))
            .replace("{stem}", self.stem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_paths_are_filled_in() {
        let filled = |path: &str| Parts::of(path).fill("{path} {dir} {base} {stem} {flat} {x}");
        assert_eq!(
            filled("src/a/x.y.c"),
            "src/a/x.y.c src/a x.y src/a/x.y src-a-x.y {x}"
        );
        assert_eq!(filled("main"), "main . main main main {x}");
        assert_eq!(filled("a/.hid"), "a/.hid a .hid a/.hid a-.hid {x}");
    }
}
