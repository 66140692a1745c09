// One number done again, in float64, from the numbers and weights before it.
// The same operations as in tracing/recompute.py, for a single cell.

import { exact } from "./dom.js";
import { plane, rowsOf } from "./trace.js";

const EPSILON = 1e-5; // Under the root of every normalisation, as in model/blocks.py.
const TOLERANCE = 1e-5; // In shares of the sum of magnitudes, as in Trace.check.

/**
 * How the cell { head, row, column } of a step's tensor comes about:
 * { pairs, bias } for a sum of products (pairs of numbers), or { line } for another formula, with { value, magnitude }.
 */
export async function explain(trace, step, at) {
  const inputs = await Promise.all(step.inputs.map((name) => trace.tensor(name)));
  const weights = async (number, row) => (await trace.door.rows(step.parameters[number], row)).data;
  return OPERATIONS[step.operation]({ step, at, inputs, weights, settings: step.settings });
}

/** Whether a number agrees with its recomputation. */
export function verdict(found, { value, magnitude }) {
  const difference = found === value ? 0 : Math.abs(found - value);
  return { agrees: difference / Math.max(magnitude, 1e-30) <= TOLERANCE, difference };
}

/** What a cell is made of: [{ name, head, row, column }], null for all of a row or column. */
export function reach(trace, step, at) {
  const { head, row, column } = at;
  const [first, second] = step.inputs;
  const whole = (name) => ({ name, head: null, row, column: null });
  const same = (name) => ({ name, head, row, column });
  const across = (name, own = row) => ({ name, head, row: own, column: null });
  const once = (name) => ({ name, head: null, row, column: 0 });
  const own = step.operation === "heads" ? head * trace.headWidth + column : column;
  const projected = () => [whole(first), { name: step.parameters[0], head: null, row: own, column: null }, { name: step.parameters[1], head: null, row: own, column: 0 }];
  const normalized = () => [same(first), ...step.inputs.slice(1).map(once)];
  const found = {
    project: projected,
    heads: projected,
    scores: () => [across(first), across(second, column)],
    weigh: () => [across(first), { name: second, head, row: null, column }],
    softmax: () => [across(first)],
    merge: () => [{ name: first, head: Math.floor(column / trace.headWidth), row, column: column % trace.headWidth }],
    mask: () => [same(first), { name: second, head: null, row: trace.shapes[second][0] === 1 ? 0 : row, column }],
    embed: () => [once(first)],
    mean: () => [whole(first)],
    mean_square: () => [whole(first)],
    variance: () => [whole(first), once(second)],
    normalize: normalized,
    normalize_by_square: normalized,
    positions: () => [],
  }[step.operation];
  return found ? found() : step.inputs.map(same);
}

/** The number at a place of a tensor. */
export const number = (tensor, { head, row, column }) => plane(tensor, head).at(row, column);
const rowOf = (tensor, row, head) => rowsOf(plane(tensor, head), row).values;

function products(left, right, bias = null) {
  const pairs = Array.from(left, (one, i) => [one, right[i]]);
  let value = bias ?? 0;
  let magnitude = Math.abs(bias ?? 0);
  for (const [a, b] of pairs) {
    value += a * b;
    magnitude += Math.abs(a * b);
  }
  return { pairs, bias, value, magnitude };
}

/** As a later operand: "1 − (−2)". */
const later = (value) => (value < 0 ? `(${exact(value)})` : exact(value));
const plainly = (line, value, magnitude = Math.abs(value)) => ({ line, value, magnitude });

async function project({ at, inputs, weights, step }, output = at.column) {
  const bias = step.parameters.length > 1 ? (await weights(1, output))[0] : null;
  return products(rowOf(inputs[0], at.row), await weights(0, output), bias);
}

async function heads(asked) {
  const { at, inputs, settings } = asked;
  const width = inputs[0].shape.at(-1) / settings.heads;
  const own = at.head * width + at.column;
  if (!settings.rotary) return project(asked, own);
  const even = at.column % 2 === 0;
  const [one, other] = await Promise.all([project(asked, own), project(asked, even ? own + 1 : own - 1)]);
  const angle = at.row * 10000 ** (-2 * Math.floor(at.column / 2) / width);
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const value = even ? one.value * cosine - other.value * sine : other.value * sine + one.value * cosine;
  const sign = even ? "−" : "+";
  const line = `${exact(one.value)}·cos(${exact(angle)}) ${sign} ${later(other.value)}·sin(${exact(angle)})`;
  return plainly(line, value, one.magnitude + other.magnitude);
}

/** A positional encoding's angle; sines stand in turn with cosines, or before them. */
export function wave(row, column, width, interleaved) {
  const terms = width / 2;
  const exponent = interleaved ? (2 * Math.floor(column / 2)) / width : (column % terms) / Math.max(terms - 1, 1);
  return { exponent, angle: row / 10000 ** exponent, of: (interleaved ? column % 2 === 0 : column < terms) ? "sin" : "cos" };
}

function positions({ at: { row, column }, settings }) {
  const { exponent, angle, of } = wave(row, column, settings.width, settings.kind === "sinusoidal");
  return plainly(`${of}(${row} / 10000^${exact(exponent)}) = ${of}(${exact(angle)})`, Math[of](angle), 1);
}

const ACTIVATIONS = {
  relu: (x) => [Math.max(0, x), `max(0, ${exact(x)})`],
  gelu: (x) => [(x * (1 + erf(x / Math.SQRT2))) / 2, `${exact(x)} · Φ(${exact(x)})`],
  "gelu-tanh": (x) => [
    (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2,
    `½ · ${later(x)} · (1 + tanh(√(2/π) · (x + 0.044715·x³)))`,
  ],
  silu: (x) => [x / (1 + Math.exp(-x)), `${exact(x)} / (1 + e^(${exact(-x)}))`],
};

/** By its series; far out it is 1 to the last digit. */
function erf(x) {
  if (Math.abs(x) > 5) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 120; n += 1) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const average = (row, of) => row.reduce((sum, one) => sum + of(one), 0) / row.length;

const OPERATIONS = {
  async embed({ at, inputs, weights, settings }) {
    const id = inputs[0].data[at.row];
    const one = (await weights(0, id))[at.column];
    return products([one], [settings.scale]);
  },
  async positions(asked) {
    if (!asked.step.parameters.length) return positions(asked);
    const one = (await asked.weights(0, asked.at.row))[asked.at.column];
    return plainly(`P[${asked.at.row}, ${asked.at.column}] = ${exact(one)}`, one);
  },
  add({ at, inputs }) {
    const [a, b] = inputs.map((one) => number(one, at));
    return plainly(`${exact(a)} + ${later(b)}`, a + b, Math.abs(a) + Math.abs(b));
  },
  multiply({ at, inputs }) {
    const [a, b] = inputs.map((one) => number(one, at));
    return plainly(`${exact(a)} · ${later(b)}`, a * b);
  },
  same({ at, inputs }) {
    const one = number(inputs[0], at);
    return plainly(exact(one), one);
  },
  project: (asked) => project(asked),
  heads,
  scores({ at, inputs }) {
    return products(rowOf(inputs[0], at.row, at.head), rowOf(inputs[1], at.column, at.head));
  },
  divide({ at, inputs, settings }) {
    const one = number(inputs[0], at);
    return plainly(`${exact(one)} / ${later(settings.by)}`, one / settings.by);
  },
  mask({ at, inputs }) {
    const [score, mask] = inputs;
    const allowed = number(mask, { row: mask.shape[0] === 1 ? 0 : at.row, column: at.column }) !== 0;
    const one = number(score, at);
    return plainly(allowed ? exact(one) : `${exact(one)} → −∞`, allowed ? one : -Infinity);
  },
  softmax({ at, inputs }) {
    const row = rowOf(inputs[0], at.row, at.head);
    const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const total = row.reduce((sum, one) => sum + Math.exp(one - most), 0);
    const one = row[at.column];
    const value = Math.exp(one - most) / total;
    const line = `e^(${exact(one)} − ${later(most)}) / Σ = ${exact(Math.exp(one - most))} / ${exact(total)}`;
    return plainly(line, value, value * (1 + (value > 0 ? most - one : 0)));
  },
  weigh({ at, inputs }) {
    const [weights, value] = inputs;
    const column = Array.from({ length: value.shape.at(-2) }, (_, row) => number(value, { ...at, row }));
    return products(rowOf(weights, at.row, at.head), column);
  },
  merge({ at, inputs }) {
    const width = inputs[0].shape.at(-1);
    const head = Math.floor(at.column / width);
    const one = number(inputs[0], { head, row: at.row, column: at.column % width });
    return plainly(`head ${head + 1} [${at.row}, ${at.column % width}] = ${exact(one)}`, one);
  },
  activate({ at, inputs, settings }) {
    const one = number(inputs[0], at);
    const [value, line] = ACTIVATIONS[settings.function](one);
    return plainly(line, value, Math.abs(one) + Math.abs(value));
  },
  mean({ at, inputs }) {
    const row = rowOf(inputs[0], at.row);
    const sum = row.reduce((a, b) => a + b, 0);
    const line = `(${exact(row[0])} + ${later(row[1] ?? 0)} + …) / ${row.length}`;
    return plainly(line, sum / row.length, average(row, Math.abs));
  },
  variance({ at, inputs }) {
    const row = rowOf(inputs[0], at.row);
    const mean = inputs[1].data[at.row];
    const line = `((${exact(row[0])} − ${later(mean)})² + …) / ${row.length}`;
    return plainly(line, average(row, (x) => (x - mean) ** 2), average(row, (x) => x * x + mean * mean));
  },
  mean_square({ at, inputs }) {
    const row = rowOf(inputs[0], at.row);
    return plainly(`(${later(row[0])}² + ${later(row[1] ?? 0)}² + …) / ${row.length}`, average(row, (x) => x * x));
  },
  async normalize({ at, inputs, weights }) {
    const x = number(inputs[0], at);
    const [mean, variance] = [inputs[1].data[at.row], inputs[2].data[at.row]];
    const [weight, bias] = [(await weights(0, at.column))[0], (await weights(1, at.column))[0]];
    const factor = weight / Math.sqrt(variance + EPSILON);
    const line = `(${exact(x)} − ${later(mean)}) / √(${exact(variance)} + 0.00001) · ${later(weight)} + ${later(bias)}`;
    // How the mean and the variance were rounded counts too: tracing/recompute.py says how.
    const row = rowOf(inputs[0], at.row);
    const ofVariance = average(row, (one) => one * one + mean * mean) / (2 * (variance + EPSILON));
    const rounded = Math.abs(x) + average(row, Math.abs) + Math.abs(x - mean) * ofVariance;
    return plainly(line, (x - mean) * factor + bias, rounded * Math.abs(factor) + Math.abs(bias));
  },
  async normalize_by_square({ at, inputs, weights }) {
    const x = number(inputs[0], at);
    const square = inputs[1].data[at.row];
    const weight = (await weights(0, at.column))[0];
    return plainly(`${exact(x)} / √(${exact(square)} + 0.00001) · ${later(weight)}`, (x / Math.sqrt(square + EPSILON)) * weight);
  },
};
