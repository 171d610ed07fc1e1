//! Reuses a source's buffers once every consumer has let go of them.

use std::sync::Arc;

/// Hands out shared buffers, and takes back whichever nobody holds any more.
///
/// Bounded links bound how many buffers can be in flight, so the pool stops growing by itself.
pub struct Recycle<T> {
    slots: Vec<Arc<T>>,
    make: fn() -> T,
}

impl<T> Recycle<T> {
    /// An empty pool that makes buffers with `make`.
    pub fn new(make: fn() -> T) -> Recycle<T> {
        let slots = Vec::new();
        Recycle { slots, make }
    }

    /// Fills a free buffer and shares it; allocates only while the pipeline warms up.
    ///
    /// # Errors
    /// Whatever `fill` returns; the buffer goes back to the pool.
    pub fn share<E>(&mut self, fill: impl FnOnce(&mut T) -> Result<(), E>) -> Result<Arc<T>, E> {
        let free = self
            .slots
            .iter_mut()
            .position(|slot| Arc::get_mut(slot).is_some());
        let free = free.unwrap_or_else(|| {
            self.slots.push(Arc::new((self.make)()));
            self.slots.len() - 1
        });
        let slot = &mut self.slots[free];
        fill(Arc::get_mut(slot).expect("nobody else holds a free slot"))?;
        Ok(Arc::clone(slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_in_flight_need_three_buffers() {
        let mut pool = Recycle::new(|| 0u32);
        let mut in_flight = Vec::new();
        for value in 0..100 {
            let fill = |slot: &mut u32| -> Result<(), ()> {
                *slot = value;
                Ok(())
            };
            in_flight.push(pool.share(fill).expect("fill never fails"));
            if in_flight.len() > 2 {
                assert_eq!(*in_flight.remove(0), value - 2);
            }
        }
        assert_eq!(pool.slots.len(), 3);
    }
}
