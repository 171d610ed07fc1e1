//! Writes small TensorFlow Lite models for tests. Field numbers are those of schema version 3.

/// What a field of a table holds.
pub enum Field {
    Byte(u8),
    Int(i32),
    Float(f32),
    Bytes(Vec<u8>),
    Ints(Vec<i32>),
    Longs(Vec<i64>),
    Floats(Vec<f32>),
    Table(Table),
    Tables(Vec<Table>),
}

/// Fields by their number.
pub type Table = Vec<(usize, Field)>;

use Field::{Byte, Bytes, Floats, Int, Ints, Longs, Tables};

/// Numbers of types.
pub const F32: u8 = 0;
pub const F16: u8 = 1;
pub const I32: u8 = 2;
pub const U8: u8 = 3;
pub const I8: u8 = 9;

/// A model of one graph, tensor by tensor.
pub struct Sketch {
    tensors: Vec<Table>,
    buffers: Vec<Table>,
    codes: Vec<Table>,
    operators: Vec<Table>,
    pub version: i32,
}

impl Sketch {
    pub fn new() -> Sketch {
        Sketch {
            tensors: Vec::new(),
            buffers: vec![Vec::new()],
            codes: Vec::new(),
            operators: Vec::new(),
            version: 3,
        }
    }

    /// A tensor that is computed or comes in, if there is no data; gives its number.
    pub fn tensor(&mut self, kind: u8, shape: &[i32], data: &[u8], quantised: Table) -> i32 {
        let number = self.tensors.len() as i32;
        let mut tensor = vec![
            (0, Ints(shape.to_vec())),
            (1, Byte(kind)),
            (3, Bytes(format!("t{number}").into_bytes())),
            (4, Field::Table(quantised)),
        ];
        if !data.is_empty() {
            tensor.push((2, Int(self.buffers.len() as i32)));
            self.buffers.push(vec![(0, Bytes(data.to_vec()))]);
        }
        self.tensors.push(tensor);
        number
    }

    /// A tensor of floats that is computed or comes in.
    pub fn value(&mut self, shape: &[i32]) -> i32 {
        self.tensor(F32, shape, &[], Vec::new())
    }

    /// Floats that never change.
    pub fn floats(&mut self, shape: &[i32], floats: &[f32]) -> i32 {
        let data: Vec<u8> = floats.iter().flat_map(|it| it.to_le_bytes()).collect();
        self.tensor(F32, shape, &data, Vec::new())
    }

    /// Integers that never change.
    pub fn ints(&mut self, shape: &[i32], ints: &[i32]) -> i32 {
        let data: Vec<u8> = ints.iter().flat_map(|it| it.to_le_bytes()).collect();
        self.tensor(I32, shape, &data, Vec::new())
    }

    /// Tells one thing more of the tensor that was made last.
    pub fn tell(&mut self, field: usize, of: Field) {
        let tensor = self.tensors.last_mut().expect("one was made");
        tensor.push((field, of));
    }

    /// An operator of the schema.
    pub fn operator(&mut self, code: u8, inputs: &[i32], outputs: &[i32], options: Table) {
        let codes = vec![(0, Byte(code)), (3, Int(code.into()))];
        self.push(codes, inputs, outputs, vec![(4, Field::Table(options))]);
    }

    /// An operator that is not in the schema.
    pub fn custom(&mut self, name: &str, inputs: &[i32], outputs: &[i32], options: &[u8]) {
        let codes = vec![(0, Byte(32)), (1, Bytes(name.into())), (3, Int(32))];
        self.push(codes, inputs, outputs, vec![(5, Bytes(options.to_vec()))]);
    }

    fn push(&mut self, code: Table, inputs: &[i32], outputs: &[i32], mut operator: Table) {
        operator.push((0, Int(self.codes.len() as i32)));
        operator.push((1, Ints(inputs.to_vec())));
        operator.push((2, Ints(outputs.to_vec())));
        self.codes.push(code);
        self.operators.push(operator);
    }

    /// The file, with these inputs and outputs.
    pub fn file(self, inputs: &[i32], outputs: &[i32]) -> Vec<u8> {
        let graph = vec![
            (0, Tables(self.tensors)),
            (1, Ints(inputs.to_vec())),
            (2, Ints(outputs.to_vec())),
            (3, Tables(self.operators)),
        ];
        let model = vec![
            (0, Int(self.version)),
            (1, Tables(self.codes)),
            (2, Tables(vec![graph])),
            (4, Tables(self.buffers)),
        ];
        let mut out = b"\0\0\0\0TFL3".to_vec();
        let at = table(&mut out, &model);
        lead(&mut out, 0, at);
        out
    }
}

/// Scales and zero points for the places of a dimension.
pub fn quantised(scales: &[f32], zeros: &[i64], axis: i32) -> Table {
    vec![
        (2, Floats(scales.to_vec())),
        (3, Longs(zeros.to_vec())),
        (6, Int(axis)),
    ]
}

/// Appends a table, what it leads to after it; gives where it is.
fn table(out: &mut Vec<u8>, fields: &Table) -> usize {
    let slots = fields.iter().map(|it| it.0 + 1).max().unwrap_or(0);
    align(out);
    let list = out.len();
    let mut offsets = vec![0u16; slots];
    for (at, field) in fields.iter().enumerate() {
        offsets[field.0] = (4 + 4 * at) as u16;
    }
    let sizes = [4 + 2 * slots as u16, 4 + 4 * fields.len() as u16];
    out.extend(sizes.iter().chain(&offsets).flat_map(|it| it.to_le_bytes()));
    align(out);
    let at = out.len();
    out.extend(((at - list) as i32).to_le_bytes());
    for (_, field) in fields {
        out.extend(match field {
            Byte(it) => u32::from(*it).to_le_bytes(),
            Int(it) => it.to_le_bytes(),
            Field::Float(it) => it.to_le_bytes(),
            _ => [0; 4],
        });
    }
    for (number, (_, field)) in fields.iter().enumerate() {
        if let Some(to) = append(out, field) {
            lead(out, at + 4 + 4 * number, to);
        }
    }
    at
}

/// Appends what does not stand in the table itself; gives where it is.
fn append(out: &mut Vec<u8>, field: &Field) -> Option<usize> {
    match field {
        Byte(_) | Int(_) | Field::Float(_) => None,
        Field::Table(it) => Some(table(out, it)),
        Bytes(it) => Some(list(out, it.len(), it.iter().copied())),
        Ints(it) => Some(list(
            out,
            it.len(),
            it.iter().flat_map(|it| it.to_le_bytes()),
        )),
        Longs(it) => Some(list(
            out,
            it.len(),
            it.iter().flat_map(|it| it.to_le_bytes()),
        )),
        Floats(it) => Some(list(
            out,
            it.len(),
            it.iter().flat_map(|it| it.to_le_bytes()),
        )),
        Tables(all) => {
            let at = list(out, all.len(), vec![0; 4 * all.len()].into_iter());
            for (number, it) in all.iter().enumerate() {
                let to = table(out, it);
                lead(out, at + 4 + 4 * number, to);
            }
            Some(at)
        }
    }
}

fn list(out: &mut Vec<u8>, count: usize, bytes: impl Iterator<Item = u8>) -> usize {
    align(out);
    // Elements of eight bytes must stand at a multiple of it.
    out.extend([0; 4]);
    let at = out.len();
    out.extend((count as u32).to_le_bytes());
    out.extend(bytes);
    at
}

fn align(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(8), 0);
}

fn lead(out: &mut [u8], from: usize, to: usize) {
    out[from..from + 4].copy_from_slice(&((to - from) as u32).to_le_bytes());
}
