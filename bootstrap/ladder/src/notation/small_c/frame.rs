//! Declarations: types by name, structs, constants, global variables, functions.

use super::LARGEST;
use super::generate::{Done, Generator};
use super::scope::{Kind, Meaning, Object, Type};
use super::tree::{Base, Block, Constant, Item, TypeName, Variable};
use crate::notation::Place;

/// The largest constant.
const MOST: i64 = 0x7fff_ffff;

/// The address of the first global variable.
pub(super) const DATA: i64 = 0x1000_0000;

impl Generator {
    pub(super) fn item(&mut self, item: &Item) -> Done {
        match item {
            Item::Constants(constants) => self.constants(constants),
            Item::Type(name) => self.type_of(name).map(|_| ()),
            Item::Variable(variable) => self.global(variable),
            Item::Function {
                result,
                name,
                parameters,
                body,
                place,
                end,
            } => {
                let result = self.type_of(result)?;
                self.place = place.clone();
                self.function(name, result, parameters, body.as_ref(), end)
            }
        }
    }

    fn constants(&mut self, constants: &[(String, Option<Constant>, Place)]) -> Done {
        let mut next = Some(0);
        for (name, value, place) in constants {
            self.place = place.clone();
            let value = match value {
                Some(constant) => {
                    // One that is not used may be too large.
                    if next.is_none() {
                        return self.fail("this is too large");
                    }
                    self.constant(constant)?
                }
                None => match next {
                    Some(value) => value,
                    None => return self.fail("this is too large"),
                },
            };
            self.scopes.declare(name, Meaning::Constant(value));
            next = Some(value + 1).filter(|value| *value <= MOST);
        }
        Ok(())
    }

    fn constant(&self, constant: &Constant) -> Done<i64> {
        match constant {
            Constant::Number(number) => Ok(*number),
            Constant::Name(name) => match self.scopes.find(name) {
                Some(Meaning::Constant(value)) => Ok(value),
                _ => self.fail("expected a constant"),
            },
        }
    }

    pub(super) fn type_of(&mut self, name: &TypeName) -> Done<Type> {
        self.place = name.place.clone();
        let base = match &name.base {
            Base::Void => Kind::Void,
            Base::Char => Kind::Char,
            Base::Int => Kind::Int,
            Base::Struct { tag, members } => {
                let index = self.scopes.tag(tag);
                if let Some(members) = members {
                    self.members(index, members)?;
                }
                Kind::Struct(index)
            }
        };
        let mut of = Type { base, stars: 0 };
        for _ in 0..name.stars {
            of = self.check(of.pointer())?;
        }
        Ok(of)
    }

    fn members(&mut self, index: usize, members: &[Variable]) -> Done {
        if self.scopes.inside() {
            return self.fail("a struct is defined in a function");
        }
        if self.scopes.structs[index].size.is_some() {
            return self.fail("this struct is defined a second time");
        }
        let mut offset = 0;
        for member in members {
            let (of, length, bytes) = self.shape(member)?;
            if !of.is_char() {
                offset = rounded(offset);
            }
            let at = offset;
            let object = Object { of, at, length };
            let members = &mut self.scopes.structs[index].members;
            members.insert(member.name.clone(), object);
            offset += bytes;
            if offset >= LARGEST {
                return self.fail("this is too large");
            }
        }
        self.scopes.structs[index].size = Some(rounded(offset));
        Ok(())
    }

    /// The type of a variable, its length if it is an array, and its bytes.
    pub(super) fn shape(&mut self, variable: &Variable) -> Done<(Type, Option<i64>, i64)> {
        let of = self.type_of(&variable.type_name)?;
        self.place = variable.place.clone();
        let length = match &variable.length {
            None => None,
            Some(constant) => match self.constant(constant)? {
                0 => return self.fail("an array of nothing"),
                length => Some(length),
            },
        };
        let bytes = self.check(self.scopes.size(of))? * length.unwrap_or(1);
        if bytes >= LARGEST {
            return self.fail("this is too large");
        }
        Ok((of, length, bytes))
    }

    fn global(&mut self, variable: &Variable) -> Done {
        let (of, length, bytes) = self.shape(variable)?;
        let at = self.data;
        let meaning = Meaning::Global(Object { of, at, length });
        self.scopes.declare(&variable.name, meaning);
        self.data = rounded(self.data + bytes);
        if self.data > DATA + LARGEST {
            return self.fail("this is too large");
        }
        Ok(())
    }

    fn function(
        &mut self,
        name: &str,
        result: Type,
        parameters: &[Variable],
        body: Option<&Block>,
        end: &Place,
    ) -> Done {
        let before = self.scopes.find(name);
        let count = parameters.len();
        if let Some(Meaning::Function { parameters, .. }) = before
            && parameters != count
        {
            return self.fail("this function had another number of parameters");
        }
        let meaning = Meaning::Function {
            result,
            parameters: count,
        };
        self.scopes.declare(name, meaning);
        self.scopes.open();
        // The last argument lies just above the saved rbp and the return address.
        let mut at = 16 + 8 * i64::try_from(count).unwrap_or(i64::MAX / 16);
        for parameter in parameters {
            let of = self.type_of(&parameter.type_name)?;
            at -= 8;
            let meaning = Meaning::Local(Object {
                of,
                at,
                length: None,
            });
            self.scopes.declare(&parameter.name, meaning);
        }
        if let Some(body) = body {
            self.emit(&format!(":f_{name}"));
            self.emit("push_rbp");
            self.emit("mov_rbp,rsp");
            self.depth = 0;
            self.block(body)?;
            self.place = end.clone();
            self.emit("leave");
            self.emit("ret");
        }
        self.scopes.close();
        Ok(())
    }
}

/// Rounded up to a multiple of eight.
pub(super) fn rounded(bytes: i64) -> i64 {
    (bytes + 7) / 8 * 8
}
