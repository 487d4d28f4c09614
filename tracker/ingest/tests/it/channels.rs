//! Packages, in each form that Nix tools and channels give.

use snowguard_tracker_ingest::End;
use snowguard_tracker_ingest::source::channel::ChannelName;

use crate::server::{Server, reply};
use crate::world::{World, brotli};

fn named(world: &mut World, channel: &str, revision: &str) {
    world.options.channel = Some(ChannelName::parse(channel).expect("a name"));
    world.options.revision = Some(revision.to_owned());
}

fn package(name: &str) -> String {
    format!(
        r#""{name}":{{"name":"{name}-1.0","pname":"{name}","version":"1.0","system":"x86_64-linux","outputName":"out","outputs":{{"out":null}},"meta":{{"description":"a {name}"}}}}"#
    )
}

fn packages_json(count: usize) -> String {
    let list: Vec<String> = (0..count)
        .map(|number| package(&format!("p{number}")))
        .collect();
    format!(r#"{{"version":2,"packages":{{{}}}}}"#, list.join(","))
}

#[test]
fn a_channel_in_each_form_is_the_same_channel() {
    let mut world = World::new();
    let json = packages_json(50);
    let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let env = value["packages"].to_string();
    let jobs: String = value["packages"]
        .as_object()
        .expect("an object")
        .iter()
        .map(|(attr, package)| {
            let mut line = package.clone();
            line["attr"] = attr.as_str().into();
            line["attrPath"] = vec![attr.as_str()].into();
            line["outputs"] = serde_json::json!({});
            format!("{line}\n")
        })
        .collect();
    let broken = "{\"attr\":\"bad\",\"attrPath\":[\"bad\"],\"error\":\"boom\"}\n";
    named(&mut world, "c", "r1");
    assert_eq!(world.load(&world.write("packages.json", &json)).new, 50);
    let first = world.db.all_packages("c").expect("readable");
    for (name, content) in [
        ("packages.json.br", brotli(json.as_bytes())),
        ("env.json", env.into_bytes()),
        ("jobs.jsonl", (jobs + broken).into_bytes()),
    ] {
        named(&mut world, "c", name);
        let report = world
            .try_ingest(world.write(name, content).to_str().expect("UTF-8"))
            .expect("ingested");
        let feed = &report.feeds[0];
        assert!(matches!(feed.end, End::Done), "{feed:?}");
        assert_eq!(
            (feed.counts.unchanged, feed.counts.changed, feed.counts.new),
            (50, 0, 0),
            "{name}"
        );
        assert_eq!(feed.failed, u64::from(name == "jobs.jsonl"));
        assert_eq!(world.db.all_packages("c").expect("readable"), first);
    }
}

#[test]
fn packages_know_what_else_is_built_from_their_repository() {
    let mut world = World::new();
    let at = |name: &str, home: &str| {
        let package = package(name);
        package.replace(
            "\"meta\":{",
            &format!("\"meta\":{{\"homepage\":\"{home}\","),
        )
    };
    let channel = |members: &[String]| {
        let packages = members.join(",");
        format!(r#"{{"version":2,"packages":{{{packages}}}}}"#)
    };
    let beats = "https://github.com/elastic/beats";
    let hello = at("hello", "https://www.gnu.org/software/hello");
    let (file, packet) = (at("filebeat", beats), at("packetbeat", beats));
    named(&mut world, "c", "r1");
    let both = channel(&[file, packet.clone(), hello.clone()]);
    assert_eq!(world.load(&world.write("packages.json", &both)).new, 3);
    let siblings = |world: &World| {
        let all = world.db.all_packages("c").expect("readable");
        let all = all.into_iter();
        all.map(|package| (package.attr, package.siblings.join(" ")))
            .collect::<std::collections::BTreeMap<String, String>>()
    };
    let known = siblings(&world);
    assert_eq!(known["packetbeat"], "filebeat");
    assert_eq!(known["filebeat"], "packetbeat");
    assert_eq!(known["hello"], "");
    // The one that is left has changed, too: it is matched again.
    world.options.force = true;
    named(&mut world, "c", "r2");
    let counts = world.load(&world.write("packages.json", channel(&[packet, hello])));
    assert_eq!((counts.changed, counts.removed), (1, 1));
    assert_eq!(siblings(&world)["packetbeat"], "");
}

#[test]
fn half_a_channel_is_refused_until_it_is_forced() {
    let mut world = World::new();
    named(&mut world, "c", "r1");
    world.load(&world.write("packages.json", packages_json(100)));
    named(&mut world, "c", "r2");
    let path = world.write("packages.json", packages_json(50));
    let (why, _) = world.fail(&path);
    assert!(
        why.contains("would lose 50 of them") && why.contains("refused"),
        "{why}"
    );
    assert_eq!(world.db.all_packages("c").expect("readable").len(), 100);
    world.options.force = true;
    assert_eq!(world.load(&path).removed, 50);
    assert_eq!(world.db.all_packages("c").expect("readable").len(), 50);
}

#[test]
fn a_truncated_channel_changes_nothing() {
    let mut world = World::new();
    named(&mut world, "c", "r1");
    world.load(&world.write("packages.json", packages_json(100)));
    named(&mut world, "c", "r2");
    let text = packages_json(100).replace("1.0", "2.0");
    let (why, _) = world.fail(&world.write("packages.json", &text[..text.len() - 2]));
    assert!(
        why.contains("packages.json") && why.contains("middle of a value"),
        "{why}"
    );
    assert!(
        world
            .db
            .all_packages("c")
            .expect("readable")
            .iter()
            .all(|package| package.version == "1.0")
    );
}

#[test]
fn a_malformed_package_is_quarantined_beside_the_others() {
    let mut world = World::new();
    named(&mut world, "c", "r1");
    let text = packages_json(20).replacen(r#""name":"p7-1.0","pname":"p7""#, r#""name":7"#, 1);
    let counts = world.load(&world.write("packages.json", text));
    assert_eq!((counts.new, counts.quarantined), (19, 1));
    assert_eq!(
        world.quarantine(),
        [("p7".to_owned(), "neither name nor pname".to_owned())]
    );
}

#[test]
fn a_channel_without_a_name_asks_for_one() {
    let world = World::new();
    let (why, _) = world.fail(&world.write("packages.json", packages_json(1)));
    assert!(why.contains("name it with --channel"), "{why}");
}

#[test]
fn a_channel_from_its_address_knows_its_name_and_revision() {
    let world = World::new();
    let body = brotli(packages_json(10).as_bytes());
    let release = "/nixos/unstable/nixos-26.05pre1.0123abcdef01";
    let server = Server::start(move |_, request| match request.path.as_str() {
        "/nixos-unstable/packages.json.br" => reply(
            "302 Found",
            &[("Location", &format!("{release}/packages.json.br"))],
            b"",
        ),
        path if path == format!("{release}/git-revision") => {
            reply("200 OK", &[], b"0123abcdef0123abcdef0123abcdef0123abcdef\n")
        }
        _ if request.header("If-None-Match").is_some() => reply("304 Not Modified", &[], b""),
        _ => {
            let dated = ("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT");
            reply("200 OK", &[("ETag", "\"e\""), dated], &body)
        }
    });
    let place = server.url("/nixos-unstable/packages.json.br");
    assert_eq!(world.load_from(place.as_str()).new, 10);
    let channel = world.db.channels().expect("readable").remove(0);
    let current = channel.current.expect("loaded");
    assert_eq!(channel.name, "nixos-unstable");
    assert_eq!(current.revision, "0123abcdef0123abcdef0123abcdef0123abcdef");
    assert_eq!(
        current.evaluated_at.map(|at| at.get()),
        Some(1_767_225_600_000)
    );
    let again = world.try_ingest(place.as_str()).expect("ingested");
    assert!(matches!(again.feeds[0].end, End::Unchanged));
    assert_eq!(
        std::fs::read_dir(world.path("downloads"))
            .expect("a folder")
            .count(),
        0
    );
}
