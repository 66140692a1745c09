// Residual connections, layer normalisation and the feed-forward network of one sub-layer.

import { chapter, redrawn } from "./article.js";
import { Board, formula } from "./board.js";
import { card, h, percent, select } from "./dom.js";
import { some } from "./trace.js";
import { partName } from "./words.js";

export async function layer(app) {
	const { words, trace } = app;
	const all = trace.parts.filter((part) => /layers\.\d+\.(\w+_attention|feed_forward)$/.test(part));
	if (!all.includes(app.sublayer)) app.sublayer = all[1] ?? all[0];
	const body = await redrawn(async (draw) => {
		const chosen = select(words("layer.choose"), all.map((part) => [part, partName(words, part)]), app.sublayer, app.chosen("sublayer", draw));
		const shown = [residual(app), app.sublayer.endsWith("feed_forward") && network(app)];
		return [h("div.choices", chosen), ...(await Promise.all(shown))];
	});
	return chapter(words, "layer", body);
}

async function residual(app) {
	const { words, trace } = app;
	const board = new Board(app);
	const own = `${app.sublayer}_residual`;
	const draw = (names, titles = []) => Promise.all(names.map((name, i) => board.tensor(name, { tall: 240, title: titles[i] && words(`layer.${titles[i]}`) })));
	const measures = ["mean", "variance", "mean_square"].map((last) => `${own}.${last}`).filter((name) => trace.byName.has(name));
	const { inputs } = trace.byName.get(`${own}.sum`);
	const [[entering, added, sum], [before, ...measured], [after]] = await Promise.all([draw([...inputs, `${own}.sum`], ["entering", "added"]), draw([trace.byName.get(`${own}.normalized`).inputs[0], ...measures], ["before"]), draw([`${own}.normalized`])]);
	return [
		card(words("step.sum"), words("why.step.sum"), formula(entering, "+", added, "=", sum)),
		card(words("step.normalized"), `${words("why.step.normalized")} ${words(`layer.${trace.config.norm_placement}`)}`, formula(before, ...measured, "→", after)),
	];
}

async function network(app) {
	const { words, trace } = app;
	const board = new Board(app);
	const names = trace.operationsOf(app.sublayer).map((one) => one.name).filter((name) => name.startsWith(`${app.sublayer}.`));
	const layers = some(trace.parts.filter((part) => part.endsWith("feed_forward")), 3);
	const corner = (part) => board.weight(`${part}.inner.weight`, { title: `W_1 · ${partName(words, part.replace(".feed_forward", ""))}`, count: 10, corner: 8 });
	const all = [names.map((name) => board.tensor(name, { tall: 260 })), layers.map(corner)];
	const [steps, corners] = await Promise.all(all.map((one) => Promise.all(one)));
	const { data } = await trace.tensor(`${app.sublayer}.activated`);
	const zeros = data.reduce((count, one) => count + (one === 0), 0) / data.length;
	return [
		card(words("part.feed_forward"), words("layer.same"), h("p.note.spaced", words("layer.zeros", { share: percent(zeros) })), h("div.inputs.wide", steps)),
		corners.some(Boolean) && card(words("layer.own"), words("layer.own_why"), h("div.inputs", corners)),
	];
}
