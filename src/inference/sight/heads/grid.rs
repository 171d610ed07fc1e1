//! The grids that these detectors lay over a picture, and boxes told in their cells.

/// The strides of the grids of most detectors, finest first.
pub const STRIDES: [usize; 3] = [8, 16, 32];
/// Sets of strides that families have variants for: the usual ones, with a coarser one, with a finer one, and two of
/// the smallest models.
pub const STRIDE_SETS: [&[usize]; 4] = [&STRIDES, &[8, 16, 32, 64], &[4, 8, 16, 32], &[16, 32]];

/// Fewer cells, those of a picture of 32 by 32, have no models that put out pixels.
pub const FEW_CELLS: usize = 21;

/// Every grid cell of every stride, in the order of the outputs: `(column, row, stride)`.
pub fn cells(
    width: usize,
    height: usize,
    strides: &[usize],
) -> impl Iterator<Item = (f32, f32, f32)> {
    strides
        .iter()
        .flat_map(move |&stride| grid(width, height, stride))
}

/// The same of one stride.
pub fn grid(width: usize, height: usize, stride: usize) -> impl Iterator<Item = (f32, f32, f32)> {
    let (columns, rows) = (width / stride, height / stride);
    (0..rows).flat_map(move |row| {
        (0..columns).map(move |column| (column as f32, row as f32, stride as f32))
    })
}

/// How many cells the grids of these strides have.
pub fn count(width: usize, height: usize, strides: &[usize]) -> usize {
    strides
        .iter()
        .map(|stride| (width / stride) * (height / stride))
        .sum()
}

/// The set of strides whose grids have so many cells.
pub fn strides(width: usize, height: usize, cells: usize) -> Option<&'static [usize]> {
    let fits = |it: &&&[usize]| count(width, height, it) == cells;
    STRIDE_SETS.iter().find(fits).copied()
}

/// How many cells a box's middle is away from its own one at most, of most boxes.
const NEAR: f32 = 4.0;

/// What is told of boxes of which that is not so.
pub const ASTRAY: &str = "the boxes are not where their cells are";

/// Whether the middles of boxes, one a cell in the order of the cells, are where their cells are. Where they are not,
/// the numbers are none of boxes.
pub fn follow(
    width: usize,
    height: usize,
    strides: &[usize],
    middles: impl Iterator<Item = [f32; 2]>,
) -> bool {
    let (mut near, mut all) = (0, 0);
    for ([x, y], (column, row, stride)) in middles.zip(cells(width, height, strides)) {
        let is_near = |at: f32, cell: f32| (at / stride - cell - 0.5).abs() <= NEAR;
        near += usize::from(is_near(x, column) && is_near(y, row));
        all += 1;
    }
    2 * near >= all
}

/// A box given by its centre and the logarithm of its size, both in cells.
pub fn corners(cell: (f32, f32, f32), [x, y, w, h]: [f32; 4]) -> [f32; 4] {
    let (column, row, stride) = cell;
    let (x, y) = ((x + column) * stride, (y + row) * stride);
    around([x, y, w.exp() * stride, h.exp() * stride])
}

/// A box given by its centre and its size.
pub fn around([x, y, w, h]: [f32; 4]) -> [f32; 4] {
    let (w, h) = (w / 2.0, h / 2.0);
    [x - w, y - h, x + w, y + h]
}

/// The class with the highest score, the first of equals; one that is no number comes before all.
pub fn best(scores: &[f32]) -> (usize, f32) {
    let mut best = (0, f32::NEG_INFINITY);
    for (class, &score) in scores.iter().enumerate() {
        if score.is_nan() {
            return (class, score);
        }
        if score > best.1 {
            best = (class, score);
        }
    }
    best
}

/// What a logit means as a probability.
pub fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}
