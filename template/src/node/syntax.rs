//! The lists in which the elements of a source lie.

use std::fmt;
use std::marker::PhantomData;

use super::{Branch, Command, Constant, Invocation, Node, Number, Pipe, Stretch, VariableId, Word};

/// Actions that there is room for at first, at most: what looks like many may be none.
const ROOM: usize = 4096;

/// The elements of all templates of a text, each kind in a list of its own. What belongs together lies side by side.
#[derive(Debug, Default)]
pub(crate) struct Syntax {
    nodes: Vec<Node>,
    branches: Vec<Branch>,
    invocations: Vec<Invocation>,
    pipes: Vec<Pipe>,
    commands: Vec<Command>,
    words: Vec<Word>,
    declarations: Vec<VariableId>,
    numbers: Vec<Number>,
    constants: Vec<Constant>,
    /// Where each variable but `$` is named first.
    pub(super) variables: Vec<Stretch>,
}

/// What lies in one of the lists.
pub(crate) trait Element: Sized {
    /// The list of its kind.
    fn list(syntax: &Syntax) -> &Vec<Self>;
    /// The same, to be added to.
    fn list_mut(syntax: &mut Syntax) -> &mut Vec<Self>;
}

macro_rules! elements {
    ($($element:ident in $list:ident,)*) => {
        $(impl Element for $element {
            fn list(syntax: &Syntax) -> &Vec<Self> {
                &syntax.$list
            }

            fn list_mut(syntax: &mut Syntax) -> &mut Vec<Self> {
                &mut syntax.$list
            }
        })*
    };
}

elements! {
    Node in nodes,
    Branch in branches,
    Invocation in invocations,
    Pipe in pipes,
    Command in commands,
    Word in words,
    VariableId in declarations,
    Number in numbers,
    Constant in constants,
}

/// Where an element is in its list.
pub(crate) struct Place<T>(u32, PhantomData<fn() -> T>);

/// Elements side by side in their list.
pub(crate) struct Span<T> {
    start: u32,
    end: u32,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Place<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Place<T> {}

impl<T> fmt::Debug for Place<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl<T> Clone for Span<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Span<T> {}

impl<T> fmt::Debug for Span<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

impl<T> Span<T> {
    /// How many they are.
    pub(crate) fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether there are none.
    pub(crate) fn is_empty(self) -> bool {
        self.start == self.end
    }
}

impl Syntax {
    /// Lists with room for what a text of so many actions usually has.
    pub(crate) fn for_actions(count: usize) -> Self {
        let count = count.min(ROOM);
        Self {
            nodes: Vec::with_capacity(count + count / 4 + 1),
            pipes: Vec::with_capacity(count),
            commands: Vec::with_capacity(count + count / 4 + 1),
            words: Vec::with_capacity(2 * count + count / 2),
            ..Self::default()
        }
    }

    /// The element at a place.
    pub(crate) fn at<T: Element>(&self, place: Place<T>) -> &T {
        &T::list(self)[place.0 as usize]
    }

    /// The elements of a span.
    pub(crate) fn all<T: Element>(&self, span: Span<T>) -> &[T] {
        &T::list(self)[span.start as usize..span.end as usize]
    }

    /// Adds an element.
    pub(crate) fn push<T: Element>(&mut self, element: T) -> Place<T> {
        let list = T::list_mut(self);
        list.push(element);
        // Every element takes a byte of the text, which is limited far below 4 GiB.
        Place(list.len() as u32 - 1, PhantomData)
    }

    /// Adds elements from a height of a stack on.
    pub(crate) fn take<T: Element>(&mut self, stack: &mut Vec<T>, height: usize) -> Span<T> {
        let start = self.height::<T>();
        T::list_mut(self).extend(stack.drain(height..));
        self.since(start)
    }

    /// How many elements of a kind there are.
    pub(crate) fn height<T: Element>(&self) -> usize {
        T::list(self).len()
    }

    /// The elements that were added since there were so many.
    pub(crate) fn since<T: Element>(&self, start: usize) -> Span<T> {
        Span {
            start: start as u32,
            end: T::list(self).len() as u32,
            of: PhantomData,
        }
    }

    /// The number of a variable that is named in a stretch of a text; those that were not named before are added.
    pub(crate) fn variable(&mut self, text: &[u8], (start, end): Stretch) -> VariableId {
        let bytes = |(start, end): Stretch| text.get(start as usize..end as usize);
        let name = bytes((start, end));
        if name == Some(b"$") {
            return 0;
        }
        let known = self
            .variables
            .iter()
            .position(|known| bytes(*known) == name);
        let index = known.unwrap_or_else(|| {
            self.variables.push((start, end));
            self.variables.len() - 1
        });
        index as VariableId + 1
    }

    /// Gives back the room of lists that have much left.
    pub(crate) fn shrink(&mut self) {
        shrink(&mut self.nodes);
        shrink(&mut self.branches);
        shrink(&mut self.invocations);
        shrink(&mut self.pipes);
        shrink(&mut self.commands);
        shrink(&mut self.words);
        shrink(&mut self.declarations);
        shrink(&mut self.numbers);
        shrink(&mut self.constants);
        shrink(&mut self.variables);
    }
}

fn shrink<T>(list: &mut Vec<T>) {
    if list.len() + list.len() / 4 < list.capacity() {
        list.shrink_to_fit();
    }
}
