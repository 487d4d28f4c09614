//! Addons: small signed images that add words to the command line, or an initrd or microcode.
//!
//! Firmware has loaded and, under Secure Boot, verified the addon before it is looked at.

use alloc::string::String;

use snowguard_boot_format::pe::Loaded;
use snowguard_boot_format::uki::Section;

use crate::text;

/// What an addon adds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Addon<'a> {
    /// Words for the command line; empty for none.
    pub command_line: &'a str,
    /// An archive for the end of the initrd.
    pub initrd: Option<&'a [u8]>,
    /// Microcode for the beginning of the initrd.
    pub microcode: Option<&'a [u8]>,
}

impl<'a> Addon<'a> {
    /// Reads an addon's sections in memory; `version` is the image's `.uname`.
    ///
    /// # Errors
    /// A sentence: why it is passed over. An addon never stops a boot, for it may be for another kernel.
    pub fn read(loaded: &Loaded<'a>, version: Option<&str>) -> Result<Self, String> {
        let mut addon = Self::default();
        for header in loaded.sections() {
            let contents = loaded.contents(&header);
            match Section::named(header.name) {
                Some(Section::CommandLine) => {
                    addon.command_line =
                        text::section(contents).ok_or("its command line is not UTF-8 text")?;
                }
                Some(Section::Initrd) => addon.initrd = Some(contents),
                Some(Section::Microcode) => addon.microcode = Some(contents),
                Some(Section::KernelVersion) => {
                    let wanted = text::section(contents).ok_or("its .uname is not UTF-8 text")?;
                    if version.is_some_and(|version| version != wanted) {
                        return Err(String::from("it is for another kernel version"));
                    }
                }
                Some(Section::Linux) => return Err(String::from("it holds a kernel")),
                Some(
                    section @ (Section::DeviceTree | Section::DeviceTreeAuto | Section::Firmware),
                ) => {
                    return Err(alloc::format!(
                        "it has the section {}, which is for machines of another kind",
                        section.as_str()
                    ));
                }
                _ => {}
            }
        }
        Ok(addon)
    }
}
