// One number as its arithmetic: the equation line, all its terms, and "Check this cell".

import { explain, number, verdict } from "./arithmetic.js";
import { dotted, exact, h, link, table } from "./dom.js";
import { lastOf } from "./trace.js";

const SHOWN = 3; // Terms of a sum in the line itself; the rest on request.

export class NumberPanel {
	constructor(words, onopen) {
		Object.assign(this, { words, onopen, asked: 0 });
		this.line = h("p.equation", { "aria-live": "polite" });
		this.where = h("p.where");
		this.result = h("p.verdict", { role: "status" });
		this.check = h("button.check", { onclick: () => this.verify() }, words("number.check"));
		this.rest = h("div.terms");
		this.checking = h("div.row", this.check, this.result);
		this.element = h("section.number", { "aria-label": words("number.title") }, this.where, this.line, this.checking, this.rest);
		this.clear();
	}

	clear() {
		this.asked += 1;
		this.chosen = this.chosenCell = null;
		this.line.textContent = "";
		this.where.textContent = this.words("number.hint");
		this.result.textContent = "";
		this.rest.replaceChildren();
		this.check.disabled = true;
		this.checking.hidden = true;
	}

	/** Show how a cell { head, row, column } of a step's tensor is made. */
	show(...cell) {
		this.chosen = null;
		return (this.shown = this.load(...cell));
	}

	async load(trace, name, at) {
		const turn = (this.asked += 1);
		const step = trace.byName.get(name);
		this.result.textContent = "";
		const tensor = await trace.tensor(name, at.head ?? 0, at.row, 1);
		const found = number(tensor, at);
		let made = null;
		try {
			made = step ? await explain(trace, step, at) : null;
		} catch {
			made = null; // A file without the model's weights.
		}
		if (turn !== this.asked) return;
		this.chosen = { found, made };
		Object.assign(this.element.dataset, { value: exact(found), turn, cell: `${name}/${at.row},${at.column}` });
		this.check.disabled = !made;
		this.checking.hidden = false;
		this.where.replaceChildren(...this.place(trace, name, at, tensor));
		const index = `${lastOf(name)}[${at.row}, ${at.column}]`;
		if (!made) {
			this.line.textContent = `${index} = ${exact(found)}`;
			this.rest.replaceChildren(h("p.note", this.words(step && !trace.alone ? "number.no_weights" : "number.given")));
			return;
		}
		this.line.replaceChildren(h("b", index), ` = ${written(made, this.words)} = `, h("strong", exact(found)));
		this.rest.replaceChildren(...(made.pairs?.length > SHOWN + 1 ? [this.terms(made)] : []));
	}

	place(trace, name, at, tensor) {
		const labels = trace.labels(name);
		const label = (list, i) => (typeof list === "function" ? list(i) : list?.[i]);
		const words = [label(labels.rows, at.row), label(labels.columns, at.column)].filter(Boolean).map((one) => h("bdi.token", one));
		const head = tensor.shape.length > 2 ? [h("span.chip", this.words("head.one", { number: at.head + 1 }))] : [];
		const open = trace.alone ? h("span", dotted(name)) : link(dotted(name), () => this.onopen(name, at));
		return [open, ...head, ...words.flatMap((one, i) => (i ? [" → ", one] : [one]))];
	}

	terms({ pairs = [], bias = null }) {
		const fill = (event) => {
			if (!event.target.open || event.target.childElementCount > 1) return;
			let sum = bias ?? 0;
			const rows = pairs.map(([a, b], i) => {
				sum += a * b;
				return [i, a, b, a * b, sum];
			});
			const start = bias === null ? [] : [["b", "", "", bias, bias]];
			const cell = (one) => h("td", typeof one === "number" ? exact(one) : one);
			event.target.append(table("", head, [...start, ...rows].map((row) => h("tr", row.map(cell)))));
		};
		const head = ["i", "a", "b", "a · b", this.words("number.running")];
		return h("details", { ontoggle: fill }, h("summary", this.words("number.all", { count: pairs.length })));
	}

	/** Of the cell that is chosen now, though its numbers may still be on their way. */
	async verify() {
		const turn = this.asked;
		await this.shown;
		if (turn !== this.asked || !this.chosen?.made) return;
		const { found, made } = this.chosen;
		const { agrees, difference } = verdict(found, made);
		this.result.className = `verdict ${agrees ? "agrees" : "differs"}`;
		const key = agrees ? "number.agrees" : "number.differs";
		this.result.textContent = `${agrees ? "✓" : "✗"} ${this.words(key, { value: precise(made.value), difference: exact(difference) })}`;
	}
}

function written({ pairs = [], bias = null, line = null }, words) {
	if (line !== null) return line;
	const one = ([a, b]) => `${wrapped(a)}·${wrapped(b)}`;
	const shown = pairs.length > SHOWN + 1 ? pairs.slice(0, SHOWN) : pairs;
	const hidden = pairs.length - shown.length;
	const sum = shown.map(one).join(" + ");
	const more = hidden ? ` + … (${words("number.more", { count: hidden })})` : "";
	return `${sum}${more}${bias === null ? "" : ` + ${wrapped(bias)}`}`;
}

const wrapped = (value) => (value < 0 ? `(${exact(value, 4)})` : exact(value, 4));
const precise = (value) => (Number.isFinite(value) ? String(Number(value.toPrecision(10))).replaceAll("-", "−") : exact(value));
