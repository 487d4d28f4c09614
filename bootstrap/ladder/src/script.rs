//! The script that climbs the ladder: one command per line, as the rung `run` reads it.
//!
//! `#` starts a comment; words stand between spaces; there is no quoting, no variable and no
//! pattern. A line `## rung NAME: WHAT IT IS` starts a rung.

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program's path, from the folder in which the script runs.
    pub program: String,
    /// Its arguments; for all tools of the ladder the inputs and, last, the output.
    pub arguments: Vec<String>,
    /// Where the command stands in the script, counted from 1.
    pub line: usize,
}

impl Command {
    /// The files that the command reads.
    pub fn inputs(&self) -> &[String] {
        match self.tool() {
            "same" => &self.arguments,
            _ => &self.arguments[..self.arguments.len() - 1],
        }
    }

    /// The file that the command writes; `same` writes none.
    pub fn output(&self) -> Option<&str> {
        match self.tool() {
            "same" => None,
            _ => self.arguments.last().map(String::as_str),
        }
    }

    /// The program's name without its folder.
    pub fn tool(&self) -> &str {
        self.program.rsplit('/').next().unwrap_or(&self.program)
    }
}

/// The commands that make one rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// A short name.
    pub name: String,
    /// A sentence.
    pub about: String,
    /// At least one.
    pub commands: Vec<Command>,
}

/// Why a script is refused.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScriptError {
    /// A command stands before the first rung.
    #[error("line {0}: a command before the first `## rung`")]
    NoRung(usize),
    /// A rung's line lacks its name or sentence.
    #[error("line {0}: expected `## rung NAME: WHAT IT IS`")]
    Heading(usize),
    /// A command without two arguments.
    #[error("line {0}: a command needs an input and an output")]
    Arguments(usize),
    /// A path leads out of the folder.
    #[error("line {line}: `{path}` is not a path below the folder")]
    Path {
        /// The line.
        line: usize,
        /// The path.
        path: String,
    },
}

pub(crate) fn parse(text: &str) -> Result<Vec<Rung>, ScriptError> {
    let mut rungs: Vec<Rung> = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        if let Some(heading) = text.strip_prefix("## rung ") {
            let (name, about) = heading.split_once(": ").ok_or(ScriptError::Heading(line))?;
            rungs.push(Rung {
                name: name.to_owned(),
                about: about.to_owned(),
                commands: Vec::new(),
            });
            continue;
        }
        let code = text.split('#').next().unwrap_or_default();
        let mut words = code.split_ascii_whitespace().map(str::to_owned);
        let Some(program) = words.next() else {
            continue;
        };
        // Other command runners search for a program unless its path starts like this.
        let program = program.trim_start_matches("./").to_owned();
        let arguments: Vec<String> = words.collect();
        if arguments.len() < 2 {
            return Err(ScriptError::Arguments(line));
        }
        for path in arguments.iter().chain([&program]) {
            let plain = |part: &str| !matches!(part, "" | "." | "..");
            if !path.split('/').all(plain) {
                let path = path.clone();
                return Err(ScriptError::Path { line, path });
            }
        }
        let rung = rungs.last_mut().ok_or(ScriptError::NoRung(line))?;
        rung.commands.push(Command {
            program,
            arguments,
            line,
        });
    }
    Ok(rungs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_rungs_of_commands() {
        let rungs = parse("# x\n## rung a: An a.\nbin/a src/x  bin/y # z\n\n").unwrap();
        assert_eq!(rungs.len(), 1);
        assert_eq!(rungs[0].commands[0].tool(), "a");
        assert_eq!(rungs[0].commands[0].inputs(), ["src/x"]);
        assert_eq!(rungs[0].commands[0].output(), Some("bin/y"));
        assert_eq!(rungs[0].commands[0].line, 3);
    }

    #[test]
    fn a_script_stays_in_its_folder() {
        for path in ["/bin/sh", "../x", "a/../b", "a//b"] {
            let text = format!("## rung a: b\nbin/a {path} c\n");
            assert!(
                matches!(parse(&text), Err(ScriptError::Path { .. })),
                "{path}"
            );
        }
        assert_eq!(parse("a b c"), Err(ScriptError::NoRung(1)));
        assert_eq!(parse("## rung a\n"), Err(ScriptError::Heading(1)));
        assert_eq!(parse("## rung a: b\na b\n"), Err(ScriptError::Arguments(2)));
    }
}
