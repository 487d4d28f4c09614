//! Statements, and the labels of loops.

use super::LARGEST;
use super::frame::rounded;
use super::generate::{Done, Generator};
use super::scope::{Meaning, Object};
use super::tree::{Action, Block, Entry, Expression, For, Statement, Variable};

/// Where `break` and `continue` lead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loop {
    end: usize,
    next: usize,
}

impl Generator {
    pub(super) fn block(&mut self, block: &Block) -> Done {
        let depth = self.depth;
        self.scopes.open();
        for entry in &block.entries {
            match entry {
                Entry::Statement(statement) => self.statement(statement)?,
                Entry::Variable(variable, value) => self.local(variable, value.as_ref())?,
            }
        }
        self.scopes.close();
        self.place = block.end.clone();
        if self.depth != depth {
            self.depth = depth;
            self.frame();
        }
        Ok(())
    }

    fn local(&mut self, variable: &Variable, value: Option<&Expression>) -> Done {
        let (of, length, bytes) = self.shape(variable)?;
        let bytes = rounded(bytes);
        self.depth += bytes;
        if self.depth >= LARGEST {
            return self.fail("this is too large");
        }
        self.emit(&format!("sub_rsp,imm32 %{bytes}"));
        let at = -self.depth;
        let meaning = Meaning::Local(Object { of, at, length });
        self.scopes.declare(&variable.name, meaning);
        if let Some(value) = value {
            self.emit(&format!("lea_rax,[rbp+disp32] %{at}"));
            self.store(of, value)?;
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) -> Done {
        self.place = statement.place.clone();
        match &statement.what {
            Action::Nothing => {}
            Action::Block(block) => self.block(block)?,
            Action::If {
                condition,
                then,
                other,
            } => {
                self.condition(condition)?;
                let mut after = self.label();
                self.emit(&format!("je %L{after}"));
                self.statement(then)?;
                if let Some(other) = other {
                    let end = self.label();
                    self.emit(&format!("jmp %L{end}"));
                    self.emit(&format!(":L{after}"));
                    self.statement(other)?;
                    after = end;
                }
                self.emit(&format!(":L{after}"));
            }
            Action::While { condition, body } => {
                let next = self.label();
                let end = self.label();
                self.emit(&format!(":L{next}"));
                self.frame();
                self.condition(condition)?;
                self.emit(&format!("je %L{end}"));
                self.body(body, Loop { end, next })?;
            }
            Action::For(parts) => self.for_loop(parts)?,
            Action::Return(value) => {
                if let Some(value) = value {
                    self.value(value)?;
                }
                self.emit("leave");
                self.emit("ret");
            }
            Action::Break => self.jump(|around| around.end)?,
            Action::Continue => self.jump(|around| around.next)?,
            Action::Expression(expression) => {
                self.expression(expression)?;
            }
        }
        Ok(())
    }

    fn for_loop(&mut self, parts: &For) -> Done {
        if let Some(first) = &parts.first {
            self.expression(first)?;
        }
        let [test, start, next, end] = [(); 4].map(|()| self.label());
        self.emit(&format!(":L{test}"));
        if let Some(condition) = &parts.condition {
            self.condition(condition)?;
            self.emit(&format!("je %L{end}"));
        }
        self.emit(&format!("jmp %L{start}"));
        self.emit(&format!(":L{next}"));
        self.frame();
        if let Some(step) = &parts.step {
            self.expression(step)?;
        }
        self.emit(&format!("jmp %L{test}"));
        self.emit(&format!(":L{start}"));
        self.body(&parts.body, Loop { end, next })
    }

    fn condition(&mut self, condition: &Expression) -> Done {
        self.value(condition)?;
        self.emit("test_rax,rax");
        Ok(())
    }

    fn body(&mut self, body: &Statement, inner: Loop) -> Done {
        self.loops.push(inner);
        self.statement(body)?;
        self.loops.pop();
        self.emit(&format!("jmp %L{}", inner.next));
        self.emit(&format!(":L{}", inner.end));
        self.frame();
        Ok(())
    }

    fn jump(&mut self, to: impl Fn(&Loop) -> usize) -> Done {
        match self.loops.last() {
            None => self.fail("not in a loop"),
            Some(around) => {
                let label = to(around);
                self.emit(&format!("jmp %L{label}"));
                Ok(())
            }
        }
    }

    /// Puts rsp where the local variables end.
    fn frame(&mut self) {
        self.emit(&format!("lea_rsp,[rbp+disp32] %{}", -self.depth));
    }
}
