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

/** draw(app, part, cell) gives the view's elements; numbers: whether cells can be chosen in it. */
export const views = {
  model: { draw: model },
  stacks: { draw: stacks },
  block: { draw: block },
  sublayer: { draw: sublayer, numbers: true },
  step: { draw: step, numbers: true },
  words: { draw: wordsToVectors, numbers: true },
  positions: { draw: positions, numbers: true },
  vectors: { draw: vectors, numbers: true },
  six: { draw: sixSteps, numbers: true },
  matrices: { draw: matrices, numbers: true },
  heads: { draw: heads, numbers: true },
  lines: { draw: lines },
  layer: { draw: layer, numbers: true },
  memory: { draw: memory, numbers: true },
  decoder: { draw: decoder },
  output: { draw: output, numbers: true },
  beam: { draw: beam },
  training: { draw: training },
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
