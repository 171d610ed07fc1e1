//! What was given to the broker and is not acknowledged yet, in order.

use std::collections::VecDeque;

/// One thing that the broker has not acknowledged.
struct Waiting {
    /// Number of the record, if it is one.
    record: Option<u64>,
    /// Its number in the connection, when it has gone out.
    packet: Option<u16>,
    acknowledged: bool,
}

/// All of them.
#[derive(Default)]
pub struct Unacknowledged(VecDeque<Waiting>);

impl Unacknowledged {
    /// How many they are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// One more was given to the connection: a record of this number, or something else.
    pub fn push(&mut self, record: Option<u64>) {
        self.0.push_back(Waiting {
            record,
            packet: None,
            acknowledged: false,
        });
    }

    /// The connection has sent the next one, under this number.
    pub fn went_out(&mut self, packet: u16) {
        if let Some(next) = self.0.iter_mut().find(|it| it.packet.is_none()) {
            next.packet = Some(packet);
        }
    }

    /// The broker has acknowledged one; gives the records that are done with, and all before them too.
    pub fn acknowledge(&mut self, packet: u16) -> Vec<u64> {
        if let Some(it) = self.0.iter_mut().find(|it| it.packet == Some(packet)) {
            it.acknowledged = true;
        }
        let mut done = Vec::new();
        while self.0.front().is_some_and(|it| it.acknowledged) {
            done.extend(self.0.pop_front().and_then(|it| it.record));
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_done_when_all_before_it_are() {
        let mut waiting = Unacknowledged::default();
        for record in [None, Some(7), Some(8)] {
            waiting.push(record);
        }
        for packet in 1..=3 {
            waiting.went_out(packet);
        }
        assert_eq!(waiting.acknowledge(2), Vec::<u64>::new());
        assert_eq!(waiting.acknowledge(9), Vec::<u64>::new());
        assert_eq!(waiting.acknowledge(1), [7]);
        assert_eq!(waiting.acknowledge(3), [8]);
        assert_eq!(waiting.count(), 0);
    }
}
