// From the outside in: the model as one box, its two stacks, and the layers of one block.

import { article, chapter } from "./article.js";
import { h, link, percent, token } from "./dom.js";
import { best } from "./view-decoder.js";
import { grouped, partName, stepName } from "./words.js";

const tokens = (side) => h("span.tokens", side.pieces.map((piece) => token(piece)));

/** What comes out: a text, a class or vectors. */
async function outcome({ words, trace }) {
	if (trace.predicted !== trace.reading) return trace.said;
	const name = "classifier.probabilities";
	if (!trace.byName.has(name)) return words("block.vectors", { count: trace.reading.ids.length, width: trace.width });
	const [[kind, share]] = best(await trace.plane(name), 0, 1);
	return `${trace.settings.labels?.[kind] ?? kind}: ${percent(share)}`;
}

export async function model(app) {
	const { words, trace } = app;
	const { config, settings } = trace;
	const facts = [
		["fact.layers", trace.stacks.map((stack) => trace.blocks(stack).length).join(" + ")],
		["fact.width", config.width],
		["fact.heads", config.heads],
		["fact.inner_width", config.inner_width],
		["fact.vocabulary", trace.vocabulary],
		["fact.positions", words(`setting.${config.positions}`)],
		["fact.norm", `${words(`setting.${config.norm}`)}, ${words(`setting.${config.norm_placement}`)}`],
	];
	const box = h("button.black-box", { onclick: () => app.go("stacks") }, h("span.box-name", settings.model ?? "Transformer"), h("span.box-more", words("model.open")));
	const side = (key, text) => h("div.sentence", h("span.label", words(key)), h("p", { dir: "auto" }, text));
	const arrow = () => h("span.arrow", { "aria-hidden": "true" }, "→");
	return chapter(
		words,
		"model",
		h("div.outside", side("model.source", trace.reading.text), arrow(), box, arrow(), side("model.target", await outcome(app))),
		settings.precision && settings.precision !== "fp32" && h("p.note", words("model.precision", { precision: settings.precision })),
		app.told.shipped === false && h("p.note", words("model.another")),
		h("dl.facts", facts.map(([key, value]) => h("div", h("dt", words(key)), h("dd", grouped(value))))),
		h("p.note", words("model.keys")),
	);
}

export function stacks(app) {
	const { words, trace } = app;
	const go = (view, part) => () => app.go(view, part);
	const block = (part) => h("button.block", { onclick: go("block", part) }, partName(words, part));
	const step = (name, text) => h("button.block.thin", { onclick: go("step", name) }, text);
	// From top to bottom, as all else.
	const stack = (name, embedded, leaving, side, note) =>
		h(
			`section.stack.${name}`,
			{ "aria-label": words(`part.${name}`) },
			h("h2", words(`part.${name}`)),
			h("div.entering", h("span.label", note), tokens(side)),
			embedded,
			h("div.layers", trace.blocks(name).map(block)),
			leaving,
		);
	const [first, second] = trace.stacks;
	// What follows the layers.
	const ends = new Set(trace.parts.filter((part) => !/layers|embedding/.test(part) && part !== (second ? "encoder" : "")));
	const output = [
		[...ends].map((part) => h("button.block.thin", { onclick: go("sublayer", part) }, trace.stacks.includes(part) ? stepName(words, last(trace, part)) : partName(words, part))),
		trace.predicted !== trace.reading && h("div.entering", h("span.label", words("stacks.predicted")), tokens(trace.predicted)),
	];
	const embedded = (side) => step(last(trace, trace.embedding(side)), words("stacks.embedding"));
	const bridge = () => h("div.bridge", { "aria-hidden": "true" }, h("span", words("stacks.bridge")), h("span.arrow", "⟶"));
	const both = () => [
		stack("encoder", embedded("source"), step("encoder.memory", words("stacks.memory")), trace.reading, words("stacks.source")), bridge(),
		stack("decoder", embedded("target"), output, trace.writing, words("stacks.shifted")),
	];
	return chapter(words, "stacks", h("div.stacks", second ? both() : stack(first, embedded("source"), output, trace.reading, words("stacks.source"))));
}

const last = (trace, part) => trace.operationsOf(part).at(-1).name;

/** Level 3: the layers of one block, each with its residual connection. */
export function block(app, part) {
	const { words, trace } = app;
	const placement = trace.config.norm_placement;
	const card = (sublayer) => {
		const kind = sublayer.slice(part.length + 1);
		const residual = `${sublayer}_residual`;
		const shape = trace.shapes[`${residual}.sum`];
		const open = () => app.go("sublayer", sublayer);
		const [norm, sum] = ["normalized", "sum"].map((last) => link(words(`step.${last}`), () => app.go("step", `${residual}.${last}`)));
		const main = h("button.block", { onclick: open }, words(`part.${kind}`));
		const inside = h("div.around", placement === "pre" ? [norm, main, sum] : [main, sum, norm]);
		return h("li.sublayer", h("div.skip-line", { "aria-hidden": "true", title: "+" }), inside, h("div.told", h("p", words(`why.${kind}`)), h("p.size", words("block.vectors", { count: shape[0], width: shape[1] }))));
	};
	const kind = `${part.split(".")[0]}_block`;
	return article(words, partName(words, part), words(`why.${kind}`), words(`like.${kind}`), h("ol.sublayers", trace.sublayers(part).map(card)));
}
