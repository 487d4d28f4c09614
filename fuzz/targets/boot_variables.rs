//! What EFI variables hold; the first byte chooses. What is read survives writing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use snowguard_boot_format::authenticode::Signature;
use snowguard_boot_format::bls::EntryName;
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::eventlog::EventLog;
use snowguard_boot_format::signer::{Purpose, SigningRequest};
use snowguard_boot_format::variable::{
    Attributes, AuthenticatedVariable, SignatureLists, VariableName, VariableStore,
};
use snowguard_boot_format::x509::Certificate;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    match choice % 7 {
        0 => {
            if let Ok(lists) = SignatureLists::parse(bytes) {
                assert_eq!(lists.to_bytes(), bytes);
            }
        }
        1 => {
            if let Ok(variable) = AuthenticatedVariable::parse(bytes) {
                assert_eq!(AuthenticatedVariable::parse(&variable.to_bytes()), Ok(variable.clone()));
                let _ = variable.verify(VariableName::Db, Attributes::SECURE_BOOT);
            }
        }
        2 => {
            if let Ok(store) = VariableStore::parse(bytes.to_vec())
                && let Ok(written) = store.to_bytes()
            {
                let again = VariableStore::parse(written).expect("still a store");
                assert_eq!(again.variables(), store.variables());
            }
        }
        3 => {
            if let Ok(log) = EventLog::parse(bytes) {
                for bank in &log.banks {
                    let _ = log.replay(*bank);
                }
                for event in &log.events {
                    let _ = (event.image_load(), event.variable(), event.text());
                }
            }
        }
        4 => {
            let _ = Signature::read(bytes);
            if let Ok(certificate) = Certificate::from_der(bytes) {
                let _ = (certificate.subject().to_string(), certificate.public_key());
                let _ = certificate.is_issued_by(&certificate);
            }
        }
        5 => {
            for purpose in [Purpose::Image { content: bytes }, Purpose::Variable, Purpose::Certificate] {
                let _ = SigningRequest {
                    purpose,
                    algorithm: DigestAlgorithm::Sha256,
                    message: bytes,
                }
                .look_into();
            }
        }
        _ => {
            if let Ok(text) = std::str::from_utf8(bytes)
                && let Ok(name) = EntryName::parse(text)
            {
                assert_eq!(EntryName::parse(&name.to_string()), Ok(name));
            }
        }
    }
});
