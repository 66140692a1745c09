// Of models with one stack: the mask, what was expected at every place, the text as one vector.

import { chapter, redrawn } from "./article.js";
import { Board } from "./board.js";
import { card, exact, h, link, percent, table, token } from "./dom.js";
import { bar } from "./view-attention.js";
import { attentionChoice, headChoice } from "./view-steps.js";

export const shareOf = ({ likeliest, predicted }, i) => likeliest[i].find(([id]) => id === predicted.ids[i])[2];

/** What the mask does to attention; of one network that is GPT and BERT, both of its masks. */
export async function masks(app) {
	const { words, trace } = app;
	const { other } = trace;
	const body = await redrawn(async (draw) => {
		const shown = async (run) => {
			const board = new Board({ words, trace: run, picked: (...cell) => app.picked(...cell, run), hovered: (cell) => app.hovered(cell, run) });
			const { at, columns } = await run.plane("mask");
			const kind = at(0, columns - 1) ? "full" : "causal";
			return card(words(`masks.${kind}`), words(`masks.${kind}_why`), await board.tensor("mask"), await board.tensor(`${app.attention}.weights`, { head: app.head }), other && expected(app, run));
		};
		const choices = h("div.choices", attentionChoice(app, draw), headChoice(app, draw));
		const cards = await Promise.all([trace, other].filter(Boolean).map(shown));
		return [choices, h(other ? "div.pair" : "div", cards)];
	});
	return chapter(words, "masks", body);
}

export function places(app) {
	const { words, trace } = app;
	const shares = trace.likeliest.map((_, i) => shareOf(trace, i));
	const nats = -shares.reduce((sum, one) => sum + Math.log(one), 0) / shares.length;
	const mean = trace.predicted !== trace.reading && h("p.note.spaced", words("places.mean", { nats: exact(nats, 3), perplexity: exact(Math.exp(nats), 3) }));
	return chapter(words, "places", mean, expected(app));
}

/** What was to stand at each place, how probable that was held, and what was likeliest. */
export function expected(app, trace = app.trace) {
	const { words } = app;
	const isNext = trace.predicted !== trace.writing;
	const row = (piece, i) => {
		const isMasked = trace.predicted.ids[i] === trace.settings.mask;
		const share = !isMasked && shareOf(trace, i);
		const likely = trace.likeliest[i].slice(0, 3).map(([, one, part]) => [token(one), ` ${percent(part)}  `]);
		const open = () => (trace.stacks.includes("decoder") ? app.go("decoder", null, null, true, i) : app.go("output", null, app.choose("position", i)));
		return h("tr", { class: isMasked ? "chosen" : null }, h("td", link(i + 1, open)), h("td.left", token(piece)), h("td", !isMasked && percent(share)), h("td", !isMasked && bar(share)), h("td.left", likely));
	};
	const head = ["#", words(isNext ? "places.next" : "words.token"), words("step.probabilities"), "", words("decoder.likely")];
	return table(".six", head, trace.predicted.pieces.map(row));
}

export async function pooled(app) {
	const { words, trace } = app;
	const board = new Board(app);
	const made = ["pooler", "classifier"].flatMap((part) => trace.operationsOf(part));
	const matrices = await Promise.all(made.map(({ name }) => board.tensor(name)));
	return chapter(words, "pooled", card(null, null, matrices));
}
