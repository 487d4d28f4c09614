//! Types, and what names mean where.

use std::collections::HashMap;

/// A type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Type {
    pub(super) base: Kind,
    pub(super) stars: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Void,
    Char,
    Int,
    /// An index into [`Structs`].
    Struct(usize),
}

/// The most stars.
const STARS: usize = 7;

impl Type {
    pub(super) const INT: Self = Self {
        base: Kind::Int,
        stars: 0,
    };
    pub(super) const TEXT: Self = Self {
        base: Kind::Char,
        stars: 1,
    };

    pub(super) fn pointer(self) -> Result<Self, &'static str> {
        if self.stars == STARS {
            return Err("too many stars");
        }
        let stars = self.stars + 1;
        Ok(Self { stars, ..self })
    }

    pub(super) fn target(self) -> Result<Self, &'static str> {
        let stars = self.stars.checked_sub(1).ok_or("this is not a pointer")?;
        Ok(Self { stars, ..self })
    }

    pub(super) fn is_char(self) -> bool {
        self.base == Kind::Char && self.stars == 0
    }

    /// An int or a pointer.
    pub(super) fn is_word(self) -> bool {
        self.stars > 0 || self.base == Kind::Int
    }
}

/// A struct.
#[derive(Debug, Default)]
pub(super) struct Struct {
    pub(super) members: HashMap<String, Object>,
    /// None until it is defined.
    pub(super) size: Option<i64>,
}

/// A variable or member: its type, its place, and its length if it is an array.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object {
    pub(super) of: Type,
    pub(super) at: i64,
    pub(super) length: Option<i64>,
}

/// What a name means.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning {
    Constant(i64),
    Global(Object),
    Local(Object),
    Function { result: Type, parameters: usize },
}

/// The names and tags of one scope.
#[derive(Debug, Default)]
struct Scope {
    names: HashMap<String, Meaning>,
    tags: HashMap<String, usize>,
}

/// All scopes from the outermost to the innermost, and all structs.
#[derive(Debug)]
pub(super) struct Scopes {
    scopes: Vec<Scope>,
    pub(super) structs: Vec<Struct>,
}

impl Scopes {
    /// The outermost scope, in which the kernel's calls are known.
    pub(super) fn new() -> Self {
        let mut scopes = Self {
            scopes: vec![Scope::default()],
            structs: Vec::new(),
        };
        let kernel = Meaning::Function {
            result: Type::INT,
            parameters: 4,
        };
        scopes.declare("syscall", kernel);
        scopes
    }

    pub(super) fn open(&mut self) {
        self.scopes.push(Scope::default());
    }

    pub(super) fn close(&mut self) {
        self.scopes.pop();
    }

    /// Whether this is within a function.
    pub(super) fn inside(&self) -> bool {
        self.scopes.len() > 1
    }

    pub(super) fn declare(&mut self, name: &str, meaning: Meaning) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.names.insert(name.to_owned(), meaning);
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<Meaning> {
        self.scopes
            .iter()
            .rev()
            .find_map(|scope| scope.names.get(name).copied())
    }

    /// The struct of this tag; one that is not known yet becomes known in the innermost scope.
    pub(super) fn tag(&mut self, tag: &str) -> usize {
        let known = self
            .scopes
            .iter()
            .rev()
            .find_map(|scope| scope.tags.get(tag));
        if let Some(known) = known {
            return *known;
        }
        let new = self.structs.len();
        self.structs.push(Struct::default());
        if let Some(scope) = self.scopes.last_mut() {
            scope.tags.insert(tag.to_owned(), new);
        }
        new
    }

    /// The bytes of one value of a type.
    pub(super) fn size(&self, of: Type) -> Result<i64, &'static str> {
        match of.base {
            _ if of.stars > 0 => Ok(8),
            Kind::Int => Ok(8),
            Kind::Char => Ok(1),
            Kind::Void => Err("the size of this type is not known"),
            Kind::Struct(index) => self.structs[index]
                .size
                .ok_or("the size of this type is not known"),
        }
    }
}
