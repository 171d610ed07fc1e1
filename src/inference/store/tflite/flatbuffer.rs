//! FlatBuffers read without trust: every offset is checked, and what a table leaves out is the default.

/// A table, in the bytes it stands in.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// More tables, numbers or letters than any list here has that is no data of weights.
const MOST: usize = 1 << 17;
/// What follows in a text is left out.
const LONGEST_TEXT: usize = 512;

impl<'a> Table<'a> {
    /// A table that leaves everything out.
    pub const EMPTY: Table<'static> = Table {
        bytes: &[4, 0, 4, 0, 4, 0, 0, 0],
        at: 4,
    };

    /// The table that a file begins with.
    pub fn root(bytes: &'a [u8]) -> Result<Table<'a>, String> {
        let table = Table { bytes, at: 0 };
        table.behind(0)
    }

    /// An unsigned byte, or a number of one.
    pub fn byte(&self, field: usize) -> Result<u8, String> {
        Ok(self.array(field)?.map_or(0, u8::from_le_bytes))
    }

    /// A number of 32 bits.
    pub fn int(&self, field: usize, default: i32) -> Result<i32, String> {
        Ok(self.array(field)?.map_or(default, i32::from_le_bytes))
    }

    /// An unsigned number of 32 bits.
    pub fn unsigned(&self, field: usize) -> Result<usize, String> {
        Ok(self
            .array(field)?
            .map_or(0, |it| u32::from_le_bytes(it) as usize))
    }

    /// An unsigned number of 64 bits.
    pub fn long(&self, field: usize) -> Result<u64, String> {
        Ok(self.array(field)?.map_or(0, u64::from_le_bytes))
    }

    /// A number with a fraction.
    pub fn float(&self, field: usize) -> Result<f32, String> {
        Ok(self.array(field)?.map_or(0.0, f32::from_le_bytes))
    }

    /// Whether something holds.
    pub fn is(&self, field: usize) -> Result<bool, String> {
        Ok(self.byte(field)? != 0)
    }

    /// The table within.
    pub fn table(&self, field: usize) -> Result<Option<Table<'a>>, String> {
        self.place(field)?.map(|at| self.behind(at)).transpose()
    }

    /// A list of bytes, empty if there is none.
    pub fn data(&self, field: usize) -> Result<&'a [u8], String> {
        self.list(field, 1)
    }

    /// A text, or what of its beginning is one.
    pub fn text(&self, field: usize) -> Result<String, String> {
        let text = self.data(field)?;
        let text = &text[..text.len().min(LONGEST_TEXT)];
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    /// A list of numbers of 32 bits.
    pub fn ints(&self, field: usize) -> Result<Vec<i32>, String> {
        self.numbers(field, i32::from_le_bytes)
    }

    /// A list of numbers with fractions.
    pub fn floats(&self, field: usize) -> Result<Vec<f32>, String> {
        self.numbers(field, f32::from_le_bytes)
    }

    /// A list of tables.
    pub fn tables(&self, field: usize) -> Result<Vec<Table<'a>>, String> {
        let count = self.chunks::<4>(field)?.len();
        short(count)?;
        let Some(at) = self.place(field)? else {
            return Ok(Vec::new());
        };
        let first = self.follow(at)? + 4;
        let table = |number| self.behind(first + 4 * number);
        (0..count).map(table).collect()
    }

    fn numbers<T, const N: usize>(
        &self,
        field: usize,
        number: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, String> {
        let numbers = self.chunks::<N>(field)?;
        short(numbers.len())?;
        Ok(numbers.iter().map(|it| number(*it)).collect())
    }

    /// A list of numbers of so many bytes, as they stand there.
    pub fn chunks<const N: usize>(&self, field: usize) -> Result<&'a [[u8; N]], String> {
        Ok(self.list(field, N)?.as_chunks().0)
    }

    /// The elements of a list, so many bytes each.
    fn list(&self, field: usize, each: usize) -> Result<&'a [u8], String> {
        let Some(at) = self.place(field)? else {
            return Ok(&[]);
        };
        let at = self.follow(at)?;
        let count = u32::from_le_bytes(take(self.bytes, at)?) as usize;
        let end = count
            .checked_mul(each)
            .and_then(|it| it.checked_add(at + 4));
        end.and_then(|end| self.bytes.get(at + 4..end))
            .ok_or_else(beyond)
    }

    fn array<const N: usize>(&self, field: usize) -> Result<Option<[u8; N]>, String> {
        let at = self.place(field)?;
        at.map(|at| take(self.bytes, at)).transpose()
    }

    /// Where a field is, if the table has it.
    fn place(&self, field: usize) -> Result<Option<usize>, String> {
        let back = i32::from_le_bytes(take(self.bytes, self.at)?);
        let fields = (self.at as i64).checked_sub(i64::from(back));
        let fields = fields
            .and_then(|it| usize::try_from(it).ok())
            .ok_or_else(beyond)?;
        let length = u16::from_le_bytes(take(self.bytes, fields)?) as usize;
        let entry = 4 + 2 * field;
        if entry + 2 > length {
            return Ok(None);
        }
        let offset = u16::from_le_bytes(take(self.bytes, fields + entry)?) as usize;
        Ok((offset > 0).then_some(self.at + offset))
    }

    /// The table that an offset leads to.
    fn behind(&self, at: usize) -> Result<Table<'a>, String> {
        let at = self.follow(at)?;
        Ok(Table { at, ..*self })
    }

    fn follow(&self, at: usize) -> Result<usize, String> {
        let offset = u32::from_le_bytes(take(self.bytes, at)?) as usize;
        at.checked_add(offset)
            .filter(|it| *it < self.bytes.len())
            .ok_or_else(beyond)
    }
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], String> {
    let bytes = bytes.get(at..).and_then(|it| it.first_chunk());
    bytes.copied().ok_or_else(beyond)
}

fn short(count: usize) -> Result<(), String> {
    match count <= MOST {
        true => Ok(()),
        false => Err(format!("it has a list of {count} entries")),
    }
}

fn beyond() -> String {
    "it is cut off, or damaged: an offset leads out of it".to_owned()
}
