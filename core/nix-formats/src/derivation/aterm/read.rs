//! Reading a `.drv` file.

use bstr::BString;

use super::scanner::{Scanner, invalid_at};
use super::{ATermError, DYNAMIC_VERSION, MAX_BYTES};
use crate::content_address::{ContentAddress, Method};
use crate::derivation::{
    Derivation, DerivationParts, FixedOutput, InputOutputs, InvalidDerivation, Output, OutputName,
};
use crate::hash::{Hash, HashAlgorithm};
use crate::store_path::StoreDir;

/// How deep [`node`] may call itself: one more than [`InputOutputs`] takes, which gives the error.
const MAX_NESTING: usize = 18;

/// Reads the bytes of a `.drv` file.
///
/// All paths must stand in `store_dir`. Linear in the length of `input`.
///
/// # Errors
/// Any variant of [`ATermError`], with the byte at which reading stopped.
pub fn parse(input: &[u8], store_dir: &StoreDir) -> Result<Derivation, ATermError> {
    if input.len() > MAX_BYTES {
        return Err(ATermError::TooLong {
            length: input.len(),
        });
    }
    let scanner = &mut Scanner::new(input, store_dir);
    let may_be_dynamic = version(scanner)?;
    let outputs = scanner.map("an output out of order", output)?;
    scanner.expect(",")?;
    let inputs_offset = scanner.offset();
    let input_derivations = scanner.map("an input derivation out of order", |scanner| {
        scanner.expect("(")?;
        let path = scanner.path()?;
        scanner.expect(",")?;
        let node = node(scanner, if may_be_dynamic { MAX_NESTING } else { 0 })?;
        scanner.expect(")")?;
        Ok((path, node))
    })?;
    let is_dynamic = input_derivations
        .values()
        .any(|input| !input.dynamic().is_empty());
    if may_be_dynamic && !is_dynamic {
        let what = "the version of a derivation without dynamic inputs";
        return Err(ATermError::NotCanonical {
            what,
            offset: inputs_offset,
        });
    }
    scanner.expect(",")?;
    let input_sources = scanner.set("an input source out of order", Scanner::path)?;
    scanner.expect(",")?;
    let system = string(scanner)?;
    scanner.expect(",")?;
    let builder = string(scanner)?;
    scanner.expect(",")?;
    let mut arguments = Vec::new();
    scanner.list(|scanner| {
        arguments.push(string(scanner)?);
        Ok(())
    })?;
    scanner.expect(",")?;
    let environment = scanner.map("an environment variable out of order", |scanner| {
        scanner.expect("(")?;
        let name = string(scanner)?;
        scanner.expect(",")?;
        let value = string(scanner)?;
        scanner.expect(")")?;
        Ok((name, value))
    })?;
    scanner.expect(")")?;
    if !scanner.at_end() {
        return Err(ATermError::Expected {
            expected: "the end",
            offset: scanner.offset(),
        });
    }
    let parts = DerivationParts {
        outputs,
        input_derivations,
        input_sources,
        system,
        builder,
        arguments,
        environment,
    };
    Derivation::new(parts).map_err(invalid_at(0))
}

/// Reads up to the body, and tells whether inputs may be dynamic.
fn version(scanner: &mut Scanner<'_>) -> Result<bool, ATermError> {
    if scanner.take("Derive(") {
        return Ok(false);
    }
    if !scanner.take("DrvWithVersion(") {
        let expected = "\"Derive(\" or \"DrvWithVersion(\"";
        return Err(ATermError::Expected {
            expected,
            offset: 0,
        });
    }
    let (version, offset) = scanner.text()?;
    if version != DYNAMIC_VERSION {
        return Err(ATermError::Version {
            version: crate::excerpt(&version),
            offset,
        });
    }
    scanner.expect(",")?;
    Ok(true)
}

fn string(scanner: &mut Scanner<'_>) -> Result<BString, ATermError> {
    Ok(scanner.string()?.into_owned().into())
}

fn output(scanner: &mut Scanner<'_>) -> Result<(OutputName, Output), ATermError> {
    scanner.expect("(")?;
    let name = scanner.output_name()?;
    scanner.expect(",")?;
    let (path, path_offset) = scanner.text()?;
    scanner.expect(",")?;
    let (algorithm, algorithm_offset) = scanner.text()?;
    scanner.expect(",")?;
    let (hash, hash_offset) = scanner.text()?;
    scanner.expect(")")?;
    let method = || {
        Method::parse_prefixed(&algorithm).map_err(|source| ATermError::Hash {
            source,
            offset: algorithm_offset,
        })
    };
    let output = match (&*path, &*algorithm, &*hash) {
        ("", "", "") => Output::Deferred,
        (_, "", "") => Output::InputAddressed(scanner.to_path(&path, path_offset)?),
        ("", _, "") => {
            let (method, algorithm) = method()?;
            Output::Floating { method, algorithm }
        }
        ("", _, "impure") => {
            let (method, algorithm) = method()?;
            Output::Impure { method, algorithm }
        }
        (_, "", _) | ("", _, _) | (_, _, "") => {
            return Err(invalid_at(path_offset)(InvalidDerivation::OutputFields));
        }
        _ => {
            let (method, algorithm) = method()?;
            let hash = base16(algorithm, &hash, hash_offset)?;
            let address =
                ContentAddress::new(method, hash).map_err(|source| ATermError::ContentAddress {
                    source,
                    offset: hash_offset,
                })?;
            let path = scanner.to_path(&path, path_offset)?;
            let fixed = FixedOutput::new(path, address, scanner.store_dir());
            Output::Fixed(fixed.map_err(invalid_at(path_offset))?)
        }
    };
    Ok((name, output))
}

/// Reads a hash in the one spelling that Nix writes here: base 16 in lower case.
fn base16(algorithm: HashAlgorithm, digits: &str, offset: usize) -> Result<Hash, ATermError> {
    let hash = Hash::parse_digits(algorithm, digits)
        .map_err(|source| ATermError::Hash { source, offset })?;
    if digits == hash.base16() {
        Ok(hash)
    } else {
        Err(ATermError::NotCanonical {
            what: "a hash in another spelling",
            offset,
        })
    }
}

/// Reads the outputs that are needed of an input; nested ones where `nesting` is left.
fn node(scanner: &mut Scanner<'_>, nesting: usize) -> Result<InputOutputs, ATermError> {
    let offset = scanner.offset();
    if nesting == 0 || !scanner.take("(") {
        let names = scanner.set("an output name out of order", Scanner::output_name)?;
        return InputOutputs::new(names).map_err(invalid_at(offset));
    }
    let names = scanner.set("an output name out of order", Scanner::output_name)?;
    scanner.expect(",")?;
    let dynamic_offset = scanner.offset();
    let dynamic = scanner.map("a dynamic output out of order", |scanner| {
        scanner.expect("(")?;
        let name = scanner.output_name()?;
        scanner.expect(",")?;
        let inner = node(scanner, nesting - 1)?;
        scanner.expect(")")?;
        Ok((name, inner))
    })?;
    scanner.expect(")")?;
    if dynamic.is_empty() {
        let what = "the nested form without dynamic outputs";
        return Err(ATermError::NotCanonical {
            what,
            offset: dynamic_offset,
        });
    }
    InputOutputs::with_dynamic(names, dynamic).map_err(invalid_at(offset))
}
