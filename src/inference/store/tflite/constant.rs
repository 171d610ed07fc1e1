//! Tensors that never change: weights stay as small as they were, and are made numbers when the model is loaded.

use std::borrow::Cow;

use half::f16;

use super::model::{Kind, Tensor};
use super::onnx::{Attribute, Onnx, Type};
use super::sparse;

/// Quantised tensors with more elements are kept so.
const SMALL: usize = 256;

/// The numbers of a tensor.
///
/// # Errors
/// That it changes, or is of another type.
pub fn floats(tensor: &Tensor) -> Result<Vec<f32>, String> {
    let data = &*given(tensor)?;
    let raw: Vec<f32> = match tensor.kind {
        Kind::F32 => chunks(data, f32::from_le_bytes),
        Kind::F16 => chunks(data, |it| f16::from_le_bytes(it).to_f32()),
        Kind::F64 => chunks(data, |it| f64::from_le_bytes(it) as f32),
        Kind::U8 => data.iter().map(|it| f32::from(*it)).collect(),
        Kind::I8 => chunks(data, |it| f32::from(i8::from_le_bytes(it))),
        Kind::I16 => chunks(data, |it| f32::from(i16::from_le_bytes(it))),
        Kind::I32 => chunks(data, |it| i32::from_le_bytes(it) as f32),
        Kind::I4 => nibbles(tensor)
            .into_iter()
            .map(|it| f32::from(it as i8))
            .collect(),
        _ => return Err(format!("`{}` has no numbers with fractions", tensor.name)),
    };
    let (scales, zeros) = (tensor.scales(), tensor.zeros());
    if scales.is_empty() {
        return Ok(raw);
    }
    let inner: usize = tensor.shape.iter().skip(tensor.axis + 1).product();
    let place = |at: usize| {
        if scales.len() > 1 {
            at / inner.max(1) % scales.len()
        } else {
            0
        }
    };
    let number = |(at, it): (usize, &f32)| (it - zeros[place(at)]) * scales[place(at)];
    Ok(raw.iter().enumerate().map(number).collect())
}

/// The integers of a tensor.
///
/// # Errors
/// That it changes, or is of another type.
pub fn integers(tensor: &Tensor) -> Result<Vec<i64>, String> {
    let data = &*given(tensor)?;
    match tensor.kind {
        Kind::I32 => Ok(chunks(data, |it| i64::from(i32::from_le_bytes(it)))),
        Kind::I64 => Ok(chunks(data, i64::from_le_bytes)),
        _ => Err(format!("`{}` has no integers", tensor.name)),
    }
}

/// Writes a tensor whose dimensions are put into this order; gives its name.
///
/// # Errors
/// That it cannot be had, or takes too much room.
pub fn write(tensor: &Tensor, order: &[usize], onnx: &mut Onnx) -> Result<String, String> {
    let scales = tensor.scales();
    let is_bias = tensor.kind == Kind::I32 && !scales.is_empty();
    let shape = padded(&tensor.shape, order.len());
    let data = given(tensor)?;
    if is_bias || tensor.kind == Kind::F64 || !scales.is_empty() && tensor.elements() <= SMALL {
        let bytes: Vec<u8> = floats(tensor)?
            .iter()
            .flat_map(|it| it.to_le_bytes())
            .collect();
        let (shape, bytes) = ordered(&shape, &bytes, 4, order);
        return onnx.constant(Type::Float, &shape, &bytes);
    }
    let nibbles = (tensor.kind == Kind::I4).then(|| nibbles(tensor));
    let data = nibbles.as_deref().unwrap_or(&data);
    let (kind, size) = stored(tensor)?;
    let (shape, bytes) = ordered(&shape, data, size, order);
    let kept = onnx.constant(kind, &shape, &bytes)?;
    if matches!(kind, Type::Float | Type::I32 | Type::I64 | Type::Bool) {
        return Ok(kept);
    }
    let to = [("to", Attribute::Int(Type::Float as i64))];
    let levels = onnx.nodes("Cast", &[&kept], 1, &to).remove(0);
    match scales.is_empty() {
        true => Ok(levels),
        false => scaled(tensor, levels, order, onnx),
    }
}

/// Makes numbers of levels.
fn scaled(
    tensor: &Tensor,
    levels: String,
    order: &[usize],
    onnx: &mut Onnx,
) -> Result<String, String> {
    let (scales, zeros) = (tensor.scales(), tensor.zeros());
    let rank = tensor.shape.len().max(order.len());
    let mut shape = vec![1; rank];
    if scales.len() > 1 {
        let axis = tensor.axis + rank - tensor.shape.len();
        let axis = order.iter().position(|it| *it == axis).unwrap_or(axis);
        shape[axis] = scales.len();
    }
    let mut constant = |numbers: &[f32]| {
        let bytes: Vec<u8> = numbers.iter().flat_map(|it| it.to_le_bytes()).collect();
        onnx.constant(Type::Float, &shape, &bytes)
    };
    let scales = constant(&scales)?;
    if zeros.iter().all(|it| *it == 0.0) {
        return Ok(onnx.nodes("Mul", &[&levels, &scales], 1, &[]).remove(0));
    }
    let zeros = constant(&zeros)?;
    let levels = onnx.nodes("Sub", &[&levels, &zeros], 1, &[]).remove(0);
    Ok(onnx.nodes("Mul", &[&levels, &scales], 1, &[]).remove(0))
}

/// How the elements of a tensor are kept, and how many bytes each takes.
fn stored(tensor: &Tensor) -> Result<(Type, usize), String> {
    match tensor.kind {
        Kind::F32 => Ok((Type::Float, 4)),
        Kind::F16 => Ok((Type::Half, 2)),
        Kind::F64 => Ok((Type::Double, 8)),
        Kind::I32 => Ok((Type::I32, 4)),
        Kind::I64 => Ok((Type::I64, 8)),
        Kind::Bool => Ok((Type::Bool, 1)),
        Kind::U8 => Ok((Type::U8, 1)),
        Kind::I8 | Kind::I4 => Ok((Type::I8, 1)),
        Kind::I16 => Ok((Type::I16, 2)),
        Kind::Other(number) => Err(format!("tensors of type {number} are not known")),
    }
}

fn given<'a>(tensor: &Tensor<'a>) -> Result<Cow<'a, [u8]>, String> {
    match (tensor.data, &tensor.sparsity) {
        ([], _) => Err(format!(
            "`{}` is computed, where only a constant is known",
            tensor.name
        )),
        (_, Some(sparsity)) => sparse::dense(tensor, sparsity).map(Cow::Owned),
        (data, None) => Ok(Cow::Borrowed(data)),
    }
}

fn chunks<T, const N: usize>(data: &[u8], number: fn([u8; N]) -> T) -> Vec<T> {
    data.as_chunks().0.iter().map(|it| number(*it)).collect()
}

/// Two elements a byte, the lower half first, each as a signed byte.
fn nibbles(tensor: &Tensor) -> Vec<u8> {
    let halves = tensor.data.iter().flat_map(|it| [it << 4, it & 0xf0]);
    let signed = |it: u8| ((it as i8) >> 4) as u8;
    halves.map(signed).take(tensor.elements()).collect()
}

/// A shape with ones before it until it has so many dimensions.
fn padded(shape: &[usize], dimensions: usize) -> Vec<usize> {
    let ones = dimensions.saturating_sub(shape.len());
    [vec![1; ones], shape.to_vec()].concat()
}

/// Elements of so many bytes with their dimensions in another order.
fn ordered(shape: &[usize], data: &[u8], size: usize, order: &[usize]) -> (Vec<usize>, Vec<u8>) {
    if order.is_empty() {
        return (shape.to_vec(), data.to_vec());
    }
    let mut strides = vec![size; shape.len()];
    for at in (1..shape.len()).rev() {
        strides[at - 1] = strides[at] * shape[at];
    }
    let lengths: Vec<usize> = order.iter().map(|it| shape[*it]).collect();
    let strides: Vec<usize> = order.iter().map(|it| strides[*it]).collect();
    let mut out = Vec::with_capacity(data.len());
    let mut place = vec![0; lengths.len()];
    while out.len() < data.len() {
        let at: usize = place.iter().zip(&strides).map(|(a, b)| a * b).sum();
        out.extend_from_slice(&data[at..at + size]);
        for dimension in (0..place.len()).rev() {
            place[dimension] += 1;
            if place[dimension] < lengths[dimension] {
                break;
            }
            place[dimension] = 0;
        }
    }
    (lengths, out)
}
