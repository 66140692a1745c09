// Matrices of one trace: pointing at a cell lights up what it is made of, choosing it shows its sum.

import { reach } from "./arithmetic.js";
import { h } from "./dom.js";
import { Matrix } from "./matrix.js";
import { below, colouring, flatOf, partOf, plane, rowsOf, turned } from "./trace.js";
import { partName, stepName } from "./words.js";

/** Weights above so many numbers are not drawn. */
const MOST_DRAWN = 1.5e6;

export class Board {
	shown = [];
	titles = new Map();

	constructor(app) {
		const { trace, words } = app;
		Object.assign(this, { app, trace, words });
	}

	/** No two matrices bear one name. */
	named(title, name) {
		const other = this.titles.get(title);
		if (other) return this.named(`${title} · ${other === name ? this.words("matrix.again") : partName(this.words, partOf(name))}`, name);
		this.titles.set(title, name);
		return title;
	}

	/** A tensor's matrix: for tensors with heads, that of `head`. */
	async tensor(name, { head = 0, title = null, tall = 400, note = null } = {}) {
		const split = this.trace.shapes[name].length > 2;
		const own = split ? Math.min(head, this.trace.shapes[name][0] - 1) : 0;
		const step = this.trace.byName.get(name);
		const suffix = split ? ` · ${this.words("head.one", { number: own + 1 })}` : "";
		const matrix = new Matrix({
			title: this.named((title ?? (step ? stepName(this.words, name) : this.words(`given.${name}`, {}, name))) + suffix, name),
			flat: await this.trace.opened(name, own),
			labels: this.trace.labels(name),
			kind: colouring(name),
			words: this.words,
			tall,
			note,
			onhover: (row, column) => this.hover(name, own, row, column),
			onpick: (row, column) => this.pick(name, own, row, column),
		});
		matrix.element.dataset.name = name;
		matrix.element.dataset.head = own;
		this.shown.push({ name, head: split ? own : null, matrix });
		return matrix.element;
	}

	/**
	 * A weight as the paper writes it, inputs × outputs (PyTorch keeps it turned), or some of its outputs; null where it
	 * is not at hand. corner: so many of its inputs alone.
	 */
	async weight(name, { title, from = 0, count = null, corner = null }) {
		const { door } = this.trace;
		if (!door.holds(name)) return null;
		const stored = plane(await (count ? door.rows(name, from, count) : door.parameter(name)));
		if (stored.values.length > MOST_DRAWN) return null;
		const part = corner ? below(Array.from({ length: stored.rows }, (_, row) => flatOf(rowsOf(stored, row).values.subarray(0, corner), corner))) : stored;
		const matrix = new Matrix({ title, flat: turned(part), words: this.words, tall: 240 });
		this.shown.push({ name, head: null, matrix, from, turned: true });
		return matrix.element;
	}

	hover(name, head, row, column) {
		const cell = row === null ? null : { name, at: { head, row, column } };
		this.light(cell ?? this.picked);
		this.app.hovered(cell);
	}

	light(cell) {
		const step = cell && this.trace.byName.get(cell.name);
		const cells = step ? reach(this.trace, step, cell.at) : [];
		for (const { name, head, matrix, from = 0, turned: isTurned } of this.shown) {
			const own = cells.filter((one) => one.name === name && (head === null || one.head === null || one.head === head));
			matrix.light(own.map((one) => placed(one, from, isTurned, matrix.flat)).filter(Boolean));
		}
	}

	pick(name, head, row, column) {
		this.picked = { name, at: { head, row, column } };
		for (const one of this.shown) if (one.name !== name || (one.head !== null && one.head !== head)) one.matrix.cursor = null;
		this.light(this.picked);
		return this.app.picked(name, { head, row, column });
	}
}

/** Where a cell lies in the part of a weight that is drawn. */
function placed({ row, column }, from, isTurned, flat) {
	if (!isTurned) return { row, column };
	const own = row - from;
	return own >= 0 && own < flat.columns ? { row: column, column: own } : null;
}

/** `[X] · [W] = [Q]`: each sign stays with the matrix after it, on any screen. */
export function formula(...parts) {
	const terms = [];
	let sign = null;
	for (const part of parts.filter(Boolean)) {
		if (typeof part === "string") sign = h("span.sign", { "aria-hidden": "true" }, part);
		else {
			terms.push(h("div.term", sign, part));
			sign = null;
		}
	}
	return h("div.formula", terms);
}
