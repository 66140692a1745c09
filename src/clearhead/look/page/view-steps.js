// Levels 4 and 5: a sub-layer as matrices, one step with what it is made of.

import { article, chapter, redrawn } from "./article.js";
import { Board, formula } from "./board.js";
import { card, choice, dotted, h, link, select } from "./dom.js";
import { isBetweenWords, kindOf } from "./trace.js";
import { partName, stepKey, stepName } from "./words.js";

export function headChoice(app, draw) {
	const { words, trace } = app;
	return choice(words("head.choose"), trace.heads.map((head) => [head, String(head + 1)]), app.head, app.chosen("head", draw));
}

export function positionChoice(app, draw) {
	const { pieces } = app.trace.predicted;
	app.position = Math.min(app.position ?? 0, pieces.length - 1);
	return select(app.words("output.position"), pieces.map((piece, i) => [i, `${i + 1}: ${piece}`]), app.position, app.chosen("position", draw));
}

export function attentionChoice(app, draw) {
	const all = app.trace.parts.filter((part) => /attention$/.test(kindOf(part)));
	if (!all.includes(app.attention)) app.attention = all[0];
	return select(app.words("attention.choose"), all.map((part) => [part, partName(app.words, part)]), app.attention, app.chosen("attention", draw));
}

export async function step(app, name) {
	const { words, trace } = app;
	const own = trace.byName.get(name);
	const key = stepKey(name);
	const split = [name, ...own.inputs].some((one) => trace.shapes[one].length > 2);
	const board = await redrawn(async (draw) => [split && headChoice(app, draw), await stepBoard(app, own)]);
	return article(
		words,
		stepName(words, name),
		words(`why.step.${key}`, {}, ""),
		null,
		h("p.recipe", h("code", dotted(name)), ` = ${trace.descriptions[own.description]?.words[app.language]}`),
		board,
	);
}

async function stepBoard(app, own) {
	const { words } = app;
	const board = new Board(app);
	const { head } = app;
	const inputs = own.inputs.map((name) => board.tensor(name, { head, tall: 260 }));
	const [result, ...made] = await Promise.all([board.tensor(own.name, { head }), ...inputs, weightsOf(app, board, own)]);
	return [h("h2", words("step.result")), result, h("h2", words("step.made_of")), h("div.inputs", made)];
}

/** A projection's weights: of heads, the columns of the one that is shown. */
async function weightsOf(app, board, own) {
	const { words, trace } = app;
	if (trace.descriptions[own.description]?.reach[1][0] !== "across" || own.name.startsWith("output.")) return null;
	const ofHead = own.operation === "heads" ? { from: app.head * trace.headWidth, count: trace.headWidth } : {};
	const title = words("weight.title", { name: words(`weight.${stepKey(own.name)}`, {}, "W") });
	return board.weight(own.parameters[0], { title, ...ofHead });
}

export async function sublayer(app, part) {
	const { words } = app;
	const kind = kindOf(part);
	const body = await redrawn((draw) => sublayerBody(app, part, draw));
	const key = /^(self_attention|cross_attention|feed_forward)$/.test(kind) ? kind : part;
	return article(words, partName(words, part), words(`why.${key}`, {}, ""), words(`like.${key}`, {}, ""), body);
}

async function sublayerBody(app, part, draw) {
	const { words, trace } = app;
	const steps = trace.operationsOf(part);
	const split = steps.some((one) => trace.shapes[one.name].length > 2);
	const board = new Board(app);
	const first = steps[0].inputs[0];
	const entering = first in trace.shapes && trace.byName.has(first) && board.tensor(first, { tall: 260, title: words("layer.entering") }).then((one) => card(null, null, one));
	const cards = await Promise.all([entering, ...steps.map((own) => stepCard(app, board, own))]);
	return [split && headChoice(app, draw), h("div.cards", cards)];
}

async function stepCard(app, board, own) {
	const { words, trace } = app;
	const matrix = await board.tensor(own.name, { head: app.head, tall: isBetweenWords(own.name) ? 400 : 260 });
	const open = link(words("step.open"), () => app.go("step", own.name));
	const shown = card(null, [words(`why.step.${stepKey(own.name)}`, {}, ""), " ", open], matrix);
	if (trace.shapes[own.name].at(-1) <= 8) shown.classList.add("half");
	return shown;
}

/** Self-attention as the paper's equation 1, matrix by matrix. */
export async function matrices(app) {
	const body = await redrawn(async (draw) => {
		const chosen = attentionChoice(app, draw);
		return [h("div.choices", chosen, headChoice(app, draw)), await equation(app, app.attention)];
	});
	return chapter(app.words, "matrices", body);
}

async function equation(app, part) {
	const { words, trace } = app;
	const board = new Board(app);
	const show = (last, tall = 300) => board.tensor(`${part}.${last}`, { head: app.head, tall });
	const projected = async (name) => {
		const own = trace.byName.get(`${part}.${name}`);
		const entering = board.tensor(own.inputs[0], { tall: 220, title: words("matrices.entering", { name: words(`step.${name}`) }) });
		const [x, weights, result] = await Promise.all([entering, weightsOf(app, board, own), show(name, 220)]);
		return card(words(`matrices.${name}`), null, formula(x, "·", weights ?? h("b", words("matrices.weights")), "=", result));
	};
	const line = async (key, sign, ...names) => card(words(`matrices.${key}`), null, formula(...(await Promise.all(names.map((name) => show(name)))).flatMap((one, i) => (i ? [sign, one] : [one]))));
	return Promise.all([...["query", "key", "value"].map(projected), line("scores", "→", "scores", "scaled"), line("weights_line", "→", "masked", "weights"), line("context", "·", "weights", "value"), line("result", "", "context")]);
}
