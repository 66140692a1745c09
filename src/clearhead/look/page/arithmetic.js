// One number done again in float64, as the trace describes its operation (tracing/operations.py).
// Known here is how to read numbers and what functions mean; no operation.

import { exact } from "./dom.js";
import { plane, rowsOf } from "./trace.js";

const TOLERANCE = 1e-5; // In shares of the sum of magnitudes, as in Trace.check.
const COARSE = { bfloat16: [2 ** -8, 0], float16: [2 ** -11, 2 ** -14] }; // More, for each rounding of such numbers.

/**
 * How the cell { head, row, column } of an operation's tensor comes about:
 * { pairs, bias } for a sum of products (pairs of numbers), or { line } for another formula, with { value, magnitude }.
 */
export async function explain(trace, operation, at) {
	const how = trace.descriptions[operation.description];
	const shape = trace.shapes[operation.name];
	const shapes = operation.inputs.map((name) => trace.shapes[name]);
	const inputs = await Promise.all(operation.inputs.map((name, i) => {
		const readings = Object.values(how.inputs[i] ?? {});
		const head = readings.includes("split") ? null : sharedHead(at.head, shapes[i], shapes[0]);
		return readings.every((one) => /^(cell|row)$/.test(one)) ? trace.tensor(name, head, Math.min(at.row, shapes[i].at(-2) - 1), 1) : trace.tensor(name, head);
	}));
	const known = { ...how.defaults, width: shape.at(-1), ...operation.settings, ...at, last: inputs[0].shape.at(-1), infinity: Infinity };
	how.inputs.forEach((names, i) => {
		const own = { ...at, head: sharedHead(at.head, inputs[i].shape, inputs[0].shape) };
		for (const name in names) known[name] = numbers(inputs[i], own, names[name]);
	});
	const read = async (names, i) => {
		for (const name in names) known[name] = await weight(trace, operation.parameters[i], names[name], at, ownRow(at, shape, operation), inputs);
	};
	await Promise.all(how.parameters.map(read));
	const look = (name) => (name in known ? known[name] : (known[name] = valueOf(how.given[name], look)));
	const value = valueOf(how.value, look);
	const magnitude = how.bound ? valueOf(how.bound, look) : Math.abs(value);
	const [unit, least] = COARSE[trace.settings.dtype] ?? [0, 0];
	return { ...told(how, look), value, magnitude: Math.max(magnitude, least), tolerance: TOLERANCE + ((1 + unit) ** how.roundings - 1) };
}

/** Whether a number agrees with its recomputation. */
export function verdict(found, { value, magnitude, tolerance }) {
	const difference = found === value ? 0 : Math.abs(found - value);
	return { agrees: difference / Math.max(magnitude, 1e-30) <= tolerance, difference };
}

/** What a cell is made of: [{ name, head, row, column }], null for all of a row or column. */
export function reach(trace, operation, at) {
	const how = trace.descriptions[operation.description];
	if (!how) return [];
	const own = ownRow(at, trace.shapes[operation.name], operation);
	const weights = { across: { row: own, column: null }, entry: { row: own, column: 0 } };
	const inputs = operation.inputs.map((name, i) => how.reach[0][i] && { name, ...place(how.reach[0][i], at, trace.shapes[name], sharedHead(at.head, trace.shapes[name], trace.shapes[operation.inputs[0]])) });
	const parameters = operation.parameters.map((name, i) => weights[how.reach[1][i]] && { name, head: null, ...weights[how.reach[1][i]] });
	return [...inputs, ...parameters].filter(Boolean);
}

export const number = (tensor, { head, row, column }) => plane(tensor, head).at(row, column);

/** Heads next to each other may share one of keys and values. */
const sharedHead = (head, [count, ...own], [all, ...other]) => (own.length > 1 && other.length > 1 ? Math.floor((head * count) / all) : head);

/** A parameter's row for a column; heads stand one after another. */
const ownRow = ({ head, column }, shape, { settings }) => (settings.heads ? head * shape.at(-1) + column : column);

/** Where an input is read; what has one row, one column or no heads serves all. */
function place(reading, { head, row, column }, shape, shared = head) {
	const [rows, columns] = shape.length > 1 ? shape.slice(-2) : [shape[0], 1];
	if (reading === "partner") column ^= 1;
	if (reading === "opposite") column = (column + columns / 2) % columns;
	if (reading === "split") return { head: Math.floor(column / columns), row, column: column % columns };
	return {
		head: shape.length > 2 ? shared : null,
		row: reading === "down" ? null : reading === "across" ? column : Math.min(row, rows - 1),
		column: reading === "row" || reading === "across" ? null : Math.min(column, columns - 1),
	};
}

function numbers(tensor, at, reading) {
	const { head, row, column } = place(reading, at, tensor.shape);
	const matrix = plane(tensor, head ?? 0);
	if (row === null) return Float64Array.from({ length: matrix.rows }, (_, i) => matrix.at(i, column));
	return column === null ? rowsOf(matrix, row).values : matrix.at(row, column);
}

async function weight(trace, name, reading, at, own, inputs) {
	if (!name) return null;
	const row = { token: () => inputs[0].data[at.row], place: () => at.row, bucket: () => plane(inputs[0], 0).at(at.row, at.column) }[reading]?.() ?? (reading.startsWith("partner") ? own ^ 1 : own);
	const { data } = await trace.door.rows(name, row);
	return reading.endsWith("across") ? data : data[reading.endsWith("entry") ? 0 : reading === "bucket" ? at.head : at.column];
}

const sum = (row) => row.reduce((a, b) => a + b, 0);
const FUNCTIONS = {
	"+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b, "^": Math.pow,
	"%": (a, b) => a % b, abs: Math.abs, exp: Math.exp, sqrt: Math.sqrt, sin: Math.sin, cos: Math.cos, tanh: Math.tanh,
	floor: Math.floor, larger: Math.max, where: (a, b, c) => (a ? b : c), erf,
};
const ROWS = {
	total: sum, mean: (row) => sum(row) / row.length, greatest: (row) => row.reduce((a, b) => Math.max(a, b)), count: (row) => row.length,
	at: (row, i) => row[i] ?? 0, dot: (row, other) => row.reduce((total, one, i) => total + one * other[i], 0),
};

/** A formula, ["+", "x", 1], of the numbers and rows that `look` knows. */
function valueOf(formula, look) {
	if (!Array.isArray(formula)) return typeof formula === "string" ? look(formula) : formula;
	const [name, ...parts] = formula;
	const known = parts.map((part) => valueOf(part, look));
	if (name in ROWS) return ROWS[name](...known);
	const row = known.find((one) => one?.length);
	const done = FUNCTIONS[name];
	return row ? Float64Array.from(row, (_, i) => done(...known.map((one) => (one?.length ? one[i] : one)))) : done(...known);
}

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

/** A formula with its numbers in it: {x}, and {(x)} in brackets if negative. */
function told({ lines, value }, look) {
	if (lines.length) {
		const line = lines[lines.length > 1 ? look("which") : 0];
		const written = (_, bracket, name) => (bracket && look(name) < 0 ? `(${exact(look(name))})` : exact(look(name)));
		return { line: line.replace(/\{(\(?)(\w+)\)?\}/g, written) };
	}
	const [[, one, other], bias] = value[0] === "+" ? value.slice(1) : [value];
	const right = look(other);
	return { pairs: Array.from(look(one), (a, i) => [a, right[i]]), bias: bias ? look(bias) : null };
}

export function wave(row, column, width, interleaved) {
	const terms = width / 2;
	const exponent = interleaved ? (2 * Math.floor(column / 2)) / width : (column % terms) / Math.max(terms - 1, 1);
	return { exponent, angle: row / 10000 ** exponent, of: (interleaved ? column % 2 === 0 : column < terms) ? "sin" : "cos" };
}
