//! A sink that hands all events to whoever plays a recording, in the order of their capture times.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossbeam_channel::Sender;

use crate::media::clock::Time;
use crate::media::events::Event;
use crate::media::packet::{Packet, Payload};
use crate::pipeline::contract::catalogue::{NodeType, Role, Running};
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::{Emit, Flow};
use crate::pipeline::file::Listener;

static TYPE: NodeType = NodeType {
    name: "listener",
    also: &[],
    about: "Hands events to whoever plays a recording.",
    example: "",
    role: Role::Sink,
    accepts: <Arc<Event> as Payload>::KINDS,
    produces: &[],
    stateless: false,
    infers: false,
    wait_ms: None,
    passes: false,
    single: false,
    together: false,
    needs: &[],
    redacts: false,
    batch: 1,
    schema: || schemars::schema_for!(()),
    configure: |_| unreachable!("it stands in no file"),
};

/// What waits for what may have come before it: which of two nodes tells first is chance.
struct Listening {
    to: Sender<Arc<Event>>,
    /// By time and node; what one node tells of one moment stays in its order.
    waiting: BTreeMap<(Time, Arc<str>, u64), Arc<Event>>,
    count: u64,
}

impl Listening {
    fn send_before(&mut self, to: Time) -> Result<()> {
        while let Some(first) = self.waiting.first_entry() {
            if first.key().0 >= to {
                break;
            }
            self.to.send(first.remove()).map_err(|_| Error::Over)?;
        }
        Ok(())
    }
}

impl Running for Listening {
    fn step(&mut self, input: Option<Packet>, _: &mut Emit<Packet>) -> Result<Flow> {
        let Some(Packet::Event(event)) = input else {
            unreachable!("it takes events only");
        };
        self.count += 1;
        let order = (event.head.at, Arc::clone(&event.head.node), self.count);
        self.waiting.insert(order, event);
        Ok(Flow::More)
    }

    fn pass(&mut self, to: Time, _: &mut Emit<Packet>) -> Result<()> {
        self.send_before(to)
    }

    fn finish(&mut self, _: &mut Emit<Packet>) -> Result<()> {
        let rest = std::mem::take(&mut self.waiting).into_values();
        let mut rest = rest.map(|it| self.to.send(it));
        rest.try_for_each(|it| it.map_err(|_| Error::Over))
    }
}

/// One that sends what it hears.
pub fn listener(to: Sender<Arc<Event>>) -> Listener {
    Listener {
        ty: &TYPE,
        open: Arc::new(move |_| {
            Ok(Box::new(Listening {
                to: to.clone(),
                waiting: BTreeMap::new(),
                count: 0,
            }))
        }),
    }
}
