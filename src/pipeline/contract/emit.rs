//! Where a node puts what it makes.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::media::clock::Time;
use crate::media::events::{InBody, Of};
use crate::media::kind::Lane;
use crate::media::packet::Packet;
use crate::pipeline::contract::context::Context;

/// Takes what a node makes: only what `T`, its `Out`, can be.
pub struct Emit<'a, T> {
    context: &'a Context,
    sink: &'a mut dyn FnMut(Packet),
    of: PhantomData<fn(T)>,
}

impl<'a> Emit<'a, Packet> {
    /// What the node of this context makes goes to `sink`.
    pub fn new(context: &'a Context, sink: &'a mut dyn FnMut(Packet)) -> Emit<'a, Packet> {
        let of = PhantomData;
        Emit { context, sink, of }
    }

    /// The same for a node that makes `T` only.
    pub fn only<T>(&mut self) -> Emit<'_, T> {
        Emit {
            context: self.context,
            sink: &mut *self.sink,
            of: PhantomData,
        }
    }
}

impl<T: Into<Packet>> Emit<'_, T> {
    /// Sends one item to every node that takes its kind. An event that came in goes on as it is.
    pub fn send(&mut self, item: impl Into<T>) {
        let item: T = item.into();
        (self.sink)(item.into());
    }

    /// Makes an event about `source` at the capture time `at` and sends it.
    pub fn event<B: InBody>(&mut self, source: &Arc<str>, at: Time, seq: Option<u64>, body: B)
    where
        Of<B>: Into<T>,
    {
        let event = self.context.event(source, at, seq, body);
        self.send(Of::new(event).expect("it was just made of this kind"));
    }

    /// Whether anybody takes what flows in this lane: what costs much is made for somebody only.
    /// A reload can change the answer.
    pub fn wants(&self, lane: Lane) -> bool {
        self.context.wanted.has(lane)
    }
}
