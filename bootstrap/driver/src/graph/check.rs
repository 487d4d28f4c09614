//! The meaning of step files: every name declared, no output written twice, no cycle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;

use super::names::{Digest, Name};
use super::place::{GraphError, GraphErrors, Place};
use super::references::{self, Reference};
use super::schema::{self, Document, Expected};
use super::{Graph, Origin, Source, Step};

/// No source is larger.
const MAX_SOURCE: u64 = 1 << 31;

/// What was read, with the text for line numbers.
#[derive(Default)]
pub struct Files {
    pub documents: Vec<(Arc<PathBuf>, String, Document)>,
    pub expected: Vec<(Arc<PathBuf>, String, Expected)>,
}

/// One file's view, for places.
struct In<'a> {
    file: &'a Arc<PathBuf>,
    text: &'a str,
}

impl In<'_> {
    fn place<T>(&self, value: &Spanned<T>) -> Place {
        Place::of(self.file, self.text, &value.span())
    }

    fn beside(&self, relative: &str) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(relative)
    }
}

/// Builds the graph.
pub fn check(files: Files, architecture: &str) -> Result<Graph, GraphErrors> {
    let mut check = Check::default();
    for (file, text, document) in files.documents {
        let at = In {
            file: &file,
            text: &text,
        };
        if *document.format.get_ref() != schema::FORMAT {
            let what = format!(
                "format {} is not known; this program reads {}",
                document.format.get_ref(),
                schema::FORMAT
            );
            check.wrong(&at.place(&document.format), what);
            continue;
        }
        for source in document.source {
            check.source(&at, source);
        }
        for step in document.step {
            check.step(&at, step);
        }
    }
    for (file, text, expected) in &files.expected {
        check.expected(&In { file, text }, expected, architecture);
    }
    check.declared();
    check.order();
    if check.errors.is_empty() {
        Ok(check.graph)
    } else {
        check.errors.sort_by(|a, b| a.place.cmp(&b.place));
        Err(GraphErrors(check.errors))
    }
}

#[derive(Default)]
struct Check {
    graph: Graph,
    /// Places of names, for errors: step, then what it names.
    inputs: BTreeMap<(Name, Name), Place>,
    references: Vec<(Name, Place, Reference)>,
    errors: Vec<GraphError>,
}

impl Check {
    fn wrong(&mut self, place: &Place, what: impl Into<String>) {
        self.errors.push(GraphError::new(place, what));
    }

    fn name(&mut self, at: &In<'_>, name: &Spanned<String>) -> Option<Name> {
        match Name::try_from(name.get_ref().clone()) {
            Ok(name) => Some(name),
            Err(what) => {
                self.wrong(&at.place(name), what);
                None
            }
        }
    }

    fn digest(&mut self, at: &In<'_>, digest: &Spanned<String>) -> Option<Digest> {
        match Digest::try_from(digest.get_ref().clone()) {
            Ok(digest) => Some(digest),
            Err(what) => {
                self.wrong(&at.place(digest), what);
                None
            }
        }
    }

    fn source(&mut self, at: &In<'_>, source: schema::Source) {
        let place = at.place(&source.name);
        let name = self.name(at, &source.name);
        let sha256 = self.digest(at, &source.sha256);
        if source.size > MAX_SOURCE {
            self.wrong(
                &place,
                format!("{} bytes; a source has at most {MAX_SOURCE}", source.size),
            );
        }
        let origin = match (&source.debian, &source.hex) {
            (Some(path), None) => {
                if !is_pool_path(path.get_ref()) {
                    let what = format!("`{}` is no path below `pool/`", path.get_ref());
                    self.wrong(&at.place(path), what);
                }
                Origin::Debian {
                    path: path.get_ref().clone(),
                    suite: source.suite.clone(),
                }
            }
            (None, Some(listing)) => {
                if !is_plain_relative(listing.get_ref()) {
                    let what = format!("`{}` leads out of the folder", listing.get_ref());
                    self.wrong(&at.place(listing), what);
                }
                Origin::Hex(at.beside(listing.get_ref()))
            }
            _ => {
                self.wrong(&place, "a source has exactly one origin: `debian` or `hex`");
                return;
            }
        };
        let (Some(name), Some(sha256)) = (name, sha256) else {
            return;
        };
        if let Some(other) = self.graph.sources.get(&name) {
            let what = format!("source `{name}` is declared at {} too", other.place);
            self.wrong(&place, what);
            return;
        }
        let source = Source {
            name: name.clone(),
            sha256,
            size: source.size,
            origin,
            trust: source.trust,
            description: source.description,
            place,
        };
        self.graph.sources.insert(name, source);
    }

    fn step(&mut self, at: &In<'_>, step: schema::Step) {
        let place = at.place(&step.name);
        let Some(name) = self.name(at, &step.name) else {
            return;
        };
        if let Some(other) = self.graph.steps.get(&name) {
            let what = format!(
                "two steps write the output `{name}`: here and at {}",
                other.place
            );
            self.wrong(&place, what);
            return;
        }
        let mut inputs = Vec::new();
        for input in &step.inputs {
            let Some(input_name) = self.name(at, input) else {
                continue;
            };
            if inputs.contains(&input_name) {
                self.wrong(
                    &at.place(input),
                    format!("input `{input_name}` is named twice"),
                );
                continue;
            }
            self.inputs
                .insert((name.clone(), input_name.clone()), at.place(input));
            inputs.push(input_name);
        }
        let mut sources = Vec::new();
        for source in &step.sources {
            if let Some(source_name) = self.name(at, source) {
                let reference = Reference::Source(source_name.to_string());
                self.references
                    .push((name.clone(), at.place(source), reference));
                sources.push(source_name);
            }
        }
        let files = self.files(at, &step.files, &sources);
        for (link, target) in &step.links {
            let link_place = at.place(target);
            if !is_plain_absolute(link) || in_fixed_folder(link) {
                let what = format!(
                    "`{link}` can't be a link: an absolute path outside of /in, /src, /out, /build, /tmp, /dev"
                );
                self.wrong(&link_place, what);
            }
            for reference in references::of_text(target.get_ref()) {
                self.references
                    .push((name.clone(), link_place.clone(), reference));
            }
        }
        for (variable, value) in &step.env {
            if !is_variable(variable) || value.contains('\0') {
                self.wrong(
                    &place,
                    format!("`{variable}` is no environment variable that can be set"),
                );
            }
            for reference in references::of_text(value) {
                self.references
                    .push((name.clone(), place.clone(), reference));
            }
        }
        for action in &step.action {
            let action_place = at.place(action);
            match serde_json::to_value(action.get_ref()) {
                Ok(value) => {
                    for reference in references::of_value(&value) {
                        self.references
                            .push((name.clone(), action_place.clone(), reference));
                    }
                }
                Err(error) => self.wrong(&action_place, error.to_string()),
            }
        }
        let step = Step {
            name: name.clone(),
            description: step.description,
            inputs,
            sources,
            files,
            links: step
                .links
                .into_iter()
                .map(|(link, target)| (link, target.into_inner()))
                .collect(),
            env: step.env,
            limits: step.limits,
            actions: step.action.into_iter().map(Spanned::into_inner).collect(),
            expected: None,
            place,
        };
        self.graph.steps.insert(name, step);
    }

    fn files(
        &mut self,
        at: &In<'_>,
        listed: &[Spanned<String>],
        sources: &[Name],
    ) -> BTreeMap<Name, PathBuf> {
        let mut files = BTreeMap::new();
        for file in listed {
            let place = at.place(file);
            let relative = file.get_ref();
            let last = relative.rsplit('/').next().unwrap_or_default();
            let Ok(file_name) = last.parse::<Name>() else {
                self.wrong(&place, format!("`{relative}` has no plain file name"));
                continue;
            };
            let path = at.beside(relative);
            if !is_plain_relative(relative) {
                self.wrong(&place, format!("`{relative}` leads out of the folder"));
            } else if !std::fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_file()) {
                self.wrong(&place, format!("there is no file `{}`", path.display()));
            }
            if sources.contains(&file_name) || files.contains_key(&file_name) {
                self.wrong(&place, format!("`/src/{file_name}` is declared twice"));
            }
            files.insert(file_name, path);
        }
        files
    }

    fn expected(&mut self, at: &In<'_>, expected: &Expected, architecture: &str) {
        for (arch, steps) in &expected.0 {
            for (step, digest) in steps {
                let parsed = self.digest(at, digest);
                let Some(parsed) = parsed.filter(|_| arch == architecture) else {
                    continue;
                };
                let place = at.place(digest);
                let found = step
                    .parse()
                    .ok()
                    .and_then(|name: Name| self.graph.steps.get_mut(&name));
                match found {
                    Some(found) if found.expected.is_none() => found.expected = Some(parsed),
                    Some(_) => {
                        self.wrong(&place, format!("the hash of `{step}` is recorded twice"))
                    }
                    None => self.wrong(&place, format!("there is no step `{step}`")),
                }
            }
        }
    }

    /// Nothing undeclared is named.
    fn declared(&mut self) {
        let mut errors = Vec::new();
        for ((step, input), place) in &self.inputs {
            if !self.graph.steps.contains_key(input) {
                let what = if self.graph.sources.contains_key(input) {
                    format!("step `{step}` has `{input}` as an input, which is a source")
                } else {
                    format!("step `{step}` needs `{input}`, and no step makes it")
                };
                errors.push(GraphError::new(place, what));
            }
        }
        for (step, place, reference) in &self.references {
            let Some(declared) = self.graph.steps.get(step) else {
                continue;
            };
            let what = match reference {
                Reference::Input(name) if !declared.inputs.iter().any(|i| i.as_str() == name) => {
                    format!("step `{step}` names /in/{name} and doesn't declare it as an input")
                }
                Reference::Source(name) => {
                    let source = declared.sources.iter().find(|s| s.as_str() == name);
                    let file = declared.files.keys().any(|f| f.as_str() == name);
                    match source {
                        Some(source) if !self.graph.sources.contains_key(source) => {
                            format!("step `{step}` needs the source `{name}`, and there is none")
                        }
                        None if !file => format!(
                            "step `{step}` names /src/{name} and declares it neither as a source nor as a file"
                        ),
                        _ => continue,
                    }
                }
                Reference::Input(_) => continue,
            };
            errors.push(GraphError::new(place, what));
        }
        errors.dedup();
        self.errors.extend(errors);
    }

    /// Sorts the steps, each after its inputs; what can't be sorted is a cycle.
    fn order(&mut self) {
        let mut waiting: BTreeMap<&Name, BTreeSet<&Name>> = self
            .graph
            .steps
            .values()
            .map(|step| {
                let known = step
                    .inputs
                    .iter()
                    .filter(|i| self.graph.steps.contains_key(*i));
                (&step.name, known.collect())
            })
            .collect();
        let mut order = Vec::new();
        while let Some(next) = waiting
            .iter()
            .find(|(_, inputs)| inputs.is_empty())
            .map(|(name, _)| *name)
        {
            waiting.remove(next);
            for inputs in waiting.values_mut() {
                inputs.remove(next);
            }
            order.push(next.clone());
        }
        if let Some(first) = waiting.keys().next().copied() {
            let cycle = walk(first, &waiting);
            let place = self.graph.steps[&cycle[0]].place.clone();
            let names: Vec<&str> = cycle.iter().map(Name::as_str).collect();
            let what = format!("steps wait for one another: {}", names.join(" needs "));
            self.errors.push(GraphError::new(&place, what));
        }
        self.graph.order = order;
    }
}

/// A cycle among steps that wait: each of them has an input that waits too.
fn walk(first: &Name, waiting: &BTreeMap<&Name, BTreeSet<&Name>>) -> Vec<Name> {
    let mut path = vec![first];
    loop {
        let last = path[path.len() - 1];
        let Some(next) = waiting.get(last).and_then(|inputs| inputs.first().copied()) else {
            return path.into_iter().cloned().collect();
        };
        if let Some(start) = path.iter().position(|name| *name == next) {
            let mut cycle: Vec<Name> = path[start..].iter().map(|name| (*name).clone()).collect();
            cycle.push(next.clone());
            return cycle;
        }
        path.push(next);
    }
}

fn is_pool_path(path: &str) -> bool {
    path.starts_with("pool/") && is_plain_relative(path)
}

fn is_plain_relative(path: &str) -> bool {
    !path.is_empty()
        && path.len() < 1024
        && Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
        && !path.contains(['\0', '\\', '?', '#', '%', '\n'])
}

fn is_plain_absolute(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(is_plain_relative)
}

fn in_fixed_folder(path: &str) -> bool {
    let first = path
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default();
    ["in", "src", "out", "build", "tmp", "dev", "proc", "sys"].contains(&first)
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}
