//! Maintainers and teams, as lists and as a channel's packages name them.

use snowguard_tracker_ingest::source::channel::ChannelName;

use crate::world::World;

const LIST: &str = r#"{"ada":{"email":"a@b.example","github":"Ada-L","githubId":7,"name":"Ada","keys":[]},
 "bob":{"github":"bob","githubId":8,"name":"Bob"},"cy":{"name":"Cy","matrix":"@cy:example.org"}}"#;

const TEAMS: &str = r#"{"gnome":{"github":"gnome","members":["ada","cy"],"scope":"Maintain GNOME.","shortName":"GNOME"},
 "c":{"github":null,"members":["bob"],"scope":"","shortName":"C"}}"#;

#[test]
fn lists_are_told_by_their_content_and_loaded_as_a_whole() {
    let world = World::new();
    let zstd = zstd::bulk::compress(LIST.as_bytes(), 3).unwrap();
    assert_eq!(world.load(&world.write("people.json.zst", zstd)).new, 3);
    assert_eq!(world.load(&world.write("groups.json", TEAMS)).new, 2);
    assert_eq!(
        world.db.owned_names(7).unwrap(),
        ["ada", "Ada-L", "team:GNOME"]
    );
    let cy = world.db.maintainer("cy").unwrap().unwrap();
    assert_eq!((cy.name.as_str(), cy.github_id), ("Cy", None));
    // Another list, one of whose members is malformed: the others are taken, and it is set aside.
    let other = r#"{"ada":{"github":"ada-l","githubId":7,"name":"Ada"},"bob":"gone","cy":{"name":"Cy","github":"c"}}"#;
    let counts = world.load(&world.write("later.json", other));
    assert_eq!(
        (counts.changed, counts.removed, counts.quarantined),
        (2, 1, 1)
    );
    assert_eq!(
        world.db.owned_names(7).unwrap(),
        ["ada", "ada-l", "team:GNOME"]
    );
    assert!(world.db.maintainer("bob").unwrap().is_none());
}

#[test]
fn a_channel_s_packages_fill_in_who_is_not_in_the_list() {
    let mut world = World::new();
    world.load(&world.write("people.json", LIST));
    let packages = r#"{"version":2,"packages":{"git":{"name":"git-2","pname":"git","version":"2","system":"x86_64-linux",
        "meta":{"maintainers":[{"github":"Ada-L","githubId":7,"name":"Ada"},{"github":"old","githubId":9,"name":"O"}]}},
        "zlib":{"name":"zlib-1","system":"x86_64-linux","meta":{"maintainers":[{"name":"nobody"},{"github":"bob","githubId":99}]}}}}"#;
    world.options.channel = Some(ChannelName::parse("c").unwrap());
    world.options.revision = Some("r".to_owned());
    world.load(&world.write("packages.json", packages));
    let owns = |account, attr: &str| {
        let names = world.db.owned_names(account).unwrap();
        world.db.owns_any(&names, &[attr.to_owned()]).unwrap()
    };
    assert!(owns(7, "git") && owns(9, "git"));
    assert!(!owns(7, "zlib") && !owns(99, "git"));
    let ada = world.db.maintainer("Ada-L").unwrap();
    assert!(ada.is_none(), "the list has that account already");
    let bob = world.db.maintainer("bob").unwrap().unwrap();
    assert_eq!(bob.github_id, Some(8), "the list's word stays");
}
