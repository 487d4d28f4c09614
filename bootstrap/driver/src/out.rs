//! Standard output. Who reads it may stop early (`| head`): then the rest is dropped, and the work goes on to
//! its end with its own exit code. Any other failure to write ends the program.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _};

/// As `println!`.
macro_rules! say {
    ($($what:tt)*) => {
        $crate::out::write(format_args!("{}\n", format_args!($($what)*)))
    };
}

/// As `print!`.
macro_rules! say_raw {
    ($($what:tt)*) => {
        $crate::out::write(format_args!($($what)*))
    };
}

/// Writes to standard output.
pub fn write(what: Arguments<'_>) {
    match std::io::stdout().lock().write_fmt(what) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("snowguard-bootstrap: cannot write to standard output: {error}");
            std::process::exit(1);
        }
        Ok(()) | Err(_) => {}
    }
}
