// The tree of a beam search: every hypothesis, its fate and why, and its decoder step.

import { chapter } from "./article.js";
import { card, exact, fixed, h, percent, s, spoken, token, visible } from "./dom.js";
import { FONT } from "./drawing.js";
import { moment } from "./view-decoder.js";
import { headChoice } from "./view-steps.js";
import { expected } from "./view-text.js";

const HEIGHT = 36;
const [NARROW, WIDE, BETWEEN] = [110, 260, 28]; // Of a node, in pixels, and between two.
const measure = document.createElement("canvas").getContext("2d");

export async function beam(app, part) {
	const { words, trace } = app;
	const size = trace.settings.beam_size;
	if (!trace.tree.length) return chapter(words, "beam", h("p.spaced", words(size === 1 ? "beam.greedy" : "beam.forced")), expected(app));
	const details = h("div", { "aria-live": "polite" }, h("p.note.spaced", words("beam.hint")));
	let last = null;
	const show = async (node) => {
		last = node;
		if (app.view === "beam" && app.part !== String(node.number)) app.choose("part", String(node.number));
		const step = h("div.scene");
		details.replaceChildren(card(null, null, ...explained(app, node)), step);
		try {
			const drawn = await opened(app, node, () => show(node));
			if (last === node) step.replaceChildren(...[drawn].flat().filter(Boolean));
		} catch (error) {
			step.replaceChildren(h("p.note", spoken.error(error)));
		}
	};
	const fates = ["won", "live", "finished", "dropped", "stopped"].map((fate) => h("li", h(`span.node.${fate}`, "…"), ` ${words(`fate.${fate}`)}`));
	if (trace.tree[part]) await show(trace.tree[part]);
	return chapter(words, "beam", h("ol.fates", fates), tree(app, show), details);
}

function tree(app, show) {
	const { trace, words } = app;
	const columns = [];
	for (const node of trace.tree) (columns[node.length] ??= []).push(node);
	// Wide enough for what is written in each.
	measure.font = `bold ${FONT.replace("12px", "13.2px")}`;
	const need = (node) => measure.measureText(visible(node.piece) + brief(node.score ?? -Infinity)).width + 30;
	const widths = columns.map((nodes) => Math.min(WIDE, Math.max(NARROW, ...nodes.map(need))));
	const lefts = widths.reduce((all, one) => [...all, all.at(-1) + one + BETWEEN], [0]);
	const place = new Map();
	for (const nodes of columns) nodes.toSorted((a, b) => +(b.fate === "won") - +(a.fate === "won") || b.score - a.score).forEach((node, i) => place.set(node.number, [lefts[node.length], i * HEIGHT]));
	const [width, height] = [lefts.at(-1) - BETWEEN, Math.max(...columns.map((one) => one.length)) * HEIGHT];
	const lines = trace.tree.slice(1).map((node) => {
		const [[x, y], [fromX, fromY]] = [place.get(node.number), place.get(node.parent)];
		const [a, b] = [fromY + 15, y + 15];
		const start = fromX + widths[node.length - 1];
		return s(`path.edge.${node.fate}`, { d: `M${start} ${a} C${start + 14} ${a} ${x - 14} ${b} ${x} ${b}` });
	});
	const button = (node) => {
		const [x, y] = place.get(node.number);
		const onclick = (event) => {
			box.querySelector("[aria-pressed=true]")?.setAttribute("aria-pressed", "false");
			event.currentTarget.setAttribute("aria-pressed", "true");
			show(node);
		};
		const label = `${node.piece}, ${words("beam.score")} ${exact(node.score ?? -Infinity)}, ${words(`fate.${node.fate}`)}`;
		const style = { left: `${x}px`, top: `${y}px`, width: `${widths[node.length]}px` };
		return h(`button.node.${node.fate}`, { "aria-label": label, "aria-pressed": String(app.part === String(node.number)), "data-number": node.number, title: way(trace, node).map((one) => visible(one.piece)).join(" "), style, onclick }, h("bdi", visible(node.piece)), h("small", brief(node.score ?? -Infinity)));
	};
	const box = h("div.tree", { style: { width: `${width}px`, height: `${height}px` } }, s("svg", { width, height, "aria-hidden": "true" }, lines), trace.tree.map(button));
	return h("div.tree-box", { tabindex: 0, role: "region", "aria-label": words("chapter.beam") }, box);
}

function explained(app, node) {
	const { trace, words } = app;
	const facts = [["beam.log_probability", node.log_probability], ["beam.total", node.total], ["beam.score", node.score]];
	const rivals = node.candidates.map(([id, value]) => h("li", token(trace.piece(id)), ` ${percent(Math.exp(value))}`));
	return [
		h("p.tokens", way(trace, node).map((one) => token(one.piece))),
		h("dl.facts.spaced", facts.map(([key, value]) => h("div", h("dt", words(key)), h("dd", exact(value ?? -Infinity))))),
		h("p.reason", reason(app, node)),
		rivals.length > 0 && [h("h2", words("beam.next")), h("ol.likely", rivals)],
	];
}

/** A node and those before it, the first one first. */
function way(trace, node) {
	const nodes = [];
	for (let one = node; one; one = trace.tree[one.parent]) nodes.unshift(one);
	return nodes;
}

/** The decoder step in which a node was chosen. */
async function opened(app, node, draw) {
	const { trace, words, told } = app;
	const parent = trace.tree[node.parent];
	if (!parent) return null;
	const time = parent.length;
	const written = time + 1;
	const { shape, data } = await trace.door.moment(parent.number);
	const [layers, heads, all] = shape;
	const rows = Array.from({ length: layers }, (_, layer) => data.subarray((layer * heads + app.head) * all, (layer * heads + app.head + 1) * all));
	const drawn = moment(app, {
		pieces: way(trace, parent).map((one) => one.piece), said: node.piece, time,
		self: rows.map((row) => row.subarray(0, written)), cross: rows.map((row) => row.subarray(written)),
		likely: parent.candidates.map(([id, value]) => [id, trace.piece(id), Math.exp(value)]),
	});
	const whole = node.fate === "won" ? () => app.go("decoder", null, null, true, time) : trace.door.live && told.branches && (() => app.follow(node.number));
	return [h("div.choices", headChoice(app, draw), whole && h("button.open", { onclick: whole }, words(node.fate === "won" ? "beam.open" : "beam.follow"))), ...drawn];
}

const isKept = (node) => !["dropped", "finished"].includes(node.fate);

/** Why a node's fate is what it is, with the numbers that decided. */
function reason({ trace, words }, node) {
	const least = (length) => Math.min(...trace.tree.filter((one) => one.length === length && isKept(one)).map((one) => one.total));
	const beam = trace.settings.beam_size;
	if (node.fate === "dropped") return words("why.dropped", { total: exact(node.total), least: exact(least(node.length)), beam });
	if (node.fate === "finished") return words("why.finished", { score: exact(node.score), best: exact(trace.tree.findLast((one) => one.fate === "won").score) });
	const next = node.candidates[0];
	const left = node.fate === "live" && next && !trace.tree.some((one) => one.parent === node.number && one.fate !== "dropped");
	if (!left || !Number.isFinite(least(node.length + 1))) return words(`why.fate.${node.fate}`);
	return words("why.left", { piece: visible(trace.piece(next[0])), total: exact(node.total + next[1]), least: exact(least(node.length + 1)), beam });
}

/** A score in the tree: of a model that is sure, hundredths would all be zero. */
const brief = (score) => (score === 0 ? "0" : fixed(score, score > -0.1 ? 4 : 2));
