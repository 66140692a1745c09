// Every view by its name in the address, and the tour's chapters in their order.

import { heads, sixSteps, vectors } from "./view-attention.js";
import { beam } from "./view-beam.js";
import { decoder, memory } from "./view-decoder.js";
import { layer } from "./view-layer.js";
import { lines } from "./view-lines.js";
import { block, model, stacks } from "./view-model.js";
import { output } from "./view-output.js";
import { worksheet } from "./view-pencil.js";
import { matrices, step, sublayer } from "./view-steps.js";
import { training } from "./view-training.js";
import { positions, wordsToVectors } from "./view-words.js";

/** draw(app, part, cell): its elements. numbers: whether cells can be chosen. uses: what its address says. */
export const views = {
  model: { draw: model },
  stacks: { draw: stacks },
  block: { draw: block },
  sublayer: { draw: sublayer, numbers: true, uses: "head" },
  step: { draw: step, numbers: true, uses: "head" },
  words: { draw: wordsToVectors, numbers: true, uses: "side" },
  positions: { draw: positions, numbers: true, uses: "side word" },
  vectors: { draw: vectors, numbers: true, uses: "attention head word" },
  six: { draw: sixSteps, numbers: true, uses: "attention head word step" },
  matrices: { draw: matrices, numbers: true, uses: "attention head" },
  heads: { draw: heads, numbers: true, uses: "attention head" },
  lines: { draw: lines, uses: "attention heads" },
  layer: { draw: layer, numbers: true, uses: "sublayer" },
  memory: { draw: memory, numbers: true, uses: "head position step" },
  decoder: { draw: decoder, uses: "head step" },
  output: { draw: output, numbers: true, uses: "position temperature" },
  beam: { draw: beam, uses: "head" },
  training: { draw: training, uses: "position smoothing" },
  pencil: { draw: worksheet },
};

const TOUR = ["model", "stacks", "words", "positions", "vectors", "six", "matrices", "heads", "lines", "layer", "memory", "decoder", "output", "beam", "training", "pencil"];
const WITH_LAYERS = new Set(["vectors", "six", "matrices", "heads", "lines", "layer", "memory"]);

/** Whether a view of this trace has such a part: an address may name any. */
export function isPlace(trace, view, part) {
  if (view === "step") return trace.byName.has(part);
  if (view === "sublayer") return trace.groups.some((one) => one.part === part);
  if (view === "block") return ["encoder", "decoder"].some((stack) => trace.blocks(stack).includes(part));
  return Object.hasOwn(views, view);
}

/** The chapters that this trace has something to show in. */
export function chapters(trace) {
  const { encoder_layers: below, decoder_layers: above } = trace.config;
  return TOUR.filter((view) => below + above > 0 || !WITH_LAYERS.has(view));
}
