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
import { masks, places, pooled } from "./view-text.js";
import { training } from "./view-training.js";
import { positions, wordsToVectors } from "./view-words.js";

// view(app, part): its elements. The levels of the model, then the tour in its order.
const levels = { block, sublayer, step };
const tour = { model, stacks, words: wordsToVectors, positions, masks, vectors, six: sixSteps, matrices, heads, lines, layer, memory, decoder, pooled, output, places, beam, training, pencil: worksheet };
export const views = { ...levels, ...tour };

/** What the address says of a view. */
export const uses = {
	sublayer: "head", step: "head", words: "side", positions: "side word", vectors: "attention head word", six: "attention head word step",
	matrices: "attention head", heads: "attention head", lines: "attention heads pair", layer: "sublayer", memory: "head position step",
	decoder: "head step", masks: "attention head", output: "position temperature", beam: "head", training: "position smoothing validation",
};

const WITH_LAYERS = new Set(["vectors", "six", "matrices", "heads", "lines", "layer", "memory"]);

/** Whether a view of this trace has such a part: an address may name any. */
export function isPlace(trace, view, part) {
	if (trace.alone) return chapters(trace).includes(view);
	if (view === "step") return trace.byName.has(part);
	if (view === "sublayer") return trace.parts.includes(part);
	if (view === "beam" && part) return part in trace.tree;
	if (view === "block") return ["encoder", "decoder"].some((stack) => trace.blocks(stack).includes(part));
	return Object.hasOwn(views, view) && (view in levels || chapters(trace).includes(view));
}

/** Whether a tensor of this trace has such a cell. */
export function isCell({ shapes }, { name, head, row, column }) {
	const shape = Object.hasOwn(shapes, name) ? shapes[name] : [0];
	const [heads, rows, columns] = [1, ...shape, ...(shape.length > 1 ? [] : [1])].slice(-3);
	return row < rows && column < columns && (head ?? 0) < heads;
}

/** The chapters that this trace has something to show in. */
export function chapters(trace) {
	const { stacks, byName } = trace;
	if (trace.alone) return ["lines", "heads"];
	const layers = stacks.some((stack) => trace.blocks(stack).length);
	const one = !stacks[1];
	const here = { memory: !one, beam: !one, masks: one && layers, places: one && byName.has("output.logits"), pooled: trace.parts.includes("pooler"), decoder: stacks.includes("decoder"), output: byName.has("output.logits") };
	return Object.keys(tour).filter((view) => (layers || !WITH_LAYERS.has(view)) && here[view] !== false);
}
