//! `prepare` and `attach`: the key is elsewhere, and openssl signs there.

use crate::image::image;
use crate::program::Place;
use crate::tools::{must, there};

#[test]
fn openssl_signs_what_was_prepared() {
    if !there("openssl") {
        return;
    }
    let place = Place::new().with_keys();
    let mut bytes = image(&[".text"]);
    bytes.extend(b"odd");
    place.write("a.efi", &bytes);
    place.good(&["prepare", "a.efi", "--output", "request"]);
    let key = place.text("k/keys/db/db.key");
    must(
        "openssl",
        &[
            "dgst",
            "-sha256",
            "-sign",
            &key,
            "-out",
            &place.text("signature"),
            &place.text("request"),
        ],
    );
    let attach = |image: &str| {
        [
            "attach",
            image,
            "--request",
            "request",
            "--signature",
            "signature",
            "--certificate",
            "k/keys/db/db.pem",
            "--output",
            "b.efi",
        ]
        .map(str::to_owned)
    };
    let arguments = attach("a.efi");
    place.good(&arguments.each_ref().map(String::as_str));
    place.good(&["verify", "--certificate", "k/keys/db/db.pem", "b.efi"]);

    // It is for no other image, and nothing else than a signature by this key will do.
    place.write("other.efi", &image(&[".data"]));
    let arguments = attach("other.efi");
    let told = place.ends(3, &arguments.each_ref().map(String::as_str));
    assert!(told.contains("was not prepared for other.efi"), "{told}");
    place.write("signature", b"nonsense");
    let arguments = attach("a.efi");
    let told = place.ends(3, &arguments.each_ref().map(String::as_str));
    assert!(told.contains("signature doesn't fit"), "{told}");
}
