// A matrix: a grid for the keyboard, a canvas for the eye, and a table.

import { shades } from "./colours.js";
import { exact, h, visible } from "./dom.js";
import { FONT, drawMatrix } from "./drawing.js";
import { grouped } from "./words.js";

const NUMBERS = { width: 46, height: 22 }; // A cell with its number in it.
const SMALLEST = 4;
const TABLE = 24; // Rows and columns of the table at a time.
let count = 0;

// All that change together are drawn together: one layout, not one for each.
const matrices = new WeakMap();
const observer = new ResizeObserver((entries) => resize(entries.map((one) => matrices.get(one.target))));

function resize(changed) {
	const shown = changed.map((one) => [one, one.grid.clientWidth]).filter(([, width]) => width > 0);
	shown.forEach(([one, width]) => one.measure(width));
	const boxes = shown.map(([one]) => one.seen());
	shown.forEach(([one], i) => one.fill(boxes[i]));
}

/**
 * flat: { rows, columns, values, at }. labels: { rows, columns }, lists or functions or null for numbers. kind: "signed" or
 * "probability". onhover(row, column) and onpick(row, column) tell of the cell under the mouse and of the chosen one.
 */
export class Matrix {
	constructor({ title, flat, labels = {}, kind = "signed", words, onpick = null, onhover = null, least = null, tall = 400, note = null }) {
		Object.assign(this, { title, flat, labels, kind, words, onpick, onhover, tall, lit: [], cursor: null, scale: least });
		this.counts = flat.values.every(Number.isInteger);
		this.most = kind === "probability" ? 1 : greatest(flat);
		this.id = `matrix-${(count += 1)}`;
		this.build(note);
		this.grid.centre = (row, column) => this.place(row + 0.5, column + 0.5); // For tests.
		this.grid.choose = (...cell) => this.move(...cell); // For who comes by an address.
		matrices.set(this.grid, this);
		observer.observe(this.grid);
	}

	build(note) {
		const { rows, columns } = this.flat;
		this.canvas = h("canvas", { "aria-hidden": "true" });
		this.spacer = h("div.spacer");
		this.active = h("div", { role: "gridcell", id: `${this.id}-cell` });
		this.grid = h(
			"div.grid",
			{
				role: "grid", tabindex: 0, "aria-label": `${this.title}, ${rows} × ${columns}`, "aria-rowcount": rows,
				"aria-colcount": columns, "aria-readonly": "true",
				onkeydown: (event) => this.key(event),
				onscroll: () => {
					this.box = this.seen();
					this.draw();
				},
				onpointermove: (event) => this.point(this.cellAt(event)),
				onpointerleave: () => this.point(null),
				onclick: (event) => this.click(event),
				onfocus: () => this.focus(),
			},
			this.canvas,
			this.spacer,
			h("div.hidden", { role: "row" }, this.active),
		);
		this.zoomButton = h("button.quiet", { onclick: () => this.zoom() });
		const caption = h("figcaption", h("span.title", this.title), h("span.size", `${grouped(rows)} × ${grouped(columns)}`));
		this.element = h("figure.matrix", caption, note && h("p.note", note), this.grid, this.legend(), this.table());
	}

	legend() {
		const most = exact(this.most, this.counts ? 6 : 3);
		const ends = this.kind === "probability" ? ["0", "1"] : this.kind === "positive" ? ["0", most] : [`−${most}`, "0", `+${most}`];
		const { rows, columns, at } = this.flat;
		const masked = rows > 0 && at(0, columns - 1) === -Infinity && h("span", h("span.hatch", { "aria-hidden": "true" }), this.words("matrix.masked"));
		return h("div.legend", h("span.scale", h(`span.bar.${this.kind}`), h("span.ends", ends.map((one) => h("span", one)))), masked, this.zoomButton);
	}

	table() {
		const body = h("div.scroll", { tabindex: 0 });
		const ontoggle = () => this.details.open && body.replaceChildren(this.rowsAround());
		this.details = h("details.as-table", { ontoggle }, h("summary", this.words("matrix.table")), body);
		return this.details;
	}

	rowsAround() {
		const { rows, columns, at } = this.flat;
		const range = (near = 0, all) => {
			const start = Math.max(0, Math.min(near - TABLE / 2, all - TABLE));
			return Array.from({ length: Math.min(TABLE, all) }, (_, i) => start + i);
		};
		const across = range(this.cursor?.column, columns);
		const head = h("tr", h("td"), across.map((column) => h("th", { scope: "col" }, this.label("columns", column))));
		const line = (row) => h("tr", h("th", { scope: "row" }, this.label("rows", row)), across.map((column) => h("td", exact(at(row, column)))));
		return h("table", h("caption", this.title), h("thead", head), h("tbody", range(this.cursor?.row, rows).map(line)));
	}

	label(side, index) {
		const labels = this.labels[side];
		const text = typeof labels === "function" ? labels(index) : labels?.[index];
		return visible(String(text ?? index));
	}

	zoom() {
		this.scale = this.numbers ? SMALLEST : NUMBERS.width;
		resize([this]);
	}

	/** Numbers where they fit, else colours alone. */
	measure(available) {
		const { rows, columns } = this.flat;
		const context = this.canvas.getContext("2d");
		context.font = FONT;
		this.left = margin(context, rows, (i) => this.label("rows", i), available > 500 ? 110 : 76) + 10;
		const fits = Math.floor((available - this.left - 2) / columns);
		this.cell = Math.min(NUMBERS.width, Math.max(this.scale ?? SMALLEST, fits));
		this.numbers = this.cell >= 40;
		this.height = this.numbers ? NUMBERS.height : rows > 60 ? Math.max(SMALLEST, Math.min(this.cell, 12)) : Math.max(15, Math.min(20, this.cell));
		this.slanted = Boolean(this.labels.columns) && columns > 1;
		this.top = columns === 1 ? 6 : this.slanted ? margin(context, Math.min(columns, 200), (i) => this.label("columns", i), 78) + 10 : 20;
		const [width, height] = (this.whole = [this.left + columns * this.cell + 2, this.top + rows * this.height + 2]);
		Object.assign(this.spacer.style, { width: `${width}px`, height: `${height}px` });
		this.grid.style.height = `${this.shownHeight(height) + 2 + (width > available ? 16 : 0)}px`;
		this.zoomButton.hidden = fits >= 40;
		this.zoomButton.textContent = this.words(this.numbers ? "matrix.overview" : "matrix.numbers");
	}

	/** Whole, unless it is much too tall. */
	shownHeight(whole) {
		return whole <= 1.6 * this.tall ? whole : this.top + Math.floor((this.tall - this.top) / this.height) * this.height;
	}

	seen() {
		const { clientWidth: width, clientHeight: height, scrollLeft: across, scrollTop: down } = this.grid;
		return { width, height, across, down };
	}

	fill(box) {
		const ratio = devicePixelRatio || 1;
		this.box = box;
		Object.assign(this.canvas, { width: box.width * ratio, height: box.height * ratio });
		Object.assign(this.canvas.style, { width: `${box.width}px`, height: `${box.height}px` });
		this.draw();
	}

	get view() {
		const { width, height, across, down } = this.box;
		const until = (end, all) => Math.min(all, Math.ceil(end));
		return {
			firstRow: Math.floor(down / this.height),
			lastRow: until((down + height - this.top) / this.height, this.flat.rows),
			firstColumn: Math.floor(across / this.cell),
			lastColumn: until((across + width - this.left) / this.cell, this.flat.columns),
		};
	}

	place(row, column) {
		return [this.left + column * this.cell - this.box.across, this.top + row * this.height - this.box.down];
	}

	draw() {
		if (!this.box) return;
		drawMatrix(this, shades(this.kind, this.most));
		const { firstRow, lastRow } = this.view;
		this.flat.see?.(firstRow, lastRow, () => this.draw());
	}

	/** Light up cells: [{ row, column }], null for all. */
	light(lit) {
		if (!lit.length && !this.lit.length) return;
		this.lit = lit;
		this.grid.dataset.lit = lit.map(({ row, column }) => `${row ?? "*"},${column ?? "*"}`).join(" ");
		this.draw();
	}

	cellAt(event) {
		const box = this.grid.getBoundingClientRect();
		const [x, y] = [event.clientX - box.left - this.left, event.clientY - box.top - this.top];
		if (x < 0 || y < 0) return null;
		const [row, column] = [Math.floor((y + this.grid.scrollTop) / this.height), Math.floor((x + this.grid.scrollLeft) / this.cell)];
		return row < this.flat.rows && column < this.flat.columns ? { row, column } : null;
	}

	/** Tell of another cell under the mouse. */
	point(cell) {
		if (cell?.row === this.under?.row && cell?.column === this.under?.column) return;
		this.under = cell;
		this.onhover?.(cell?.row ?? null, cell?.column ?? null);
	}

	click(event) {
		const cell = this.cellAt(event);
		if (cell) this.move(cell.row, cell.column);
	}

	focus() {
		if (!this.cursor && this.grid.matches(":focus-visible")) this.move(0, 0);
	}

	key(event) {
		const { rows, columns } = this.flat;
		const { row, column } = this.cursor ?? { row: 0, column: 0 };
		const page = Math.max(1, Math.floor(this.grid.clientHeight / this.height) - 2);
		const all = event.ctrlKey || event.metaKey;
		const moves = {
			ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
			Home: [all ? 0 : row, 0], End: [all ? rows - 1 : row, columns - 1], PageUp: [row - page, column], PageDown: [row + page, column],
		};
		const target = moves[event.key];
		if (!target) return;
		event.preventDefault();
		this.move(Math.max(0, Math.min(rows - 1, target[0])), Math.max(0, Math.min(columns - 1, target[1])));
	}

	/** Choose a cell, bring it into view and say so. seen: in the window too. */
	move(row, column, seen = true) {
		this.cursor = { row, column };
		this.reveal();
		const value = exact(this.flat.at(row, column));
		this.active.textContent = `${this.label("rows", row)}, ${this.label("columns", column)}: ${value}`;
		this.active.setAttribute("aria-rowindex", row + 1);
		this.active.setAttribute("aria-colindex", column + 1);
		this.grid.setAttribute("aria-activedescendant", this.active.id);
		this.grid.dataset.value = value;
		this.draw();
		this.details.dispatchEvent(new Event("toggle"));
		const { cursor } = this;
		const uncover = () => seen && cursor === this.cursor && this.uncover();
		Promise.resolve(this.onpick?.(row, column)).then(() => requestAnimationFrame(() => requestAnimationFrame(uncover)));
	}

	/** Bring the chosen cell into view in the matrix. */
	reveal() {
		if (!this.box) return;
		const { row, column } = this.cursor;
		const [x, y] = this.place(row, column);
		this.grid.scrollLeft += Math.min(0, x - this.left) + Math.max(0, x + this.cell - this.box.width);
		this.grid.scrollTop += Math.min(0, y - this.top) + Math.max(0, y + this.height - this.box.height);
		this.box = this.seen();
	}

	/** And in the window, out from under the line of its number. */
	uncover() {
		this.reveal();
		const top = this.grid.getBoundingClientRect().top + this.place(this.cursor.row, 0)[1];
		const floor = document.querySelector(".number")?.getBoundingClientRect().top ?? innerHeight;
		scrollBy(0, Math.min(0, top - 8) || Math.max(0, top + this.height + 8 - floor));
	}
}

/** The greatest magnitude, infinities apart. */
export function greatest({ values }) {
	let most = 0;
	for (let i = 0; i < values.length; i += 1) {
		const size = Math.abs(values[i]);
		if (size > most && size !== Infinity) most = size;
	}
	return most;
}

function margin(context, all, label, most) {
	// Of many labels some are measured: those of numbers grow toward the end.
	let widest = Math.max(12, context.measureText(label(all - 1)).width);
	for (let i = 0; i < Math.min(all, 120); i += 1) widest = Math.max(widest, context.measureText(label(i)).width);
	return Math.min(most, Math.ceil(widest));
}
