// The decoder's time steps, and how the memory serves each of its layers.

import { article, chapter, redrawn } from "./article.js";
import { colour, shades } from "./colours.js";
import { card, h, link, percent, player, table, token, visible } from "./dom.js";
import { greatest } from "./matrix.js";
import { MOST_WORDS, leastOf, rowsOf } from "./trace.js";
import { bar, strip, thumbnail } from "./view-attention.js";
import { headChoice, positionChoice } from "./view-steps.js";

export async function decoder(app) {
	const { words, trace } = app;
	const body = await redrawn(async (draw) => {
		const layers = trace.blocks("decoder");
		const scene = h("div.scene", { "aria-live": "polite" });
		let asked = 0;
		const show = async (time) => {
			const own = (asked += 1);
			app.choose("step", time, false);
			const load = (last) => Promise.all(layers.map(async (one) => rowsOf(await trace.plane(`${one}.${last}.weights`, app.head, time, 1), time).values));
			const [self, cross] = await Promise.all([load("self_attention"), trace.stacks[1] && load("cross_attention")]);
			if (own !== asked) return;
			scene.replaceChildren(...moment(app, { pieces: trace.writing.pieces, said: trace.predicted.pieces[time], time, self, cross, likely: trace.likeliest[time] }));
		};
		return [h("div.choices.stay", headChoice(app, draw), player(trace.writing.pieces.length, words, show, app.step)), scene];
	});
	return article(words, words("chapter.decoder"), words("why.chapter_decoder"), words("like.chapter_decoder"), body);
}

/**
 * One time step. pieces: what the decoder reads, of which it may see the first time + 1. self, cross: each layer's
 * weights in the head that is shown. likely: [[id, piece, share]].
 */
export function moment(app, { pieces, said, time, self, cross, likely }) {
	const { words, trace } = app;
	const row = (weights, all) => {
		// Of a long text those that are looked at most.
		const least = leastOf(weights);
		return h("div.tokens", all.map((piece, i) => (all === pieces && i > time ? i <= time + MOST_WORDS && weighed(piece, null) : weights[i] > least && weighed(piece, weights[i]))));
	};
	const layers = (rows, all) => rows.map((weights, number) => h("div.moment-row", h("span.label", words("part.decoder_layer", { number: number + 1 })), row(weights, all)));
	const head = words("head.one", { number: app.head + 1 });
	return [
		card(null, null, h("p.tokens", h("b", words("decoder.step", { number: time + 1 })), pieces.slice(0, time + 1).map(token), h("span", "→"), h("b", token(said)))),
		h("div.pair",
			card(`${words("decoder.self")} · ${head}`, null, layers(self, pieces), h("p.note.spaced", words("decoder.mask"))),
			cross && card(`${words("decoder.cross")} · ${head}`, null, layers(cross, trace.reading.pieces), h("p.note.spaced", words("decoder.memory", { layers: cross.length }))),
		),
		card(words("decoder.likely"), null, h("ol.likely", likely.slice(0, 5).map(([, piece, share]) => h("li", token(piece), ` ${percent(share)}`)))),
	];
}

/** A word on the colour of its weight; a hidden one hatched. */
function weighed(piece, weight) {
	const text = h("bdi", visible(piece));
	if (weight === null) return h("span.weighed.hidden-word", text, h("small", "−∞"));
	const { fill, ink } = shades("probability", 1);
	return h("span.weighed", { "data-weight": weight, style: { "background-color": fill(weight), color: weight > 0.02 ? ink(weight) : colour("ink") } }, text, h("small", weight.toFixed(2)));
}

/** The greatest numbers of a row: [[column, number]]. */
export function best(flat, row, count = 5) {
	const found = [];
	rowsOf(flat, row).values.forEach((value, id) => {
		if (found.length === count && !(value > found.at(-1)[1])) return;
		const place = found.findIndex((one) => value > one[1]);
		found.splice(place < 0 ? found.length : place, 0, [id, value]);
		found.length = Math.min(found.length, count);
	});
	return found;
}

export async function memory(app) {
	const { words, trace } = app;
	const body = await redrawn(async (draw) => {
		const parts = trace.blocks("decoder").map((one) => `${one}.cross_attention`);
		const load = (name) => trace.plane(name, app.head);
		const of = (part) => Promise.all(["key", "value", "weights", "context"].map((last) => load(`${part}.${last}`)));
		const [notes, ...layers] = await Promise.all([load("encoder.memory"), ...parts.map(of)]);
		const scene = h("div");
		const told = h("p.told-step", { "aria-live": "polite" });
		const show = (at) => {
			app.choose("step", at, false);
			const layer = Math.ceil(at / 2);
			const values = { layer, piece: visible(trace.predicted.pieces[app.position]), layers: parts.length };
			told.textContent = words(at === 0 ? "memory.made" : at % 2 ? "memory.projected" : "memory.asked", values);
			scene.replaceChildren(memoryTable(app, { notes, layers, parts, at }));
		};
		const position = positionChoice(app, draw);
		return [h("div.choices", headChoice(app, draw), position), h("div.stay", player(1 + 2 * parts.length, words, show, app.step), told), scene];
	});
	return chapter(words, "memory", body);
}

function memoryTable(app, { notes, layers, parts, at }) {
	const { words, trace, position } = app;
	const heads = [words("step.memory"), "", "K = M · W_K", "V = M · W_V", words("step.weights"), words("step.context")];
	const cell = (column, ...inside) => h(column === 4 ? "td.left" : "td", { "data-label": heads[column] }, inside);
	const look = (name, flat) => h("button.thumb", { "aria-label": name, onclick: () => app.go("step", name) }, thumbnail(flat, name === "encoder.memory" ? 150 : 84, Math.max(40, Math.min(120, 4 * flat.rows)), "signed"));
	const asked = ([, , weights, context], part) => {
		const top = best(weights, position, 3);
		const one = ([column, weight]) => h("p", bar(weight), link(percent(weight), () => app.picked(`${part}.weights`, { head: app.head, row: position, column })), " ", token(trace.reading.pieces[column]));
		return [cell(4, top.map(one)), cell(5, strip(rowsOf(context, position).values, greatest(context)))];
	};
	const row = (layer, i) => {
		const part = parts[i];
		const made = at > 2 * i && [cell(2, look(`${part}.key`, layer[0])), cell(3, look(`${part}.value`, layer[1]))];
		const now = Math.ceil(at / 2) === i + 1;
		return h("tr", { class: now ? "chosen" : null }, i === 0 && h("td", { rowspan: layers.length, "data-label": heads[0] }, look("encoder.memory", notes)), h("th", { scope: "row" }, words("part.decoder_layer", { number: i + 1 })), made, at > 2 * i + 1 && asked(layer, part));
	};
	return table(".six.memory", heads, layers.map(row));
}
