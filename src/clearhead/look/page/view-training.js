// Training: targets, what the model said before and after, and what the run wrote of itself between.

import { chapter, redrawn } from "./article.js";
import { card, h, percent, slider, table, token } from "./dom.js";
import { bar } from "./view-attention.js";
import { runCards } from "./view-run.js";
import { positionChoice } from "./view-steps.js";

const VOCABULARY = ["a", "am", "i", "thanks", "student", "⟨end⟩"];
const SENTENCE = ["i", "am", "a", "student", "⟨end⟩"];

export async function training(app) {
	const { words, told, trace } = app;
	const before = told.untrained && card(words("training.before"), words("training.before_why", { vocabulary: trace.vocabulary }), await beforeAndAfter(app));
	return chapter(words, "training", card(words("training.toy"), words("training.toy_why"), toy(app)), before, runCards(app));
}

/** One-hot targets, or smoothed: 1 − ε + ε/V for the right word and ε/V for each other. */
function toy(app) {
	const { words } = app;
	const box = h("div");
	const smoothing = slider(words("training.smoothing"), { min: 0, max: 0.5, step: 0.05, value: Math.max(0, Math.min(0.5, app.smoothing ?? 0)) }, (epsilon) => {
		app.choose("smoothing", epsilon, false);
		const share = (word, target) => (word === target ? 1 - epsilon : 0) + epsilon / VOCABULARY.length;
		const cell = (target) => (word) => h("td", { class: word === target ? "chosen" : null }, bar(share(word, target)), h("span", share(word, target).toFixed(3).replace(/\.000$/, "")));
		const row = (target) => h("tr", h("th", { scope: "row" }, target), VOCABULARY.map(cell(target)));
		box.replaceChildren(table(".six.smoothed", ["", ...VOCABULARY], SENTENCE.map(row)));
		return `ε = ${epsilon.toFixed(2)}`;
	});
	return [h("div.choices", smoothing), box];
}

function beforeAndAfter(app) {
	const { words, trace, told } = app;
	return redrawn(async (draw) => {
		const position = positionChoice(app, draw);
		const row = ([id, piece, share]) => h("tr", { class: id === trace.predicted.ids[app.position] ? "chosen" : null }, h("td.left", token(piece)), h("td", bar(share)), h("td", percent(share)));
		const list = (key, rows) => h("div", h("h3", words(key)), h("table.six", h("tbody", rows.map(row))));
		return [h("div.choices", position), h("div.inputs", list("training.untrained", told.untrained[app.position]), list("training.trained", trace.likeliest[app.position]))];
	});
}
