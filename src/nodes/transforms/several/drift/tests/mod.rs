//! What is told of made-up pictures and sound, and of weeks that are simulated.

mod frames;
mod listening;
mod models;
mod week;

use crate::media::events::{Condition, Health, InBody};
use crate::media::packet::Packet;
use crate::nodes::find;
use crate::pipeline::contract::testing::drive;

/// What is told, with the second at which it is.
fn told(options: &str, packets: impl IntoIterator<Item = Packet>) -> Vec<(Condition, bool, u64)> {
    let ty = find("drift").expect("it is in the list");
    let made = drive(ty, options, packets).expect("it cannot fail");
    let told = made.iter().map(|packet| {
        let Packet::Event(event) = packet else {
            panic!("it makes events only");
        };
        let health = Health::of(&event.body).expect("it tells of health only");
        assert!(health.reason.is_some() || !health.active, "{health:?}");
        (health.condition, health.active, event.head.t as u64)
    });
    told.collect()
}

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        // Splitmix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let it = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        it ^ (it >> 31)
    }

    /// Between 0 and 1.
    fn part(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Around 0, about so far from it.
    fn around(&mut self, deviation: f32) -> f32 {
        (self.part() - 0.5) * deviation * 3.46
    }
}
