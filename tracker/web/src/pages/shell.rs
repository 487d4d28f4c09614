//! What is around every page.

use snowguard_tracker_triage::role::Action;

use crate::account::reader::Reader;
use crate::assets;

/// The frame's own values.
#[derive(Debug, Clone)]
pub struct Shell {
    /// Address of the style sheet, which names its content.
    pub style: &'static str,
    /// Address of our own script, which names its content.
    pub script: &'static str,
    /// Address of htmx, which names its content.
    pub htmx: &'static str,
    /// Address of the icon, which names its content.
    pub icon: &'static str,
    /// What stands in the search box.
    pub query: String,
    /// Who reads, where somebody is signed in.
    pub reader: Option<Signed>,
}

/// Who reads.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Their name.
    pub name: String,
    /// What forms have to carry.
    pub form_key: String,
    /// Whether they maintain packages.
    pub maintains: bool,
    /// Whether they decide.
    pub triages: bool,
    /// Whether they manage people.
    pub manages: bool,
    /// Whether they look after workers and feeds.
    pub operates: bool,
}

impl Shell {
    /// The frame for a reader, with an empty search box.
    pub fn of(reader: &Reader) -> Self {
        let signed = reader.person.as_ref().zip(reader.form_key.as_ref());
        let signed = signed.map(|(person, key)| Signed {
            name: person.name.clone(),
            form_key: key.expose().to_owned(),
            maintains: !reader.owned.is_empty(),
            triages: reader.may(Action::Triage),
            manages: reader.may(Action::People),
            operates: reader.may(Action::Operate),
        });
        Self {
            style: assets::style_path(),
            script: assets::script_path(),
            htmx: assets::htmx_path(),
            icon: assets::icon_path(),
            query: String::new(),
            reader: signed,
        }
    }

    /// The frame for nobody in particular.
    pub fn new() -> Self {
        Self::of(&Reader::default())
    }

    /// The frame with a query in the search box.
    pub fn searching(self, query: String) -> Self {
        Self { query, ..self }
    }

    /// Whether the reader decides.
    pub fn triages(&self) -> bool {
        self.reader.as_ref().is_some_and(|reader| reader.triages)
    }

    /// What forms have to carry; nothing where nobody is signed in.
    pub fn form_key(&self) -> &str {
        self.reader.as_ref().map_or("", |reader| &reader.form_key)
    }
}

impl Default for Shell {
    fn default() -> Self {
        Self::new()
    }
}
