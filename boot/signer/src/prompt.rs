//! Asking for a secret on the terminal, without showing it.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::error::SignerError;

/// One line from the controlling terminal.
///
/// # Errors
/// [`SignerError::Prompt`] when there is no terminal.
pub fn ask(question: &str) -> Result<Zeroizing<String>, SignerError> {
    let failed = |why: String| SignerError::Prompt {
        question: question.trim_end_matches([':', ' ']).to_owned(),
        why,
    };
    let mut terminal = File::options()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .map_err(|error| failed(format!("there is no terminal ({error}); use a file")))?;
    let shown = tcgetattr(&terminal).map_err(|error| failed(error.to_string()))?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    // Before the question: what is typed at once must be neither shown nor dropped.
    tcsetattr(&terminal, OptionalActions::Flush, &hidden)
        .map_err(|error| failed(error.to_string()))?;
    let mut line = Zeroizing::new(String::new());
    let read = terminal
        .write_all(question.as_bytes())
        .and_then(|()| BufReader::new(&terminal).read_line(&mut line));
    // The terminal must show what is typed again, whatever came of the question.
    let restored = tcsetattr(&terminal, OptionalActions::Flush, &shown);
    let _newline = terminal.write_all(b"\n");
    read.map_err(|error| failed(error.to_string()))?;
    restored.map_err(|error| failed(error.to_string()))?;
    Ok(Zeroizing::new(
        line.trim_end_matches(['\r', '\n']).to_owned(),
    ))
}
