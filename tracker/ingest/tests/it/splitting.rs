//! The splitter against a parser that reads everything at once, and against noise.

use proptest::prelude::*;
use serde_json::{Map, Value};
use snowguard_tracker_ingest::limits::Limits;
use snowguard_tracker_ingest::source::recognise;
use snowguard_tracker_ingest::split::{Form, Piece, Records, compact};

/// JSON up to some depth, with every kind of text in it.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC*".prop_map(Value::from),
        "[\"\\\\{}\\[\\],: ]*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map("\\PC{0,8}", inner, 0..6)
                .prop_map(|map| Value::from(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Name of a member, where there is one, and its bytes.
type Part = (Option<String>, Vec<u8>);

/// Everything that the splitter gives.
fn split(text: &[u8], form: Form) -> Result<Vec<Part>, String> {
    let mut records = Records::open(text, form, &Limits::default()).map_err(|e| e.to_string())?;
    let mut all = Vec::new();
    while let Some(piece) = records.next().map_err(|error| error.to_string())? {
        if let Piece::Record(slice) = piece {
            assert_eq!(
                &text[slice.offset as usize..][..slice.bytes.len()],
                slice.bytes
            );
            all.push((slice.key, slice.bytes.to_vec()));
        }
    }
    Ok(all)
}

proptest! {
    #[test]
    fn elements_are_those_that_a_whole_parse_finds(list in prop::collection::vec(json(), 0..8), pretty: bool) {
        let text = if pretty { serde_json::to_vec_pretty(&list) } else { serde_json::to_vec(&list) };
        let found = split(&text.expect("JSON"), Form::Root).expect("well-formed");
        let values: Vec<Value> =
            found.iter().map(|(_, raw)| serde_json::from_slice(raw).expect("an element")).collect();
        prop_assert_eq!(values, list);
    }

    #[test]
    fn members_are_those_that_a_whole_parse_finds(object in prop::collection::btree_map("\\PC{0,8}", json(), 0..8)) {
        let whole = serde_json::json!({"before": [1, {"records": 2}], "records": object, "z": null});
        let text = serde_json::to_vec(&whole).expect("JSON");
        let found = split(&text, Form::Member("records")).expect("well-formed");
        for (key, raw) in &found {
            let value: Value = serde_json::from_slice(raw).expect("a member");
            prop_assert_eq!(Some(&value), object.get(key.as_deref().expect("a name")));
        }
        prop_assert_eq!(found.len(), object.len());
    }

    #[test]
    fn compact_json_means_the_same(value in json()) {
        let pretty = serde_json::to_vec_pretty(&value).expect("JSON");
        prop_assert_eq!(compact(&pretty).into_owned(), serde_json::to_vec(&value).expect("JSON"));
    }

    #[test]
    fn noise_is_split_or_refused_and_never_panics(noise in prop::collection::vec(any::<u8>(), 0..200)) {
        for form in [Form::Whole, Form::Lines, Form::Root, Form::Member("a")] {
            drop(split(&noise, form));
        }
        drop(recognise(&noise));
        drop(compact(&noise));
    }

    #[test]
    fn damaged_json_is_split_or_refused_and_never_panics(value in json(), at: prop::sample::Index, byte: u8) {
        let mut text = serde_json::to_vec(&serde_json::json!([value, {"a": value}])).expect("JSON");
        let at = at.index(text.len());
        text[at] = byte;
        for form in [Form::Lines, Form::Root, Form::Member("a")] {
            drop(split(&text, form));
        }
        drop(recognise(&text));
        drop(compact(&text));
    }
}
