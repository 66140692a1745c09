// Attention as lines between words, of any heads.

import { chapter, redrawn } from "./article.js";
import { choice, h, percent, s, select, visible } from "./dom.js";
import { attentionChoice } from "./view-steps.js";

const ROW = 28;
const LEAST = 0.02; // Thinner lines could not be seen.
const MOST = 4000; // The greatest weights.

export async function lines(app) {
	const { words, trace } = app;
	app.heads = new Set([...(app.heads ?? [])].filter((head) => trace.heads.includes(head)));
	if (!app.heads.size) app.heads.add(trace.heads[0]);
	const body = await redrawn(async (draw) => {
		const attention = attentionChoice(app, draw);
		const weights = {};
		await Promise.all([...app.heads].map(async (head) => (weights[head] = await trace.plane(`${app.attention}.weights`, head))));
		const choose = (heads) => {
			if (heads.length) app.choose("heads", new Set(heads));
			draw();
		};
		const toggle = (head) => choose(trace.heads.filter((one) => app.heads.has(one) !== (one === head)));
		const all = () => choose(app.heads.size === trace.heads.length ? [trace.heads[0]] : trace.heads);
		const choices = choice(words("head.choose"), trace.heads.map((head) => [head, [h(`span.swatch.hue-${head % 8}`), head + 1]]), app.heads, toggle);
		choices.append(h("button", { onclick: all }, words("lines.all")));
		return [h("div.choices", attention, pairChoice(app, draw), choices), drawing(app, weights)];
	});
	return chapter(words, "lines", body);
}

const PAIRS = ["A → A", "A → B", "B → A", "B → B"];

/** Of two sentences: from which to which one looks. */
function pairChoice(app, draw) {
	const all = [[null, app.words("lines.all")], ...PAIRS.map((one) => [one, one])];
	return app.trace.settings.second && select(app.words("lines.pair"), all, app.pair, app.chosen("pair", draw));
}

/** The first of some places, and the one after the last: of a sentence of two, or of all. */
function placesOf(app, at, count) {
	const { second } = app.trace.settings;
	return !second || !PAIRS.includes(app.pair) ? [0, count] : app.pair.at(at) === "A" ? [0, second] : [second, count];
}

function drawing(app, weights) {
	const { words, trace } = app;
	const name = `${app.attention}.weights`;
	const [from, to] = [trace.rowSide(name).pieces, trace.columnSide(name).pieces];
	const [top, end] = placesOf(app, 0, from.length);
	const [left, right] = placesOf(app, -1, to.length);
	const height = Math.max(end - top, right - left) * ROW;
	const svg = s("svg.lines", { viewBox: `0 0 100 ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
	svg.style.height = `${height}px`;
	const told = h("p.told-step", { "aria-live": "polite" }, words("lines.hint"));
	let chosen = null;
	// Lines of several heads between two words lie beside each other.
	const shown = [...app.heads].sort((a, b) => a - b);
	const apart = (head) => (shown.indexOf(head) - (shown.length - 1) / 2) * Math.min(4, (ROW - 6) / shown.length);
	const strokes = (first, last) => {
		const found = [];
		for (const head of shown) {
			const flat = weights[head];
			for (let i = first; i < last; i += 1) for (let j = left; j < right; j += 1) if (flat.at(i, j) >= LEAST) found.push({ head, i, j, weight: flat.at(i, j) });
		}
		found.sort((a, b) => a.weight - b.weight);
		return found.slice(-MOST).map(({ head, i, j, weight }) => s("line", { class: `hue-${head % 8}`, x1: 0, y1: (i - top + 0.5) * ROW + apart(head), x2: 100, y2: (j - left + 0.5) * ROW + apart(head), "stroke-opacity": weight.toFixed(3), "stroke-width": (1 + 4 * weight).toFixed(2) }));
	};
	// All are made once; while one word's are shown they are hidden.
	const [all, own] = [s("g", strokes(top, end)), s("g")];
	svg.append(all, own);
	const draw = (row) => {
		all.style.display = row === null ? "" : "none";
		own.replaceChildren(...(row === null ? [] : strokes(row, row + 1)));
		if (row !== null) told.textContent = said(app, weights, row, from, to, left, right);
	};
	const word = (piece, i) => {
		const look = () => draw(i);
		const pick = () => {
			chosen = chosen === i ? null : i;
			draw(chosen);
		};
		return h("button.line-word", { onpointerenter: look, onpointerleave: () => draw(chosen), onfocus: look, onblur: () => draw(chosen), onclick: pick }, h("bdi", visible(piece)));
	};
	const looking = h("div.line-words", from.slice(top, end).map((piece, i) => word(piece, top + i)));
	const seen = h("div.line-words", to.slice(left, right).map((piece) => h("span.line-word", h("bdi", visible(piece)))));
	return h("section.card", told, h("div.line-drawing", looking, svg, seen));
}

/** "it → animal 52 % (head 3), …": the greatest weights of a row. */
function said(app, weights, row, from, to, left, right) {
	const found = [];
	for (const head of app.heads) {
		const flat = weights[head];
		for (let j = left; j < right; j += 1) found.push({ head, j, weight: flat.at(row, j) });
	}
	found.sort((a, b) => b.weight - a.weight);
	const one = ({ head, j, weight }) => `${visible(to[j])} ${percent(weight)} (${app.words("head.one", { number: head + 1 })})`;
	return `${visible(from[row])} → ${found.slice(0, 3).map(one).join(", ")}`;
}
