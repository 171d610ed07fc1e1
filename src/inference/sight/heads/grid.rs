//! The grids that these detectors lay over a picture.

/// The strides of the grids that these detectors lay over a picture, finest first.
pub const STRIDES: [usize; 3] = [8, 16, 32];

/// Every grid cell of every stride, in the order of the outputs: `(column, row, stride)`.
pub fn cells(width: usize, height: usize) -> impl Iterator<Item = (f32, f32, f32)> {
    STRIDES
        .into_iter()
        .flat_map(move |stride| grid(width, height, stride))
}

/// The same of one stride.
pub fn grid(width: usize, height: usize, stride: usize) -> impl Iterator<Item = (f32, f32, f32)> {
    let (columns, rows) = (width / stride, height / stride);
    (0..rows).flat_map(move |row| {
        (0..columns).map(move |column| (column as f32, row as f32, stride as f32))
    })
}

/// A box given by its centre and the logarithm of its size, both in cells.
pub fn corners(cell: (f32, f32, f32), [x, y, w, h]: [f32; 4]) -> [f32; 4] {
    let (column, row, stride) = cell;
    let (x, y) = ((x + column) * stride, (y + row) * stride);
    let (w, h) = (w.exp() * stride / 2.0, h.exp() * stride / 2.0);
    [x - w, y - h, x + w, y + h]
}
