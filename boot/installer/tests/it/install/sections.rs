//! What images bring besides what boots: signed policies, generations for revocation.

use std::fs;

use serde_json::json;
use snowguard_boot_format::pe::File;
use snowguard_boot_format::uki::{Piece, Section, build};

use super::folder::Machine;
use crate::image::image;

#[test]
fn a_key_of_policies_reaches_every_entry_and_a_second_run_signs_nothing() {
    let mut machine = Machine::new();
    for number in 1..=2 {
        machine.store.generation(number, 100, 100);
    }
    machine.switch_to(2);
    machine.install();
    machine.rename_image("nixos-generation-2-", "+3", "");
    machine.boot(2);
    let plain = machine.plan().unwrap().boots[0].pcr11;
    machine.forge.policies = true;
    let plan = machine.plan().unwrap();
    // The public key is measured; the good image stays as it is, and so does what it measures.
    let measured: Vec<bool> = plan
        .boots
        .iter()
        .map(|entry| entry.pcr11 == plain)
        .collect();
    assert_eq!(plan.images.len(), 2);
    assert_eq!(measured.iter().filter(|same| **same).count(), 1, "{plan}");
    machine.install();
    assert!(machine.plan().unwrap().is_empty());
    let new = machine.images_of(1);
    let [name] = new.as_slice() else {
        panic!("{new:?}");
    };
    let path = format!("EFI/Linux/{name}");
    let whole = fs::read(machine.esp().join(&path)).unwrap();
    let text = String::from_utf8_lossy(&whole).into_owned();
    assert_eq!(text.matches("\"pol\":").count(), 4, "one for each phase");
    assert!(text.contains("-----BEGIN PUBLIC KEY-----"));
    // An image of ours under its name that brings other policies is mended.
    let other = machine.images_of(2).pop().unwrap();
    let other = fs::read(machine.esp().join("EFI/Linux").join(other)).unwrap();
    machine.plant(&path, &other);
    assert_eq!(machine.plan().unwrap().images.len(), 1);
    machine.install();
    let fresh = machine.images_of(1).pop().unwrap();
    let mended = fs::read(machine.esp().join("EFI/Linux").join(fresh)).unwrap();
    assert_eq!(mended.len(), whole.len());
    assert!(machine.plan().unwrap().is_empty());
}

#[test]
fn what_a_kernel_says_of_its_generations_comes_behind_the_stubs() {
    let mut machine = Machine::new();
    let with = |text: &str| {
        let pieces = [Piece::new(Section::Sbat, text.as_bytes())];
        build(&image(b"a kernel", 0), &pieces, &[]).unwrap()
    };
    let mut document = machine.store.document(1, 100, 100);
    let good = machine.store.file("good", &with("linux,6,L,linux,6.1,u\n"));
    document["org.nixos.bootspec.v1"]["kernel"] = json!(good);
    machine.store.link(1, &document);
    // One that says nonsense is left out, and none but it.
    let mut document = machine.store.document(2, 100, 100);
    let bad = machine.store.file("bad", &with("nonsense"));
    document["org.nixos.bootspec.v1"]["kernel"] = json!(bad);
    machine.store.link(2, &document);
    machine.switch_to(1);
    let plan = machine.plan().unwrap();
    assert!(
        plan.failed[0]
            .reason
            .contains("no entry of .sbat: \"nonsense\""),
        "{plan}"
    );
    machine.install();
    let name = machine.images_of(1).pop().unwrap();
    let bytes = fs::read(machine.esp().join("EFI/Linux").join(name)).unwrap();
    let file = File::parse(&bytes).unwrap();
    let section = file.section(Section::Sbat.name()).unwrap();
    let text = std::str::from_utf8(file.contents(&section)).unwrap();
    let (header, rest) = text.split_once('\n').unwrap();
    assert!(header.starts_with("sbat,1,SBAT Version,"), "{header}");
    assert_eq!(rest, "linux,6,L,linux,6.1,u\n");
    assert!(machine.plan().unwrap().is_empty());
    machine.switch_to(2);
    let refusal = machine.plan().unwrap_err().to_string();
    assert!(refusal.contains("nonsense"), "{refusal}");
}
