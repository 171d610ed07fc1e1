//! What the weights of Whisper are called by OpenAI, in the order of its files, and by CTranslate2.

/// Rows of a tensor: the `part`th of `parts` of the same height.
pub struct Part {
    pub name: String,
    pub part: usize,
    pub parts: usize,
}

/// OpenAI's name and where CTranslate2 has it, for so many layers of the encoder and the decoder.
pub fn all(heard: usize, told: usize) -> Vec<(String, Part)> {
    let mut all = Vec::new();
    one(
        &mut all,
        "decoder.positional_embedding",
        "decoder/position_encodings/encodings",
    );
    one(
        &mut all,
        "encoder.positional_embedding",
        "encoder/position_encodings/encodings",
    );
    one(
        &mut all,
        "decoder.token_embedding.weight",
        "decoder/embeddings/weight",
    );
    for layer in 0..told {
        block(&mut all, "decoder", layer);
    }
    norm(&mut all, "decoder.ln", "decoder/layer_norm");
    linear(&mut all, "encoder.conv1", "encoder/conv1", (0, 1));
    linear(&mut all, "encoder.conv2", "encoder/conv2", (0, 1));
    for layer in 0..heard {
        block(&mut all, "encoder", layer);
    }
    norm(&mut all, "encoder.ln_post", "encoder/layer_norm");
    all
}

type Names = Vec<(String, Part)>;

fn block(all: &mut Names, side: &str, layer: usize) {
    let (to, from) = (
        format!("{side}.blocks.{layer}"),
        format!("{side}/layer_{layer}"),
    );
    norm(
        all,
        &format!("{to}.mlp_ln"),
        &format!("{from}/ffn/layer_norm"),
    );
    linear(
        all,
        &format!("{to}.mlp.0"),
        &format!("{from}/ffn/linear_0"),
        (0, 1),
    );
    linear(
        all,
        &format!("{to}.mlp.2"),
        &format!("{from}/ffn/linear_1"),
        (0, 1),
    );
    let (attends, from_self) = (format!("{to}.attn"), format!("{from}/self_attention"));
    norm(
        all,
        &format!("{to}.attn_ln"),
        &format!("{from_self}/layer_norm"),
    );
    for (part, name) in ["query", "key", "value"].iter().enumerate() {
        let from = format!("{from_self}/linear_0");
        linear(all, &format!("{attends}.{name}"), &from, (part, 3));
    }
    linear(
        all,
        &format!("{attends}.out"),
        &format!("{from_self}/linear_1"),
        (0, 1),
    );
    if side == "decoder" {
        let (to, from) = (format!("{to}.cross_attn"), format!("{from}/attention"));
        norm(all, &format!("{to}_ln"), &format!("{from}/layer_norm"));
        linear(
            all,
            &format!("{to}.query"),
            &format!("{from}/linear_0"),
            (0, 1),
        );
        linear(
            all,
            &format!("{to}.key"),
            &format!("{from}/linear_1"),
            (0, 2),
        );
        linear(
            all,
            &format!("{to}.value"),
            &format!("{from}/linear_1"),
            (1, 2),
        );
        linear(
            all,
            &format!("{to}.out"),
            &format!("{from}/linear_2"),
            (0, 1),
        );
    }
}

/// Whisper's keys have no bias.
fn linear(all: &mut Names, to: &str, from: &str, (part, parts): (usize, usize)) {
    for what in ["weight", "bias"] {
        if what == "weight" || !to.ends_with(".key") {
            let name = format!("{from}/{what}");
            all.push((format!("{to}.{what}"), Part { name, part, parts }));
        }
    }
}

fn norm(all: &mut Names, to: &str, from: &str) {
    one(all, &format!("{to}.weight"), &format!("{from}/gamma"));
    one(all, &format!("{to}.bias"), &format!("{from}/beta"));
}

fn one(all: &mut Names, to: &str, from: &str) {
    let (name, part, parts) = (from.to_owned(), 0, 1);
    all.push((to.to_owned(), Part { name, part, parts }));
}
