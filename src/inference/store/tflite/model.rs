//! What a TensorFlow Lite file tells of its model. Field numbers are those of schema version 3 (`schema.fbs`).

use super::flatbuffer::Table;
use super::names;

/// More tensors or operators than any model has that a camera or microphone feeds.
const MOST: usize = 20_000;
/// More inputs or outputs than any operator has.
const MOST_PORTS: usize = 256;
/// More dimensions than a tensor has.
const MOST_DIMENSIONS: usize = 8;
/// No tensor is larger, in elements.
const LARGEST: usize = 1 << 31;

/// A model, checked as far as this goes without knowing its operators.
pub struct Model<'a> {
    /// All tensors of its graph.
    pub tensors: Vec<Tensor<'a>>,
    /// All operators, in the order in which they run.
    pub operators: Vec<Operator<'a>>,
    /// Tensors that come in.
    pub inputs: Vec<usize>,
    /// Tensors that go out.
    pub outputs: Vec<usize>,
    /// What the publisher tells about it, if anything.
    pub metadata: Option<&'a [u8]>,
}

/// A value of the graph.
pub struct Tensor<'a> {
    /// Its name.
    pub name: String,
    /// Its size in each dimension.
    pub shape: Vec<usize>,
    /// Whether it may have another size than this in a dimension other than the first.
    pub is_open: bool,
    /// What its elements are.
    pub kind: Kind,
    /// Its elements if they never change, else nothing.
    pub data: &'a [u8],
    /// Where they are, if only some of them are there.
    pub sparsity: Option<Table<'a>>,
    /// What an element is multiplied by, one for all or one for each place in the dimension `axis`.
    scales: &'a [[u8; 4]],
    /// What is taken from an element before.
    zeros: &'a [[u8; 8]],
    /// The dimension that `scales` is for.
    pub axis: usize,
}

/// What elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    F32,
    F16,
    I32,
    U8,
    I64,
    Bool,
    I16,
    I8,
    F64,
    I4,
    /// Another one, by its number.
    Other(u8),
}

/// A step of the graph.
pub struct Operator<'a> {
    /// Its name, as the schema or its author has it.
    pub name: String,
    inputs: Vec<Option<usize>>,
    /// The tensors that it makes.
    pub outputs: Vec<usize>,
    /// Its options, whose fields its name tells.
    pub options: Table<'a>,
    /// Those of an operator that is not in the schema.
    pub custom: &'a [u8],
}

impl Operator<'_> {
    /// The tensor that comes in at a place.
    pub fn input(&self, at: usize) -> Result<usize, String> {
        self.optional(at)
            .ok_or_else(|| format!("it has no input {at}"))
    }

    /// The same, if there is one.
    pub fn optional(&self, at: usize) -> Option<usize> {
        self.inputs.get(at).copied().flatten()
    }

    /// All tensors that come in.
    pub fn inputs(&self) -> Vec<usize> {
        self.inputs.iter().copied().flatten().collect()
    }

    /// The tensor that goes out at a place.
    pub fn output(&self, at: usize) -> Result<usize, String> {
        let output = self.outputs.get(at).copied();
        output.ok_or_else(|| format!("it has no output {at}"))
    }
}

impl Kind {
    fn of(number: u8) -> Kind {
        match number {
            0 => Kind::F32,
            1 => Kind::F16,
            2 => Kind::I32,
            3 => Kind::U8,
            4 => Kind::I64,
            6 => Kind::Bool,
            7 => Kind::I16,
            9 => Kind::I8,
            10 => Kind::F64,
            17 => Kind::I4,
            other => Kind::Other(other),
        }
    }

    /// How many bytes so many elements take.
    pub fn bytes(self, elements: usize) -> Option<usize> {
        match self {
            Kind::U8 | Kind::I8 | Kind::Bool => Some(elements),
            Kind::F16 | Kind::I16 => elements.checked_mul(2),
            Kind::F32 | Kind::I32 => elements.checked_mul(4),
            Kind::I64 | Kind::F64 => elements.checked_mul(8),
            Kind::I4 => Some(elements.div_ceil(2)),
            Kind::Other(_) => None,
        }
    }

    /// The levels of a quantised tensor.
    pub fn levels(self) -> Option<[f32; 2]> {
        match self {
            Kind::U8 => Some([0.0, 255.0]),
            Kind::I8 => Some([-128.0, 127.0]),
            Kind::I16 => Some([-32768.0, 32767.0]),
            _ => None,
        }
    }
}

impl Tensor<'_> {
    /// How many elements it has.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// What elements are multiplied by, if they are quantised: one number, or one for each place in `axis`.
    pub fn scales(&self) -> Vec<f32> {
        self.scales
            .iter()
            .map(|it| f32::from_le_bytes(*it))
            .collect()
    }

    /// What is taken from elements before that, as many numbers as there are scales.
    pub fn zeros(&self) -> Vec<f32> {
        let zero = |at: usize| match self.zeros {
            [] => 0.0,
            [one] => i64::from_le_bytes(*one) as f32,
            each => i64::from_le_bytes(each[at]) as f32,
        };
        (0..self.scales.len()).map(zero).collect()
    }

    /// The least and the largest number that a quantised tensor can hold.
    pub fn range(&self) -> Option<[f32; 2]> {
        match (&self.scales()[..], &self.zeros()[..]) {
            ([scale], [zero]) => Some(self.kind.levels()?.map(|it| (it - zero) * scale)),
            _ => None,
        }
    }
}

impl<'a> Model<'a> {
    /// Reads a file.
    ///
    /// # Errors
    /// In words, why it is none, or what is wrong with it.
    pub fn read(bytes: &'a [u8]) -> Result<Model<'a>, String> {
        if bytes.get(4..8) != Some(b"TFL3") {
            return Err("it is no TensorFlow Lite model: bytes 4 to 7 are not TFL3".to_owned());
        }
        let file = Table::root(bytes)?;
        let version = file.unsigned(0)?;
        if version != 3 {
            return Err(format!("it is of schema version {version}; 3 is known"));
        }
        let codes = bounded(file.tables(1)?, "operator codes")?;
        let codes = codes.iter().map(code).collect::<Result<Vec<_>, _>>()?;
        let buffers = file.tables(4)?;
        let buffer = |at: usize| -> Result<&'a [u8], String> {
            let buffer = buffers.get(at);
            content(buffer.ok_or("it names data that it has not")?, bytes)
        };
        let graph = file.tables(2)?.into_iter().next();
        let graph = graph.ok_or("it has no graph")?;
        let tensors = bounded(graph.tables(0)?, "tensors")?;
        let operators = bounded(graph.tables(3)?, "operators")?;
        let count = tensors.len();
        let tensor = |it: &Table<'a>| tensor(it, buffer(it.unsigned(2)?)?);
        let operator = |it: &Table<'a>| operator(it, &codes, count);
        let all = |field| all(&graph.ints(field)?, count);
        Ok(Model {
            tensors: tensors.iter().map(tensor).collect::<Result<_, _>>()?,
            operators: operators.iter().map(operator).collect::<Result<_, _>>()?,
            inputs: all(1)?,
            outputs: all(2)?,
            metadata: metadata(&file)?.map(buffer).transpose()?,
        })
    }
}

/// The name of an operator: early files have a byte for its number, of which 127 says that there is more.
fn code(code: &Table) -> Result<String, String> {
    let number = i32::from(code.byte(0)?).max(code.int(3, 0)?);
    match names::CUSTOM == number {
        true => code.text(1),
        false => Ok(names::of(number)),
    }
}

/// The bytes of a buffer, which in large files stand behind all tables.
fn content<'a>(buffer: &Table<'a>, file: &'a [u8]) -> Result<&'a [u8], String> {
    let (at, size) = (buffer.long(1)?, buffer.long(2)?);
    if at <= 1 {
        return buffer.data(0);
    }
    let [at, end] =
        [at, at.saturating_add(size)].map(|it| usize::try_from(it).unwrap_or(usize::MAX));
    file.get(at..end)
        .ok_or_else(|| "it is cut off: data lies beyond its end".to_owned())
}

fn metadata(file: &Table) -> Result<Option<usize>, String> {
    for entry in file.tables(6)? {
        if entry.text(0)? == "TFLITE_METADATA" {
            return entry.unsigned(1).map(Some);
        }
    }
    Ok(None)
}

fn tensor<'a>(table: &Table<'a>, data: &'a [u8]) -> Result<Tensor<'a>, String> {
    let name = table.text(3)?;
    let size = |it: i32| usize::try_from(it).map_err(|_| format!("`{name}` has a size of {it}"));
    let shape = table.ints(0)?;
    let shape = shape.into_iter().map(size).collect::<Result<Vec<_>, _>>()?;
    let elements = shape
        .iter()
        .try_fold(1usize, |all, it| all.checked_mul(*it));
    if shape.len() > MOST_DIMENSIONS || elements.is_none_or(|it| it > LARGEST) {
        return Err(format!("`{name}` is too large: {shape:?}"));
    }
    let is_open = table.ints(7)?.iter().skip(1).any(|it| *it < 0);
    let quantised = table.table(4)?.unwrap_or(Table::EMPTY);
    let tensor = Tensor {
        kind: Kind::of(table.byte(1)?),
        scales: quantised.chunks(2)?,
        zeros: quantised.chunks(3)?,
        axis: usize::try_from(quantised.int(6, 0)?).unwrap_or(usize::MAX),
        name,
        shape,
        is_open,
        data,
        sparsity: table.table(6)?,
    };
    fits(&tensor)?;
    Ok(tensor)
}

fn fits(tensor: &Tensor) -> Result<(), String> {
    let Tensor {
        name, shape, kind, ..
    } = tensor;
    let scales = tensor.scales.len();
    let zeros = tensor.zeros.len();
    let places = shape.get(tensor.axis).copied();
    if scales > 1 && places != Some(scales) || zeros > 1 && zeros != scales {
        return Err(format!(
            "`{name}` has {scales} scales and {zeros} zero points, which do not fit {shape:?}"
        ));
    }
    let wanted = kind.bytes(tensor.elements());
    let is_whole = tensor.sparsity.is_none();
    if is_whole && !tensor.data.is_empty() && wanted.is_some_and(|it| it != tensor.data.len()) {
        let length = tensor.data.len();
        return Err(format!(
            "`{name}` has {length} bytes of data, which do not fit {shape:?} of {kind:?}"
        ));
    }
    Ok(())
}

fn operator<'a>(
    table: &Table<'a>,
    codes: &[String],
    tensors: usize,
) -> Result<Operator<'a>, String> {
    let name = codes.get(table.unsigned(0)?);
    let name = name.ok_or("it has an operator without a code")?;
    let inputs = table.ints(1)?;
    let outputs = all(&table.ints(2)?, tensors)?;
    if inputs.len().max(outputs.len()) > MOST_PORTS {
        return Err(format!("{name} has {} inputs", inputs.len()));
    }
    // -1 stands for one that is left out.
    let inputs = inputs.iter().map(|&it| match it {
        -1 => Ok(None),
        it => one(it, tensors).map(Some),
    });
    Ok(Operator {
        name: name.clone(),
        inputs: inputs.collect::<Result<_, _>>()?,
        outputs,
        options: table.table(4)?.unwrap_or(Table::EMPTY),
        custom: table.data(5)?,
    })
}

fn all(numbers: &[i32], tensors: usize) -> Result<Vec<usize>, String> {
    numbers.iter().map(|it| one(*it, tensors)).collect()
}

fn one(number: i32, tensors: usize) -> Result<usize, String> {
    let number = usize::try_from(number).ok().filter(|it| *it < tensors);
    number.ok_or_else(|| "it names a tensor that it has not".to_owned())
}

fn bounded<T>(list: Vec<T>, what: &str) -> Result<Vec<T>, String> {
    match list.len() <= MOST {
        true => Ok(list),
        false => Err(format!("it has {} {what}", list.len())),
    }
}
