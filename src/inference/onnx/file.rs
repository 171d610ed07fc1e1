//! Looks through an ONNX file before native code does, and refuses what could reach outside it.
//!
//! ONNX Runtime 1.31 can be made to read other files through external tensor data, even when the
//! model is given from memory. Only self-contained models are let through: no external data in any
//! tensor, wherever it hides, and no `EPContext` nodes, which carry code for accelerators. Field
//! numbers are those of onnx.proto3, IR version 11.

/// Deepest nesting of graphs, tensors and functions that is followed.
const DEEPEST: usize = 64;

/// What a field of a message leads to.
#[derive(Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    SparseTensor,
    Function,
    Training,
}

/// Refuses bytes that are no self-contained ONNX model.
///
/// # Errors
/// In words, what is wrong.
pub fn check(bytes: &[u8]) -> Result<(), String> {
    let mut has_graph = false;
    for field in Fields(bytes) {
        let (number, value) = field.ok_or("it is not an ONNX model")?;
        has_graph |= number == 7 && matches!(value, Value::Bytes(_));
    }
    if !has_graph {
        return Err("it is not an ONNX model: it has no graph".to_owned());
    }
    walk(Message::Model, bytes, 0)
}

fn walk(message: Message, bytes: &[u8], depth: usize) -> Result<(), String> {
    if depth > DEEPEST {
        return Err("it is nested too deeply".to_owned());
    }
    for field in Fields(bytes) {
        let (number, value) = field.ok_or("it is damaged")?;
        match (message, number, value) {
            (Message::Tensor, 13, _) => {
                return Err("it keeps tensors in other files, which is not allowed".to_owned());
            }
            (Message::Tensor, 14, Value::Number(place)) if place != 0 => {
                return Err("it keeps tensors in other files, which is not allowed".to_owned());
            }
            (Message::Node, 4, Value::Bytes(b"EPContext")) => {
                return Err(
                    "it holds code for an accelerator (EPContext), which is not allowed".to_owned(),
                );
            }
            (_, _, Value::Bytes(inner)) => {
                if let Some(child) = child(message, number) {
                    walk(child, inner, depth + 1)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn child(message: Message, field: u64) -> Option<Message> {
    match (message, field) {
        (Message::Model, 7) => Some(Message::Graph),
        (Message::Model, 20) => Some(Message::Training),
        (Message::Model, 25) => Some(Message::Function),
        (Message::Training, 1 | 2) => Some(Message::Graph),
        (Message::Graph, 1) | (Message::Function, 7) => Some(Message::Node),
        (Message::Graph, 5) => Some(Message::Tensor),
        (Message::Graph, 15) => Some(Message::SparseTensor),
        (Message::Node, 5) | (Message::Function, 11) => Some(Message::Attribute),
        (Message::Attribute, 5 | 10) => Some(Message::Tensor),
        (Message::Attribute, 6 | 11) => Some(Message::Graph),
        (Message::Attribute, 22 | 23) => Some(Message::SparseTensor),
        (Message::SparseTensor, 1 | 2) => Some(Message::Tensor),
        _ => None,
    }
}

/// What a field holds.
pub enum Value<'a> {
    /// A number of variable length.
    Number(u64),
    /// A message, text or bytes.
    Bytes(&'a [u8]),
    /// A number of fixed length, which nothing here needs.
    Fixed,
}

/// The fields of a protobuf message; gives none once and ends if the bytes are no message.
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return None,
        };
        (key >> 3 > 0).then_some((key >> 3, value))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for place in 0..10 {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2];
        if number > 15 {
            bytes = vec![(number & 15) << 3 | 2 | 0x80, number >> 4];
        }
        let length = u8::try_from(content.len()).expect("the cases are small");
        assert!(length < 128);
        bytes.push(length);
        bytes.extend_from_slice(content);
        bytes
    }

    /// F15: a tensor that points to another file, in every place where a tensor can be, to every kind
    /// of place that a file can be in.
    #[test]
    fn external_data_is_refused_wherever_it_hides_and_points() {
        let places = ["key", "../key", "/etc/shadow", "x/../../key", "link"];
        for place in places {
            let location = [field(1, b"location"), field(2, place.as_bytes())].concat();
            let tensor = field(13, &location);
            let cases = hidden(&tensor).into_iter().chain(hidden(&[14 << 3, 1]));
            for (number, case) in cases.enumerate() {
                let error = check(&case).expect_err("it must be refused");
                assert!(
                    error.contains("not allowed"),
                    "case {number}, {place}: {error}"
                );
            }
        }
        let node = |operator: &[u8]| field(7, &field(1, &field(4, operator)));
        assert!(check(&node(b"EPContext")).is_err());
        assert_eq!(check(&node(b"Conv")), Ok(()));
    }

    /// Models with this tensor in all places that the format has for one.
    fn hidden(tensor: &[u8]) -> Vec<Vec<u8>> {
        let sparse = field(1, tensor);
        let graph = |inner: &[u8]| field(7, inner);
        let attribute = |inner: &[u8]| graph(&field(1, &field(5, inner)));
        let subgraph = |inner: &[u8]| attribute(&field(6, inner));
        let function = |inner: &[u8]| [graph(&[]), field(25, &field(7, &field(5, inner)))].concat();
        let training = |inner: &[u8]| [graph(&[]), field(20, &field(1, inner))].concat();
        vec![
            graph(&field(5, tensor)),
            graph(&field(15, &sparse)),
            attribute(&field(5, tensor)),
            attribute(&field(10, tensor)),
            attribute(&field(22, &sparse)),
            attribute(&field(23, &sparse)),
            subgraph(&field(5, tensor)),
            subgraph(&field(15, &sparse)),
            function(&field(5, tensor)),
            function(&field(22, &sparse)),
            training(&field(5, tensor)),
        ]
    }

    /// F15: a graph in a graph in a graph.
    #[test]
    fn deep_nesting_is_refused_before_it_costs_a_stack() {
        let mut model = Vec::new();
        for _ in 0..10_000 {
            let length = model.len();
            // Attribute 6, node 5, graph 1: lengths in as many bytes as they need.
            model = [6u8, 5, 1].iter().fold(model, |inner, number| {
                let mut outer = vec![number << 3 | 2];
                let mut rest = inner.len();
                while rest > 127 {
                    outer.push(rest as u8 | 0x80);
                    rest >>= 7;
                }
                outer.push(rest as u8);
                outer.extend(inner);
                outer
            });
            if length > 20_000 {
                break;
            }
        }
        let length = model.len();
        let mut whole = vec![
            7 << 3 | 2,
            length as u8 | 0x80,
            (length >> 7) as u8 | 0x80,
            (length >> 14) as u8,
        ];
        whole.extend(model);
        let error = check(&whole).expect_err("it must be refused");
        assert!(error.contains("too deeply"), "{error}");
    }

    #[test]
    fn text_and_noise_are_no_models() {
        for bytes in [
            &b""[..],
            b"hello, I am a text file\n",
            b"\xff\xff\xff\xff",
            b"{}",
        ] {
            assert!(check(bytes).is_err_and(|error| error.contains("not an ONNX model")));
        }
    }
}
