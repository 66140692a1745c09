// Every view by its name in the address, and the tour's chapters in their order.

import { block, model, stacks } from "./view-model.js";
import { matrices, step, sublayer } from "./view-steps.js";

/** draw(app, part, cell) gives the view's elements; numbers: whether cells can be chosen in it. */
export const views = {
  model: { draw: model },
  stacks: { draw: stacks },
  block: { draw: block },
  sublayer: { draw: sublayer, numbers: true },
  step: { draw: step, numbers: true },
  matrices: { draw: matrices, numbers: true },
};

const TOUR = ["model", "stacks", "matrices"];

/** The chapters that this trace has something to show in. */
export function chapters() {
  return TOUR;
}
