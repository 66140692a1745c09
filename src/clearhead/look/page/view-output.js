// Logits to a word, at a temperature; and what the model gave while it translated.

import { chapter, redrawn } from "./article.js";
import { card, exact, fixed, h, link, percent, slider, table, token } from "./dom.js";
import { bar } from "./view-attention.js";
import { best } from "./view-decoder.js";
import { positionChoice } from "./view-steps.js";
import { shareOf } from "./view-text.js";

const SHOWN = 10;

export async function output(app) {
	const { words, trace } = app;
	const body = await redrawn(async (draw) => {
		const position = positionChoice(app, draw);
		const logits = await trace.plane("output.logits", 0, app.position, 1);
		const likely = best(logits, app.position, SHOWN);
		const box = h("div");
		const temperature = slider(words("output.temperature"), { min: 0.1, max: 3, step: 0.1, value: Math.max(0.1, Math.min(3, app.temperature ?? 1)) }, (value) => {
			app.choose("temperature", value, false);
			box.replaceChildren(candidates(app, logits, likely, value));
			return value.toFixed(1);
		});
		return [h("div.choices", position, temperature), h("p.note", words("output.hint")), box, served(app)];
	});
	return chapter(words, "output", body);
}

function candidates(app, logits, likely, temperature) {
	const { words, trace, position } = app;
	const most = likely[0][1] / temperature;
	let total = 0;
	for (let id = 0; id < logits.columns; id += 1) total += Math.exp(logits.at(position, id) / temperature - most);
	const row = ([id, logit], rank) => {
		const share = Math.exp(logit / temperature - most) / total;
		const open = (name, text) => h("td", link(text, () => app.picked(name, { head: 0, row: position, column: id })));
		const chosen = id === trace.predicted.ids[position];
		return h(
			"tr", { class: chosen ? "chosen" : null, "data-share": share },
			h("td", rank + 1),
			h("td.left", token(trace.piece(id)), chosen && ` ← ${words("output.chosen")}`),
			open("output.logits", fixed(logit, 3)), open("output.probabilities", percent(share)), h("td.left", bar(share)),
		);
	};
	const head = ["#", words("words.token"), words("step.logits"), words("step.probabilities"), ""];
	return table(".six", head, likely.map(row));
}

/** These numbers and the translating program's. */
function served(app) {
	const { words, trace } = app;
	const both = trace.settings.served?.map((value, i) => [value, Math.log(shareOf(trace, i))]);
	if (!both) return null;
	const row = ([there, here], i) => h("tr", { class: i === app.position ? "chosen" : null }, h("td.left", token(trace.predicted.pieces[i])), [here, there, there - here].map((one) => h("td", exact(one))));
	const head = ["words.token", "served.here", "served.there", "served.difference"].map((key) => words(key));
	const most = Math.max(...both.map(([there, here]) => Math.abs(there - here)));
	return card(words("served.title"), words("served.why", { precision: trace.settings.precision, most: exact(most, 2) }), table(".six", head, both.map(row)));
}
