//! A machine, from power on to its end.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::disk::Disk;
use crate::keys::{self, Firmware};
use crate::kit::Kit;
use crate::picture::{self, Picture};
use crate::process::{Running, mortal, run};
use crate::report::Report;

/// How much processor time a machine may take: an emulated boot takes 15 to 40 seconds of it, whatever else runs.
const LIMIT: Duration = Duration::from_secs(240);
/// How long it may take on the clock: one that waits for something hardly takes processor time.
const LONGEST: Duration = Duration::from_secs(1200);
const PAUSE: Duration = Duration::from_millis(50);

/// A machine that is off.
#[derive(Debug)]
pub struct Machine<'a> {
    kit: &'a Kit,
    folder: tempfile::TempDir,
    drive: String,
    memory: u32,
    network_card: bool,
}

/// What a run is like, and when it is enough.
#[derive(Debug, Clone, Copy, Default)]
pub struct Conditions<'a> {
    /// The machine is turned off once one of these is on the screen.
    pub until: &'a [&'a str],
    /// Its TPM.
    pub tpm: Tpm<'a>,
    /// It has a screen, of which a picture is taken at the end.
    pub picture: bool,
}

/// A machine's TPM.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tpm<'a> {
    /// One that works.
    #[default]
    Whole,
    /// None.
    Absent,
    /// One that answers nothing any more once this is on the screen.
    EndsAt(&'a str),
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// What firmware, stub and kernel wrote to the screen.
    pub screen: String,
    /// What the first process reported, if it came that far.
    pub report: Option<Report>,
    /// What a screen showed in the end, where the machine had one.
    pub picture: Option<Picture>,
    /// How long it ran.
    pub time: Duration,
    output: Output,
}

impl Outcome {
    /// The processor time that the emulator took between the first appearance of one text on the screen and
    /// that of another after it. Unlike the time on the clock, it hardly depends on what else is running.
    pub fn between(&self, first: &str, second: &str) -> Option<Duration> {
        let start = find(&self.output.bytes, first, 0)?;
        let end = find(&self.output.bytes, second, start)?;
        self.output
            .time_of(end)?
            .checked_sub(self.output.time_of(start)?)
    }
}

fn find(bytes: &[u8], text: &str, from: usize) -> Option<usize> {
    let mut windows = bytes.get(from..)?.windows(text.len());
    windows
        .position(|window| window == text.as_bytes())
        .map(|at| from + at)
}

/// What came over the first serial line, and when.
#[derive(Debug, Clone, Default)]
struct Output {
    bytes: Vec<u8>,
    /// Where each piece ends, and the emulator's processor time when it was read.
    times: Vec<(usize, Duration)>,
}

impl Output {
    fn time_of(&self, at: usize) -> Option<Duration> {
        self.times
            .iter()
            .find(|(end, _)| *end > at)
            .map(|(_, time)| *time)
    }
}

impl<'a> Machine<'a> {
    /// A machine with a disk.
    ///
    /// # Errors
    /// When files can't be written or keys can't be enrolled.
    pub fn new(kit: &'a Kit, disk: &Disk, firmware: &Firmware<'_>) -> Result<Self> {
        let folder = tempfile::tempdir_in(kit.folder())?;
        std::fs::write(folder.path().join("disk"), disk.bytes())?;
        let drive = folder.path().join("disk").display().to_string();
        let machine = Self {
            kit,
            folder,
            drive,
            memory: 512,
            network_card: false,
        };
        keys::store(&kit.variable_tool, firmware, &machine.path("variables"))?;
        let state = machine.path("tpm");
        std::fs::create_dir(&state)?;
        run(Command::new("swtpm_setup")
            .args(["--tpm2", "--pcr-banks", "sha256", "--tpmstate"])
            .arg(&state))?;
        Ok(machine)
    }

    /// Reads the disk from this block device (QEMU's syntax) instead of a file.
    pub fn set_drive(&mut self, drive: &str) {
        drive.clone_into(&mut self.drive);
    }

    /// Plugs a network card in, with an option ROM that nobody has signed (iPXE), and no network behind it.
    pub fn plug_in_network_card(&mut self) {
        self.network_card = true;
    }

    /// The disk as it is now.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn disk(&self) -> Result<Disk> {
        Disk::load(&self.path("disk"))
    }

    /// A folder that lives as long as the machine.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts another disk in; the machine must be off.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn set_disk(&self, disk: &Disk) -> Result<()> {
        std::fs::write(self.path("disk"), disk.bytes()).context("cannot write the disk")
    }

    /// Turns the machine on and waits until it is off, or one of `texts` is on the screen.
    ///
    /// # Errors
    /// When it can't be started, or nothing of this happens in time; then with the screen.
    pub fn run(&self, texts: &[&str]) -> Result<Outcome> {
        self.run_with(&Conditions {
            until: texts,
            ..Conditions::default()
        })
    }

    /// The same under other conditions.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_with(&self, conditions: &Conditions<'_>) -> Result<Outcome> {
        let socket = self.path("tpm.sock");
        let mut tpm = match conditions.tpm {
            Tpm::Absent => None,
            Tpm::Whole | Tpm::EndsAt(_) => Some(self.start_tpm(&socket)?),
        };
        let report = self.path("report");
        std::fs::write(&report, "")?;
        let start = Instant::now();
        let mut command = self.qemu(&report);
        if tpm.is_some() {
            add_tpm(&mut command, &socket);
        }
        let monitor = self.path("monitor.sock");
        if conditions.picture {
            picture::add_screen(&mut command, &monitor);
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .context("cannot start QEMU")?;
        let mut machine = Running(child);
        let screen = Arc::new(Mutex::new(Output::default()));
        let pipe = machine.0.stdout.take().context("QEMU has no output")?;
        let reader = read_on(machine.0.id(), pipe, Arc::clone(&screen));
        let seen = || {
            screen
                .lock()
                .map(|output| output.clone())
                .unwrap_or_default()
        };
        loop {
            if machine.0.try_wait()?.is_some() {
                break;
            }
            let text = printable(&seen().bytes);
            if let Tpm::EndsAt(end) = conditions.tpm
                && text.contains(end)
            {
                tpm = None;
            }
            if conditions.until.iter().any(|wanted| text.contains(wanted)) {
                // What follows on the same line is wanted too.
                std::thread::sleep(Duration::from_millis(300));
                break;
            }
            let taken = processor_time(machine.0.id());
            if taken > LIMIT || start.elapsed() > LONGEST {
                bail!(
                    "the machine did not end within {} s ({} s of processor time); its screen:\n{text}",
                    start.elapsed().as_secs(),
                    taken.as_secs()
                );
            }
            std::thread::sleep(PAUSE);
        }
        let picture = conditions
            .picture
            .then(|| picture::take(&monitor, &self.path("picture")))
            .transpose()?;
        let time = start.elapsed();
        drop(machine);
        drop(tpm);
        let _panicked_if_failed = reader.join();
        let report = Report::parse(&std::fs::read_to_string(&report)?);
        let output = seen();
        let screen = printable(&output.bytes);
        Ok(Outcome {
            screen,
            report,
            picture,
            time,
            output,
        })
    }

    fn start_tpm(&self, socket: &Path) -> Result<Running> {
        let _removed_if_there = std::fs::remove_file(socket);
        let tpm = mortal("swtpm")
            .args([
                "socket",
                "--tpm2",
                "--flags",
                "startup-clear",
                "--terminate",
            ])
            .arg("--tpmstate")
            .arg(format!("dir={}", self.path("tpm").display()))
            .arg("--ctrl")
            .arg(format!("type=unixio,path={}", socket.display()))
            .stdin(Stdio::null())
            .spawn()
            .context("cannot start swtpm")?;
        let tpm = Running(tpm);
        wait_for(socket)?;
        Ok(tpm)
    }

    fn qemu(&self, report: &Path) -> Command {
        let mut command = mortal("qemu-system-x86_64");
        command
            .args(["-machine", "q35,smm=on", "-accel", "tcg", "-cpu", "max"])
            .args(["-smp", "1", "-m", &self.memory.to_string()])
            .args(["-nodefaults", "-display", "none", "-net", "none"])
            .args(["-no-reboot", "-serial", "stdio", "-serial"])
            .arg(format!("file:{}", report.display()))
            .args(["-global", "ICH9-LPC.disable_s3=1"])
            .args(["-global", "driver=cfi.pflash01,property=secure,value=on"])
            .arg("-drive")
            .arg(format!(
                "if=pflash,format=raw,unit=0,readonly=on,file={}",
                self.kit.firmware()
            ))
            .arg("-drive")
            .arg(format!(
                "if=pflash,format=raw,unit=1,file={}",
                self.path("variables").display()
            ))
            .args(["-object", "rng-random,filename=/dev/urandom,id=r0"])
            .args(["-device", "virtio-rng-pci,rng=r0", "-drive"])
            .arg(format!("format=raw,if=virtio,file={}", self.drive));
        if self.network_card {
            // QEMU itself says which ROM is in such a card, and brings it.
            command.args(["-device", "virtio-net-pci"]);
        }
        command
    }
}

fn add_tpm(command: &mut Command, socket: &Path) {
    command
        .arg("-chardev")
        .arg(format!("socket,id=chrtpm,path={}", socket.display()))
        .args(["-tpmdev", "emulator,id=tpm0,chardev=chrtpm"])
        .args(["-device", "tpm-crb,tpmdev=tpm0"]);
}

fn wait_for(path: &Path) -> Result<()> {
    let start = Instant::now();
    while !path.exists() {
        if start.elapsed() > Duration::from_secs(20) {
            bail!("{} does not appear", path.display());
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// What a process has taken so far. Source: proc(5), fields 14 and 15 of `stat`, in hundredths of a second.
fn processor_time(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat
        .rsplit_once(')')
        .map_or("", |(_, fields)| fields)
        .split_whitespace();
    let ticks: u64 = fields
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

fn read_on(
    process: u32,
    mut output: impl Read + Send + 'static,
    screen: Arc<Mutex<Output>>,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut buffer) {
            if let Ok(mut screen) = screen.lock() {
                screen.bytes.extend_from_slice(&buffer[..count]);
                let end = screen.bytes.len();
                screen.times.push((end, processor_time(process)));
            }
        }
    })
}

/// The text of a terminal's bytes: without control sequences.
fn printable(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        match byte {
            // `ESC [` … up to a letter; other sequences have one byte.
            0x1b if rest.next() == Some(b'[') => {
                let _letter = rest.find(u8::is_ascii_alphabetic);
            }
            b'\n' | b' '..=b'~' | 0x80.. => out.push(byte),
            _ => {}
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_sequences_are_left_out() {
        assert_eq!(printable(b"\x1b[2J\x1b[01;01Ha\r\nb\x1b[0m"), "a\nb");
    }
}
