// Attention as lines between words, of any heads.

import { chapter, redrawn } from "./article.js";
import { choice, h, percent, s, visible } from "./dom.js";
import { attentionChoice } from "./view-steps.js";

const ROW = 28;
const LEAST = 0.02; // Thinner lines could not be seen.

export async function lines(app) {
	const { words, trace } = app;
	app.heads = new Set([...(app.heads ?? [])].filter((head) => head < trace.heads.length));
	if (!app.heads.size) app.heads.add(0);
	const body = await redrawn(async (draw) => {
		const attention = attentionChoice(app, draw);
		const weights = {};
		await Promise.all([...app.heads].map(async (head) => (weights[head] = await trace.plane(`${app.attention}.weights`, head))));
		const choose = (heads) => {
			if (heads.length) app.choose("heads", new Set(heads));
			draw();
		};
		const toggle = (head) => choose(trace.heads.filter((one) => app.heads.has(one) !== (one === head)));
		const all = () => choose(app.heads.size === trace.heads.length ? [0] : trace.heads);
		const choices = choice(words("head.choose"), trace.heads.map((head) => [head, [h(`span.swatch.hue-${head % 8}`), head + 1]]), app.heads, toggle);
		choices.append(h("button", { onclick: all }, words("lines.all")));
		return [h("div.choices", attention, choices), drawing(app, weights)];
	});
	return chapter(words, "lines", body);
}

function drawing(app, weights) {
	const { words, trace } = app;
	const name = `${app.attention}.weights`;
	const [from, to] = [trace.rowSide(name).pieces, trace.columnSide(name).pieces];
	const height = Math.max(from.length, to.length) * ROW;
	const svg = s("svg.lines", { viewBox: `0 0 100 ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
	svg.style.height = `${height}px`;
	const told = h("p.told-step", { "aria-live": "polite" }, words("lines.hint"));
	let chosen = null;
	// Lines of several heads between two words lie beside each other.
	const shown = [...app.heads].sort((a, b) => a - b);
	const apart = (head) => (shown.indexOf(head) - (shown.length - 1) / 2) * Math.min(4, (ROW - 6) / shown.length);
	const draw = (row) => {
		const strokes = [];
		for (const head of shown) {
			const flat = weights[head];
			for (let i = 0; i < flat.rows; i += 1) {
				if (row !== null && row !== i) continue;
				for (let j = 0; j < flat.columns; j += 1) if (flat.at(i, j) >= LEAST) strokes.push({ head, i, j, weight: flat.at(i, j) });
			}
		}
		strokes.sort((a, b) => a.weight - b.weight);
		svg.replaceChildren(...strokes.slice(-4000).map(({ head, i, j, weight }) => s("line", { class: `hue-${head % 8}`, x1: 0, y1: (i + 0.5) * ROW + apart(head), x2: 100, y2: (j + 0.5) * ROW + apart(head), "stroke-opacity": weight.toFixed(3), "stroke-width": (1 + 4 * weight).toFixed(2) })));
		if (row !== null) told.textContent = said(app, weights, row, from, to);
	};
	const word = (piece, i) => {
		const look = () => draw(i);
		const pick = () => {
			chosen = chosen === i ? null : i;
			draw(chosen);
		};
		return h("button.line-word", { onpointerenter: look, onpointerleave: () => draw(chosen), onfocus: look, onblur: () => draw(chosen), onclick: pick }, h("bdi", visible(piece)));
	};
	draw(null);
	const left = h("div.line-words", from.map(word));
	const right = h("div.line-words", to.map((piece) => h("span.line-word", h("bdi", visible(piece)))));
	return h("section.card", told, h("div.line-drawing", left, svg, right));
}

/** "it → animal 52 % (head 3), …": the greatest weights of a row. */
function said(app, weights, row, from, to) {
	const found = [];
	for (const head of app.heads) {
		const flat = weights[head];
		for (let j = 0; j < flat.columns; j += 1) found.push({ head, j, weight: flat.at(row, j) });
	}
	found.sort((a, b) => b.weight - a.weight);
	const one = ({ head, j, weight }) => `${visible(to[j])} ${percent(weight)} (${app.words("head.one", { number: head + 1 })})`;
	return `${visible(from[row])} → ${found.slice(0, 3).map(one).join(", ")}`;
}
