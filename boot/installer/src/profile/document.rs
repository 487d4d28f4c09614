//! `boot.json` of a system, checked.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use bootspec::generation::Generation as Versions;
use bootspec::v1::{BootSpecV1, GenerationV1};
use bootspec::{BootJson, JSON_FILENAME};
use jiff::civil::Date;

use super::System;

/// Larger documents are refused unread. A real one has some kilobytes for each specialisation.
const LARGEST: u64 = 4 << 20;
/// More systems in one generation are refused.
const MOST_SYSTEMS: usize = 256;
/// x86-64 and AArch64 keep `COMMAND_LINE_SIZE` = 2048 bytes, a NUL among them, and cut off the
/// rest without a word.
const LONGEST_COMMAND_LINE: usize = 2047;

/// One system of the document, with the specialisations that lead to it.
pub struct Described {
    specialisation: Vec<String>,
    spec: BootSpecV1,
}

/// Reads the document of this system: the system itself first.
pub fn read(toplevel: &Path) -> Result<Vec<Described>, String> {
    let path = toplevel.join(JSON_FILENAME);
    let file = File::open(&path).map_err(|error| format!("{JSON_FILENAME}: {error}"))?;
    let mut text = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut text)
        .map_err(|error| format!("{JSON_FILENAME}: {error}"))?;
    if text.len() as u64 > LARGEST {
        return Err(format!("{JSON_FILENAME}: over {LARGEST} bytes"));
    }
    parse(&text)
}

fn parse(text: &[u8]) -> Result<Vec<Described>, String> {
    let document: BootJson = serde_json::from_slice(text).map_err(|error| {
        let versioned = serde_json::from_slice::<serde_json::Value>(text)
            .is_ok_and(|value| value.get("org.nixos.bootspec.v1").is_some());
        if versioned || error.is_syntax() || error.is_eof() {
            format!("{JSON_FILENAME}: {error}")
        } else {
            format!("{JSON_FILENAME}: no org.nixos.bootspec.v1 in it")
        }
    })?;
    let Versions::V1(root) = document.generation else {
        return Err(format!(
            "{JSON_FILENAME}: a version of bootspec that is not known here"
        ));
    };
    let mut described = Vec::new();
    flatten(Vec::new(), root, &mut described)?;
    Ok(described)
}

/// Depth is bounded by the JSON reader's own limit (128 levels).
fn flatten(
    names: Vec<String>,
    generation: GenerationV1,
    into: &mut Vec<Described>,
) -> Result<(), String> {
    if into.len() == MOST_SYSTEMS {
        return Err(format!(
            "{JSON_FILENAME}: over {MOST_SYSTEMS} specialisations"
        ));
    }
    into.push(Described {
        specialisation: names.clone(),
        spec: generation.bootspec,
    });
    let mut inner: Vec<_> = generation.specialisations.into_iter().collect();
    inner.sort_by(|(one, _), (other, _)| one.0.cmp(&other.0));
    for (name, specialisation) in inner {
        let mut names = names.clone();
        names.push(name.0);
        flatten(names, specialisation.generation, into)?;
    }
    Ok(())
}

impl Described {
    /// Checks what was read against the store and the kernel's limits.
    pub fn into_system(self, generation: u64, built: Date) -> Result<System, String> {
        let spec = self.spec;
        let of = |what: &str| match self.specialisation.as_slice() {
            [] => what.to_owned(),
            names => format!("{what} of specialisation {}", names.join("/")),
        };
        let kernel = file(&spec.kernel, &of("kernel"))?;
        let initrd = spec.initrd.as_deref().map(|path| file(path, &of("initrd")));
        let secrets = spec
            .initrd_secrets
            .as_deref()
            .map(|path| file(path, &of("initrdSecrets")));
        let toplevel = absolute(&spec.toplevel.0, &of("toplevel"))?;
        let command_line =
            command_line(&spec).map_err(|why| format!("{}: {why}", of("kernelParams")))?;
        let initrd_secrets = secrets.transpose()?;
        let initrd = initrd.transpose()?;
        if initrd_secrets.is_some() && initrd.is_none() {
            return Err(format!("{} without an initrd", of("initrdSecrets")));
        }
        Ok(System {
            generation,
            specialisation: self.specialisation,
            built,
            label: spec.label,
            toplevel,
            kernel,
            initrd,
            initrd_secrets,
            command_line,
        })
    }
}

/// A parameter may hold `=` and blanks within quotation marks (`root=UUID=…`, `dyndbg="file a +p"`);
/// it is handed on as it stands.
fn command_line(spec: &BootSpecV1) -> Result<String, String> {
    let init = absolute(&spec.init, "init")?;
    let init = init.to_str().ok_or("init is not UTF-8")?;
    if init.contains(|c: char| c.is_whitespace() || c == '"') {
        return Err(format!("init holds a blank or a quotation mark: {init:?}"));
    }
    let mut line = format!("init={init}");
    for parameter in &spec.kernel_params {
        if parameter.contains(char::is_control) {
            return Err(format!("a control character in {parameter:?}"));
        }
        line.push(' ');
        line.push_str(parameter);
    }
    if line.len() > LONGEST_COMMAND_LINE {
        return Err(format!(
            "{} bytes with init=, and the kernel would cut off what is beyond {LONGEST_COMMAND_LINE}",
            line.len()
        ));
    }
    Ok(line)
}

fn file(path: &Path, what: &str) -> Result<PathBuf, String> {
    let path = absolute(path, what)?;
    match std::fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => Ok(path),
        Ok(_) => Err(format!("{what}: {} is not a file", path.display())),
        Err(error) => Err(format!("{what}: {}: {error}", path.display())),
    }
}

fn absolute(path: &Path, what: &str) -> Result<PathBuf, String> {
    let plain = |part: Component<'_>| matches!(part, Component::RootDir | Component::Normal(_));
    if path.is_absolute() && path.components().all(plain) {
        Ok(path.to_owned())
    } else {
        Err(format!(
            "{what}: {} is not a plain absolute path",
            path.display()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(inner: &str) -> String {
        format!(
            r#""org.nixos.bootspec.v1": {{"init": "/s/init", "initrd": "/s/initrd", "initrdSecrets": null,
            "kernel": "/s/k", "kernelParams": ["root=UUID=a-b", "dyndbg=\"file a +p\""], "label": "L",
            "system": "x86_64-linux", "toplevel": "/s"}}, "org.nixos.specialisation.v1": {{{inner}}}"#
        )
    }

    #[test]
    fn specialisations_are_found_at_any_depth() {
        let deep = (0..40).fold(String::new(), |inner, level| {
            format!(r#""s{level}": {{{}}}"#, spec(&inner))
        });
        let read = parse(format!("{{{}}}", spec(&deep)).as_bytes()).expect("reads");
        assert_eq!(read.len(), 41);
        assert_eq!(read[0].specialisation.len(), 0);
        assert_eq!(read[40].specialisation.len(), 40);
        assert_eq!(read[1].specialisation, ["s39"]);
        assert_eq!(
            command_line(&read[40].spec).expect("plain"),
            "init=/s/init root=UUID=a-b dyndbg=\"file a +p\""
        );
    }

    #[test]
    fn extensions_and_null_secrets_are_no_obstacle() {
        let text = format!(
            r#"{{{}, "org.nixos.systemd-boot": {{"sortKey": "nixos"}}, "x": [1]}}"#,
            spec("")
        );
        let read = parse(text.as_bytes()).expect("reads");
        assert_eq!(read[0].spec.initrd_secrets, None);
    }

    #[test]
    fn what_is_no_bootspec_is_told_apart() {
        let reason = |text: &str| parse(text.as_bytes()).err().expect("refused");
        assert!(reason("{").contains("EOF"));
        assert!(reason(r#"{"org.nixos.bootspec.v9": {}}"#).contains("no org.nixos.bootspec.v1"));
        assert!(reason("[]").contains("bootspec"));
        let bottomless = r#"{"a":"#.repeat(500);
        assert!(reason(&bottomless).contains("recursion limit"));
    }

    #[test]
    fn a_parameter_cannot_smuggle_a_line() {
        let text = format!("{{{}}}", spec("")).replace("root=UUID=a-b", "a\\nb");
        let read = parse(text.as_bytes()).expect("reads");
        assert!(
            command_line(&read[0].spec)
                .expect_err("refused")
                .contains("control character")
        );
        let text = format!("{{{}}}", spec("")).replace("root=UUID=a-b", &"x".repeat(2100));
        let read = parse(text.as_bytes()).expect("reads");
        assert!(
            command_line(&read[0].spec)
                .expect_err("refused")
                .contains("cut off")
        );
    }
}
