//! Weights of which only those that are not zero are in the file: `SparsityParameters` of `schema.fbs`.

use super::flatbuffer::Table;
use super::model::{Kind, Tensor};

/// No such tensor has more bytes.
const LARGEST: usize = 1 << 28;
/// More levels than any has: dimensions, and blocks of them.
const MOST_LEVELS: usize = 16;

/// A dimension, or the places within a block of one.
struct Level {
    /// How many places it has, if it has all.
    size: usize,
    /// How far apart they are in the whole, in elements.
    stride: usize,
    /// Those that it has otherwise.
    listed: Option<Listed>,
}

/// Of each entry of the level above, where its own begin; and the place of each.
type Listed = (Vec<usize>, Vec<usize>);

/// All elements of a tensor, zeros too.
///
/// # Errors
/// That the file does not tell where its elements are.
pub fn dense(tensor: &Tensor, sparsity: &Table) -> Result<Vec<u8>, String> {
    let levels = levels(tensor, sparsity)?;
    let size = match tensor.kind {
        Kind::F32 => 4,
        Kind::F16 => 2,
        Kind::I8 | Kind::U8 => 1,
        other => return Err(format!("`{}` is sparse, and of {other:?}", tensor.name)),
    };
    let length = tensor.elements().checked_mul(size);
    let length = length.filter(|it| *it <= LARGEST);
    let mut whole = vec![0; length.ok_or_else(|| format!("`{}` is too large", tensor.name))?];
    let mut put = |entry: usize, at: usize| {
        let part = |it: usize| Some(it.checked_mul(size)?..it.checked_add(1)?.checked_mul(size)?);
        let from = tensor.data.get(part(entry)?)?;
        whole.get_mut(part(at)?)?.copy_from_slice(from);
        Some(())
    };
    walk(&levels, 0, 0, &mut put).ok_or_else(|| damaged(tensor))?;
    Ok(whole)
}

/// Goes to all entries below one of a level, and puts each in its place.
fn walk(
    levels: &[Level],
    entry: usize,
    at: usize,
    put: &mut dyn FnMut(usize, usize) -> Option<()>,
) -> Option<()> {
    let [level, rest @ ..] = levels else {
        return put(entry, at);
    };
    let mut go = |entry: usize, place: usize| {
        let at = place.checked_mul(level.stride)?.checked_add(at)?;
        walk(rest, entry, at, put)
    };
    let Some((begins, places)) = &level.listed else {
        let first = entry.checked_mul(level.size)?;
        return (0..level.size).try_for_each(|place| go(first.checked_add(place)?, place));
    };
    let (begin, end) = (*begins.get(entry)?, *begins.get(entry + 1)?);
    (begin..end).try_for_each(|entry| go(entry, *places.get(entry)?))
}

/// The levels in the order in which the file goes through them.
fn levels(tensor: &Tensor, sparsity: &Table) -> Result<Vec<Level>, String> {
    let numbers = |field| -> Result<Vec<usize>, String> {
        let numbers = sparsity.ints(field)?.into_iter();
        Ok(numbers
            .map(|it| usize::try_from(it).unwrap_or(LARGEST))
            .collect())
    };
    let (order, blocks, tables) = (numbers(0)?, numbers(1)?, sparsity.tables(2)?);
    let rank = tensor.shape.len();
    let is_empty = tensor.elements() == 0;
    let is_whole = order.len() == rank + blocks.len() && order.len() == tables.len();
    if is_empty || !is_whole || order.len() > MOST_LEVELS {
        return Err(damaged(tensor));
    }
    let sizes = tables.iter().map(|it| it.unsigned(1));
    let sizes = sizes.collect::<Result<Vec<_>, _>>()?;
    let size_of = |dimension: usize| {
        let place = order.iter().position(|it| *it == dimension);
        place.map(|it| sizes[it])
    };
    // Within a block, places are side by side; blocks are as far apart as they are large.
    let stride = |dimension: usize| match dimension.checked_sub(rank) {
        Some(within) => step(tensor, *blocks.get(within)?),
        None => match blocks.iter().position(|it| *it == dimension) {
            Some(block) => size_of(rank + block)?.checked_mul(step(tensor, dimension)?),
            None => step(tensor, dimension),
        },
    };
    let level = |((dimension, table), size): ((&usize, &Table), &usize)| {
        Ok(Level {
            size: *size,
            stride: stride(*dimension).ok_or_else(|| damaged(tensor))?,
            listed: listed(table)?,
        })
    };
    order.iter().zip(&tables).zip(&sizes).map(level).collect()
}

/// How far apart the places of a dimension are in the whole.
fn step(tensor: &Tensor, dimension: usize) -> Option<usize> {
    let inner = tensor.shape.get(dimension + 1..)?;
    Some(inner.iter().product())
}

/// The lists of a level that does not have all places.
fn listed(table: &Table) -> Result<Option<Listed>, String> {
    if table.byte(0)? == 0 {
        return Ok(None);
    }
    let list = |field: usize| -> Result<Vec<usize>, String> {
        let list = table.table(field + 1)?.unwrap_or(Table::EMPTY);
        let wide = |it: &[u8; 4]| u32::from_le_bytes(*it) as usize;
        let half = |it: &[u8; 2]| usize::from(u16::from_le_bytes(*it));
        match table.byte(field)? {
            1 => Ok(list.chunks(0)?.iter().map(wide).collect()),
            2 => Ok(list.chunks(0)?.iter().map(half).collect()),
            3 => Ok(list.data(0)?.iter().map(|it| usize::from(*it)).collect()),
            other => Err(format!("it has sparse weights with lists of type {other}")),
        }
    };
    Ok(Some((list(2)?, list(4)?)))
}

fn damaged(tensor: &Tensor) -> String {
    format!(
        "`{}` is sparse, and does not tell where its elements are",
        tensor.name
    )
}
