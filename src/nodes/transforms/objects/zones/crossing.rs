//! On which side of one line one thing is, from sight to sight.

use crate::media::events::Direction;

/// On which side it is, and what its way since then has crossed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Crossing {
    /// Where it surely was last; none as long as it was only ever seen upon the line.
    side: Option<Direction>,
    /// How often it has crossed to the right since then, less how often to the left.
    through: i32,
    /// Where it is gone to if it is seen no more.
    leans: Option<Direction>,
}

/// Where it is seen.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Pixels from the line; to the right, more than zero.
    pub off: f32,
    /// So far from it, it is surely on that side.
    pub margin: f32,
    /// Whether the way from the last sight led over the line, and to its right.
    pub crossed: Option<bool>,
}

impl Crossing {
    /// Where it has crossed to: that is told once it is clear of the line, so that who stands upon it crosses nothing.
    pub fn see(&mut self, place: Place) -> Option<Direction> {
        self.through += match place.crossed {
            Some(true) => 1,
            Some(false) => -1,
            None => 0,
        };
        let now = Direction::to(place.off > 0.0);
        let (is_clear, is_likely) = (
            place.off.abs() >= place.margin,
            place.off.abs() >= place.margin / 2.0,
        );
        let has_crossed = self.side.is_some_and(|it| it != now) && self.goes(now);
        self.leans = (has_crossed && is_likely).then_some(now);
        // At first sight it is likelier there than not.
        let is_sure = if self.side.is_none() {
            is_likely
        } else {
            is_clear
        };
        if !is_sure {
            return None;
        }
        *self = Crossing {
            side: Some(now),
            ..Crossing::default()
        };
        has_crossed.then_some(now)
    }

    /// Where it has crossed to, if it was seen there for the last time.
    pub fn end(&mut self) -> Option<Direction> {
        std::mem::take(self).leans
    }

    /// Whether its way leads through the line, and not around an end of it.
    fn goes(&self, to: Direction) -> bool {
        match to {
            Direction::Right => self.through > 0,
            Direction::Left => self.through < 0,
        }
    }
}
