//! Writes ONNX files. Field numbers are those of onnx.proto3.

use std::collections::HashSet;

/// The version of the operators, which ONNX Runtime 1.17 knows as well.
const OPSET: u64 = 13;
/// The version of the file's format that goes with it.
const FORMAT: u64 = 8;
/// No protobuf message may be longer.
const LARGEST: usize = (1 << 31) - 1;

/// How the names begin that nothing outside has given.
pub const OWN: &str = "otus.";

/// `TensorProto.DataType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Float = 1,
    U8 = 2,
    I8 = 3,
    I16 = 5,
    I32 = 6,
    I64 = 7,
    Bool = 9,
    Half = 10,
    Double = 11,
}

/// What goes with a node beside its inputs.
pub enum Attribute<'a> {
    Int(i64),
    Float(f32),
    Text(&'a str),
    Ints(&'a [i64]),
}

/// A protobuf message that is being written.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number > 0x7f {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn number(&mut self, field: u64, number: u64) {
        self.varint(field << 3);
        self.varint(number);
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, field: u64, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    fn message(&mut self, field: u64, fill: impl FnOnce(&mut Message)) {
        let mut inner = Message::default();
        fill(&mut inner);
        self.bytes(field, &inner.0);
    }

    fn attribute(&mut self, name: &str, attribute: &Attribute) {
        self.text(1, name);
        match attribute {
            Attribute::Float(it) => {
                self.varint(2 << 3 | 5);
                self.0.extend_from_slice(&it.to_le_bytes());
                self.number(20, 1);
            }
            Attribute::Int(it) => {
                self.number(3, *it as u64);
                self.number(20, 2);
            }
            Attribute::Text(it) => {
                self.text(4, it);
                self.number(20, 3);
            }
            Attribute::Ints(all) => {
                all.iter().for_each(|it| self.number(8, *it as u64));
                self.number(20, 7);
            }
        }
    }

    fn port(&mut self, name: &str, kind: Type, shape: &[usize]) {
        self.text(1, name);
        self.message(2, |it| {
            it.message(1, |it| {
                it.number(1, kind as u64);
                it.message(2, |it| {
                    for &size in shape {
                        it.message(1, |it| match size {
                            0 => {}
                            _ => it.number(1, size as u64),
                        });
                    }
                });
            });
        });
    }
}

struct Node {
    inputs: Vec<String>,
    outputs: Vec<String>,
    written: Vec<u8>,
}

/// A model that is being written.
pub struct Onnx {
    nodes: Vec<Node>,
    constants: Vec<(String, Vec<u8>)>,
    inputs: Message,
    outputs: Message,
    wanted: HashSet<String>,
    properties: Message,
    names: usize,
    room: usize,
}

impl Onnx {
    /// An empty one, whose constants take no more than `room` bytes.
    pub fn new(room: usize) -> Onnx {
        Onnx {
            nodes: Vec::new(),
            constants: Vec::new(),
            inputs: Message::default(),
            outputs: Message::default(),
            wanted: HashSet::new(),
            properties: Message::default(),
            names: 0,
            room: room.min(LARGEST / 2),
        }
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("{OWN}{}", self.names)
    }

    /// Appends a node; gives the names of what it puts out.
    pub fn nodes(
        &mut self,
        operator: &str,
        inputs: &[&str],
        outputs: usize,
        attributes: &[(&str, Attribute)],
    ) -> Vec<String> {
        let outputs = (0..outputs).map(|_| self.name()).collect();
        self.append(operator, inputs, outputs, attributes)
    }

    fn append(
        &mut self,
        operator: &str,
        inputs: &[&str],
        outputs: Vec<String>,
        attributes: &[(&str, Attribute)],
    ) -> Vec<String> {
        let mut node = Message::default();
        inputs.iter().for_each(|it| node.text(1, it));
        outputs.iter().for_each(|it| node.text(2, it));
        node.text(4, operator);
        for (name, attribute) in attributes {
            node.message(5, |it| it.attribute(name, attribute));
        }
        self.nodes.push(Node {
            inputs: inputs.iter().map(|it| (*it).to_owned()).collect(),
            outputs: outputs.clone(),
            written: node.0,
        });
        outputs
    }

    /// Appends a constant.
    ///
    /// # Errors
    /// That the file would become too large.
    pub fn constant(
        &mut self,
        kind: Type,
        shape: &[usize],
        bytes: &[u8],
    ) -> Result<String, String> {
        let rest = self.room.checked_sub(bytes.len());
        self.room = rest.ok_or("as ONNX it would be too large")?;
        let name = self.name();
        let mut tensor = Message::default();
        shape.iter().for_each(|it| tensor.number(1, *it as u64));
        tensor.number(2, kind as u64);
        tensor.text(8, &name);
        tensor.bytes(9, bytes);
        self.constants.push((name.clone(), tensor.0));
        Ok(name)
    }

    /// Declares an input; a size of 0 is left open.
    pub fn input(&mut self, name: &str, kind: Type, shape: &[usize]) {
        self.inputs.message(11, |it| it.port(name, kind, shape));
    }

    /// Declares that a value goes out under this name.
    pub fn output(&mut self, name: &str, kind: Type, shape: &[usize], value: &str) {
        self.append("Identity", &[value], vec![name.to_owned()], &[]);
        self.outputs.message(12, |it| it.port(name, kind, shape));
        self.wanted.insert(name.to_owned());
    }

    /// Tells something about the model.
    pub fn property(&mut self, key: &str, value: &str) {
        self.properties.message(14, |it| {
            it.text(1, key);
            it.text(2, value);
        });
    }

    /// The file, without what nothing depends on.
    pub fn finish(mut self) -> Vec<u8> {
        let mut nodes = Vec::new();
        for node in self.nodes.into_iter().rev() {
            if node.outputs.iter().any(|it| self.wanted.contains(it)) {
                self.wanted.extend(node.inputs);
                nodes.push(node.written);
            }
        }
        let mut graph = Message::default();
        nodes.iter().rev().for_each(|it| graph.bytes(1, it));
        graph.text(2, "tflite");
        for (name, tensor) in self.constants {
            if self.wanted.contains(&name) {
                graph.bytes(5, &tensor);
            }
        }
        graph.0.extend(self.inputs.0);
        graph.0.extend(self.outputs.0);
        let mut model = Message::default();
        model.number(1, FORMAT);
        model.text(2, "otus");
        model.message(8, |it| it.number(2, OPSET));
        model.bytes(7, &graph.0);
        model.0.extend(self.properties.0);
        model.0
    }
}
