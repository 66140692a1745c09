// Training: targets, what the model said before and after, and the curves between.

import { chapter, redrawn } from "./article.js";
import { card, exact, h, percent, s, slider, table, token } from "./dom.js";
import { bar } from "./view-attention.js";
import { positionChoice } from "./view-steps.js";
import { grouped } from "./words.js";

const VOCABULARY = ["a", "am", "i", "thanks", "student", "⟨end⟩"];
const SENTENCE = ["i", "am", "a", "student", "⟨end⟩"];

export async function training(app) {
	const { words, told, trace } = app;
	const before = told.untrained && card(words("training.before"), words("training.before_why", { vocabulary: trace.vocabulary }), await beforeAndAfter(app));
	return chapter(words, "training", card(words("training.toy"), words("training.toy_why"), toy(app)), before, card(words("training.curves"), null, curves(app)));
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

function curves({ words, told }) {
	const of = (key) => told.history.filter((line) => Number.isFinite(line[key])).map((line) => [line.step, line[key]]);
	const drawn = [["training.loss", of("loss")], ["training.rate", of("learning_rate")]].filter(([, points]) => points.length > 1);
	if (!drawn.length) return h("p", words("training.no_history"));
	return h("div.inputs", drawn.map(([key, points]) => curve(words(key), points, words("training.step"))));
}

function curve(title, points, across) {
	const [width, height, left, below] = [420, 200, 58, 26];
	const steps = points.map(([step]) => step);
	const [first, last, most] = [Math.min(...steps), Math.max(...steps), Math.max(...points.map(([, value]) => value))];
	const x = (step) => left + ((step - first) / Math.max(1, last - first)) * (width - left - 12);
	const y = (value) => 12 + (1 - value / most) * (height - 12 - below);
	const path = points.map(([step, value], i) => `${i ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`).join(" ");
	const text = (at, down, anchor, content) => s("text", { x: at, y: down, "text-anchor": anchor }, content);
	const axes = s("path.axis", { d: `M${left} 12V${height - below}H${width - 12}` });
	const three = (value) => exact(value, 3);
	const labels = [text(left - 6, 17, "end", three(most)), text(left - 6, height - below, "end", "0"), text(left, height - 8, "start", grouped(first)), text(width - 12, height - 8, "end", `${across} ${grouped(last)}`)];
	// The peak too, where it is at neither end.
	const told = [points[0][1], most, points.at(-1)[1]].filter((one, i, all) => i !== 1 || (one > all[0] && one > all[2]));
	const described = `${title}: ${told.map(three).join(" → ")}`;
	return h("figure.curve", h("figcaption", described), s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": described }, axes, s("path.drawn", { d: path }), labels));
}
