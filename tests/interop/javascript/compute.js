// What transformers.js makes of a folder, as JSON: `node compute.js FOLDER KIND '["a text", …]'`.

import path from "node:path";
import {
  AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSeq2SeqLM, AutoModelForSequenceClassification,
  AutoTokenizer, env,
} from "@huggingface/transformers";

const [, , folder, kind, given] = process.argv;
env.allowRemoteModels = false;
env.localModelPath = path.dirname(folder);
const name = path.basename(folder);
const classes = {
  seq2seq: AutoModelForSeq2SeqLM, causal: AutoModelForCausalLM, masked: AutoModelForMaskedLM,
  classes: AutoModelForSequenceClassification, vectors: AutoModel,
};
const tokenizer = await AutoTokenizer.from_pretrained(name);
if (kind === "chat") {
  const messages = JSON.parse(given).map((content) => ({ role: "user", content }));
  console.log(JSON.stringify(tokenizer.apply_chat_template(messages, { tokenize: false, add_generation_prompt: true })));
  process.exit();
}
const model = await classes[kind].from_pretrained(name);
tokenizer.padding_side = kind === "causal" ? "left" : "right";
const inputs = tokenizer(JSON.parse(given), { padding: true });
if (kind === "seq2seq" || kind === "causal") {
  const length = kind === "causal" ? inputs.input_ids.dims[1] : 1;
  const limits = kind === "causal" ? { max_new_tokens: 12, do_sample: false } : {};
  const written = await model.generate({ ...inputs, ...limits });
  // Texts of a batch that have ended are written on until all have.
  const ends = [model.generation_config.eos_token_id].flat().map(BigInt);
  const ids = written.tolist().map((row) => row.slice(length)).map((row) => {
    const end = row.findIndex((one) => ends.includes(one));
    return end < 0 ? row : row.slice(0, end);
  });
  console.log(JSON.stringify(ids.map((row) => tokenizer.decode(row, { skip_special_tokens: true }))));
} else {
  const { logits, last_hidden_state } = await model(inputs);
  console.log(JSON.stringify((logits ?? last_hidden_state).tolist()));
}
