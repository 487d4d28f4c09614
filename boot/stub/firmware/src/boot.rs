//! From the first instruction to the kernel.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use snowguard_boot_format::pe::Loaded;
use snowguard_boot_format::uki::Section;
use snowguard_stub::command_line::{Choice, Origin, Request};
use snowguard_stub::image::{Image, Source};
use snowguard_stub::initrd::Initrd;
use snowguard_stub::measure::{self, PCR_CONFIGURATION, PCR_EXTENSIONS, PCR_IMAGE};
use snowguard_stub::refusal::{FirmwareStatus, Part, Refusal};
use snowguard_stub::variables::{self as published, Measured};
use snowguard_stub::{companions, extra, text};
use uefi::proto::loaded_image::LoadedImage;
use uefi::proto::shell_params::ShellParameters;
use uefi::{Status, boot};

use crate::companions::Neighbourhood;
use crate::console::say;
use crate::files::Volume;
use crate::hand_over::{self, Offer};
use crate::tpm::Tpm;
use crate::{addons, protocol, splash, start, surroundings, variables};

/// Does everything; comes back with the kernel's status if its EFI stub gives up.
///
/// # Errors
/// [`Refusal`]: why nothing was booted.
pub fn run() -> Result<Status, Refusal> {
    let firmware = |doing, cause: Status| Refusal::Firmware {
        doing,
        cause: FirmwareStatus(cause.0),
    };
    let own = protocol::get::<LoadedImage>(boot::image_handle())
        .map_err(|error| firmware("finding this image", error.status()))?;
    let own = own
        .get()
        .ok_or(firmware("finding this image", Status::UNSUPPORTED))?;
    let origin = match protocol::get::<ShellParameters>(boot::image_handle()) {
        Ok(_) => Origin::Shell,
        Err(_) => Origin::Loader,
    };
    let request = Request::parse(own.load_options_as_bytes().unwrap_or_default(), origin);
    let surroundings = surroundings::look(own, request.profile);
    variables::publish(&published::about(&surroundings));

    let loaded = Loaded::parse(memory(own)?).map_err(Refusal::OwnImage)?;
    let image = Image::read(&loaded, request.profile)?;
    let volume = Volume::open(own.device());
    let mut neighbourhood = Neighbourhood::new(volume, surroundings.image_path.as_deref());
    if let Some(picture) = image.section(Section::Splash) {
        splash::show(picture);
    }

    // Each is read once; from here on these very bytes are checked, measured and booted.
    let read_kernel = fetch(Part::Kernel, Some(image.kernel()), &mut neighbourhood)?;
    let read_initrd = fetch(Part::Initrd, image.initrd(), &mut neighbourhood)?;
    let kernel = bytes_of(Some(image.kernel()), read_kernel.as_deref()).unwrap_or_default();
    let initrd = bytes_of(image.initrd(), read_initrd.as_deref());
    image.kernel().check(Part::Kernel, kernel)?;
    if let (Some(source), Some(bytes)) = (image.initrd(), initrd) {
        source.check(Part::Initrd, bytes)?;
    }

    let state = variables::secure_boot();
    let mut choice = Choice::decide(state, image.text(Section::CommandLine)?, &request);
    if choice.refused {
        say(
            "The boot loader's command line is refused: Secure Boot is on, and only the signed one counts.",
        );
    }

    let mut tpm = Tpm::find();
    let mut measured = Measured {
        image: true,
        ..Measured::default()
    };
    for event in measure::image(&image, kernel, initrd) {
        let name = event.section.as_str();
        measured.image &= tpm.measure(PCR_IMAGE, name, &event.name())?;
        measured.image &= tpm.measure(PCR_IMAGE, name, event.data)?;
    }
    if choice.overridden {
        let line = choice.load_options();
        measured.parameters |=
            tpm.measure(PCR_CONFIGURATION, &shown(&line), &text::utf16_bytes(&line))?;
    }
    let addons = addons::read(&mut neighbourhood, image.text(Section::KernelVersion)?);
    for addon in &addons {
        measured.parameters |= measure_addon(&mut tpm, addon)?;
        choice.append(&addon.command_line);
    }
    let mut archives = Vec::new();
    for kind in companions::ALL {
        let files = neighbourhood.read(kind.place, &|name| kind.accepts(name));
        let Some(archive) = kind.archive(files)? else {
            continue;
        };
        let done = tpm.measure(kind.pcr, kind.description, &archive)?;
        match (kind.pcr, kind.suffix) {
            (PCR_EXTENSIONS, _) => measured.extensions |= done,
            (_, ".cred") => measured.parameters |= done,
            _ => measured.configuration |= done,
        }
        archives.push(archive);
    }
    variables::publish(&published::measured(measured));

    let extra = extra::archive(&image)?;
    let mut parts = Initrd::default();
    for addon in &addons {
        parts.push(&addon.microcode);
    }
    parts.push(image.section(Section::Microcode).unwrap_or_default());
    parts.push(initrd.unwrap_or_default());
    for addon in &addons {
        parts.push(&addon.initrd);
    }
    for archive in archives.iter().chain(&extra) {
        parts.push(archive);
    }
    let _offer = if parts.is_empty() {
        hand_over::refuse_others()?;
        None
    } else {
        Some(Offer::register(parts)?)
    };
    start::start(kernel, &choice.load_options())
}

/// This image in memory, as firmware has checked and loaded it.
fn memory(own: &LoadedImage) -> Result<&'static [u8], Refusal> {
    let (base, size) = own.info();
    let size = usize::try_from(size).unwrap_or_default();
    if base.is_null() {
        let doing = "finding this image";
        return Err(Refusal::Firmware {
            doing,
            cause: FirmwareStatus(Status::NOT_FOUND.0),
        });
    }
    // SAFETY: firmware keeps this image there until it exits. Sections are read from it, and none of those that
    // this program writes to (its own `.data`) is one of them.
    Ok(unsafe { core::slice::from_raw_parts(base.cast::<u8>(), size) })
}

fn fetch(
    part: Part,
    source: Option<&Source<'_>>,
    neighbourhood: &mut Neighbourhood,
) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(Source::Pinned(pin)) = source else {
        return Ok(None);
    };
    let read = neighbourhood.read_file(pin.path());
    read.map(Some).map_err(|status| Refusal::Unreadable {
        part,
        path: String::from(pin.path()),
        cause: FirmwareStatus(status.0),
    })
}

fn bytes_of<'a>(source: Option<&Source<'a>>, read: Option<&'a [u8]>) -> Option<&'a [u8]> {
    match source? {
        Source::Embedded { bytes, .. } => Some(bytes),
        Source::Pinned(_) => read,
    }
}

fn measure_addon(tpm: &mut Tpm, addon: &addons::Kept) -> Result<bool, Refusal> {
    let mut done = false;
    if !addon.command_line.is_empty() {
        let line = text::utf16_bytes(&text::utf16_nul(&addon.command_line));
        done |= tpm.measure(PCR_CONFIGURATION, &addon.command_line, &line)?;
    }
    for (kind, bytes) in [("initrd", &addon.initrd), ("ucode", &addon.microcode)] {
        if !bytes.is_empty() {
            let description = format!("{} {kind}", addon.name);
            done |= tpm.measure(PCR_CONFIGURATION, &description, bytes)?;
        }
    }
    Ok(done)
}

fn shown(line: &[u16]) -> String {
    String::from_utf16_lossy(line.split_last().map_or(&[], |(_, text)| text))
}
