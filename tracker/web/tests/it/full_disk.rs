//! A full disk is said, loses nothing, and is got over.

use crate::dump;
use crate::program::{Program, collection, stderr, text};

/// No file may grow beyond this many blocks of 512 bytes. The signal for it is ignored, so that
/// the write fails as on a full disk.
const LIMIT: &str = "trap '' XFSZ; ulimit -f 2200";

#[test]
fn a_full_disk_is_said_and_got_over() {
    let (calm, full) = (Program::sqlite(), Program::sqlite());
    let set = collection(&full, 1200, 300, 0);
    let arguments = ["ingest", text(&set), "--batch", "40"];
    assert!(calm.run(&arguments).status.success());

    let output = full.run_under(LIMIT, &arguments);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("disk") && said.contains("full"), "{said}");
    // What was stored before is there and readable.
    let stored = full.db().counts().unwrap().advisories;
    assert!(stored > 0 && stored < 1200, "{stored}");

    let output = full.run(&arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    dump::assert_same(&dump::of(&calm.db()), &dump::of(&full.db()));
}
