//! `gc`, `root` and `check-store`: what is kept.

use anyhow::Result;
use clap::Args;

use super::build::SettingOptions;
use super::{Failure, StoreOptions};

/// What to keep.
#[derive(Debug, Args)]
pub struct RootOptions {
    #[command(flatten)]
    setting: SettingOptions,
}

/// `root`: builds what isn't there, and keeps it from garbage collection.
pub fn root(options: &RootOptions) -> Result<(), Failure> {
    let setting = options.setting.open()?;
    let outcomes = setting.build()?;
    let build = setting.as_build();
    for name in setting.names() {
        if let Some(outcome) = outcomes.iter().find(|outcome| outcome.made.name == *name) {
            build.store.add_root(name, outcome.made.output)?;
            say!("{}  {name}", outcome.made.output);
        }
    }
    Ok(())
}

/// What to remove.
#[derive(Debug, Args)]
pub struct CollectOptions {
    #[command(flatten)]
    store: StoreOptions,
    /// Only tell what would be removed
    #[arg(long)]
    dry_run: bool,
}

/// `gc`: removes outputs that no root needs.
pub fn collect(options: &CollectOptions) -> Result<(), Failure> {
    let store = options.store.open()?;
    let garbage = store.garbage(&[])?;
    for output in &garbage.outputs {
        say!("{output}");
    }
    if !options.dry_run {
        store.collect(&garbage)?;
    }
    eprintln!(
        "{} outputs, {} bytes{}",
        garbage.outputs.len(),
        garbage.bytes,
        if options.dry_run {
            " would be removed"
        } else {
            " removed"
        }
    );
    Ok(())
}

/// Which store to check.
#[derive(Debug, Args)]
pub struct CheckStoreOptions {
    #[command(flatten)]
    store: StoreOptions,
}

/// `check-store`: hashes every output again, and throws damaged ones out.
pub fn check_store(options: &CheckStoreOptions) -> Result<(), Failure> {
    let store = options.store.open()?;
    let mut damaged = 0;
    let hashes = store.object_hashes()?;
    for hash in &hashes {
        if store.checked_object(*hash)?.is_none() {
            say!("{hash}");
            damaged += 1;
        }
    }
    eprintln!("{} outputs, {damaged} damaged", hashes.len());
    match damaged {
        0 => Ok(()),
        _ => Err(Failure::Bytes(anyhow::anyhow!(
            "{damaged} outputs were damaged and thrown out; build again to mend that"
        ))),
    }
}
