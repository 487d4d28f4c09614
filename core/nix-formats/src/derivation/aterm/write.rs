//! Writing a `.drv` file.

use super::DYNAMIC_VERSION;
use crate::derivation::{Derivation, InputOutputs, Output};
use crate::store_path::{StoreDir, StorePath};

/// Writes the bytes that Nix writes for this derivation.
#[must_use]
pub fn write(derivation: &Derivation, store_dir: &StoreDir) -> Vec<u8> {
    let mut writer = Writer {
        out: Vec::with_capacity(4096),
        store_dir,
    };
    let is_dynamic = derivation
        .input_derivations
        .values()
        .any(|input| !input.dynamic().is_empty());
    if is_dynamic {
        writer.raw("DrvWithVersion(");
        writer.string(DYNAMIC_VERSION.as_bytes());
        writer.raw(",");
    } else {
        writer.raw("Derive(");
    }
    writer.list(&derivation.outputs, |writer, (name, output)| {
        writer.raw("(");
        writer.string(name.as_str().as_bytes());
        writer.output(output);
        writer.raw(")");
    });
    writer.raw(",");
    writer.list(&derivation.input_derivations, |writer, (path, node)| {
        writer.raw("(");
        writer.path(path);
        writer.raw(",");
        writer.node(node);
        writer.raw(")");
    });
    writer.raw(",");
    writer.list(&derivation.input_sources, Writer::path);
    writer.raw(",");
    writer.string(&derivation.system);
    writer.raw(",");
    writer.string(&derivation.builder);
    writer.raw(",");
    writer.list(&derivation.arguments, |writer, argument| {
        writer.string(argument)
    });
    writer.raw(",");
    writer.list(&derivation.environment, |writer, (name, value)| {
        writer.raw("(");
        writer.string(name);
        writer.raw(",");
        writer.string(value);
        writer.raw(")");
    });
    writer.raw(")");
    writer.out
}

struct Writer<'a> {
    out: Vec<u8>,
    store_dir: &'a StoreDir,
}

impl Writer<'_> {
    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn list<T>(
        &mut self,
        entries: impl IntoIterator<Item = T>,
        mut entry: impl FnMut(&mut Self, T),
    ) {
        self.raw("[");
        for (position, item) in entries.into_iter().enumerate() {
            if position > 0 {
                self.raw(",");
            }
            entry(self, item);
        }
        self.raw("]");
    }

    fn string(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        let mut rest = bytes;
        while let Some(plain) = rest.iter().position(|byte| escape(*byte).is_some()) {
            self.out.extend_from_slice(&rest[..plain]);
            self.out.push(b'\\');
            self.out.extend(escape(rest[plain]));
            rest = &rest[plain + 1..];
        }
        self.out.extend_from_slice(rest);
        self.out.push(b'"');
    }

    fn path(&mut self, path: &StorePath) {
        // Neither a store directory nor a base name holds a byte to escape, except that a store
        // directory may hold `"` or `\`: so the one goes through `string`.
        self.string(path.to_absolute(self.store_dir).as_bytes());
    }

    /// Writes `,` and the three fields of an output.
    fn output(&mut self, output: &Output) {
        let (algorithm, hash) = match output {
            Output::InputAddressed(_) | Output::Deferred => (String::new(), String::new()),
            Output::Fixed(fixed) => {
                let hash = fixed.address().hash();
                let method = fixed.address().method();
                (
                    format!("{}{}", method.prefix(), hash.algorithm()),
                    hash.base16(),
                )
            }
            Output::Floating { method, algorithm } => {
                (format!("{}{algorithm}", method.prefix()), String::new())
            }
            Output::Impure { method, algorithm } => (
                format!("{}{algorithm}", method.prefix()),
                "impure".to_owned(),
            ),
        };
        self.raw(",");
        match output.path() {
            Some(path) => self.path(path),
            None => self.raw("\"\""),
        }
        for field in [algorithm, hash] {
            self.raw(",");
            self.string(field.as_bytes());
        }
    }

    fn node(&mut self, node: &InputOutputs) {
        let is_dynamic = !node.dynamic().is_empty();
        if is_dynamic {
            self.raw("(");
        }
        self.list(node.names(), |writer, name| {
            writer.string(name.as_str().as_bytes())
        });
        if is_dynamic {
            self.raw(",");
            self.list(node.dynamic(), |writer, (name, inner)| {
                writer.raw("(");
                writer.string(name.as_str().as_bytes());
                writer.raw(",");
                writer.node(inner);
                writer.raw(")");
            });
            self.raw(")");
        }
    }
}

fn escape(byte: u8) -> Option<u8> {
    match byte {
        b'"' | b'\\' => Some(byte),
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        b'\t' => Some(b't'),
        _ => None,
    }
}
