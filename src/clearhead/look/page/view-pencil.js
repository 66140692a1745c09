// A worksheet to fill in: its topic, seed and sizes chosen above it.

import { chapter } from "./article.js";
import { h, select } from "./dom.js";
import { pencil, raised, speaker } from "./pencil.js";
import { answer } from "./source.js";

/** part: "topic,seed,name=size,…". */
export async function worksheet(app, part) {
	const wanted = (part ?? "block,0").split(",");
	// A file of its own has the first sheet of each topic only.
	const [topic, seed, ...sizes] = app.source.live ? wanted : [wanted[0], "0"];
	const told = await asked(app, topic, seed, sizes.join(","));
	const say = speaker(told.words);
	const { sheet } = told;
	const cells = [];
	const places = [];
	const sections = sheet.sections.map((section, i) =>
		h("section", { class: "card" },
			h("h2", {}, `${i + 1}. `, raised(section.heading)),
			h("p", { class: "why" }, raised(section.text)),
			section.lines.map((line) => h("div", { class: isEven(line) ? "formula even" : "formula" }, line.map((one) => (one.cells ? table(one, cells, places) : h("span", { class: "sign" }, raised(one)))))),
			section.beside && h("p", { class: "like" }, raised(section.beside)),
		),
	);
	const bar = pencil(cells, places, say, [topic, seed, ...sizes.toSorted()].join());
	const notes = [sheet.introduction, sheet.source, sheet.rounding].filter(Boolean);
	const command = ["clearhead byhand", topic, seed !== "0" && `--seed ${seed}`, sizes.length > 0 && `--size ${sizes.join(",")}`, `--html ${topic}.html`, app.language !== "en" && `--lang ${app.language}`];
	return chapter(app.words, "pencil",
		choices(app, told, say, topic, seed, sizes),
		h("div", { class: "sheet" }, h("h2", {}, sheet.title), notes.map((one) => h("p", { class: "note" }, raised(one))), sections, bar),
		h("p", { class: "recipe" }, say("pencil.paper"), " ", h("code", {}, command.filter(Boolean).join(" "))),
	);
}

/** A worksheet, and what can be chosen of it. */
async function asked({ source, language }, topic, seed, size) {
	if (source.live) return answer(await fetch(`/sheet?${new URLSearchParams({ topic, seed, size, language })}`));
	const { sheets, ...told } = source.data.byhand[language];
	return { ...told, sheet: sheets[topic] };
}

/** Matrices with as many rows as each other stand with row beside row. */
const isEven = (line) => new Set(line.filter((one) => one.cells).map((one) => one.cells.length)).size === 1;

function choices(app, told, say, topic, seed, sizes) {
	const go = (...parts) => app.go("pencil", parts.filter((one) => one !== "").join());
	const topics = select(say("pencil.topic"), told.topics.map(({ name, title }) => [name, title]), topic, (one) => go(one, 0));
	if (!app.source.live) return h("div", { class: "choices" }, topics);
	const other = h("input", { type: "number", min: 0, max: 999999, value: seed, onchange: (event) => go(topic, Math.abs(Math.trunc(event.target.value)), ...sizes) });
	const chosen = Object.fromEntries(sizes.map((one) => one.split("=")));
	const kinds = Object.entries(told.topics.find(({ name }) => name === topic).sizes).map(([name, allowed]) => {
		const options = allowed.toSorted((a, b) => a - b).map((one) => [one, one]);
		const choose = (one) => go(topic, seed, ...Object.entries({ ...chosen, [name]: one }).map((pair) => pair.join("=")));
		return select(say(`size.${name}`), options, Number(chosen[name] ?? allowed[0]), choose);
	});
	return h("div", { class: "choices" }, topics, h("label", { class: "field" }, h("span", { class: "label" }, say("pencil.seed")), other), kinds);
}

function table(matrix, cells, places) {
	const labels = matrix.rows.length > 0;
	const head = matrix.columns.length > 0 && h("tr", {}, labels && h("th"), matrix.columns.map((one) => h("th", { scope: "col" }, raised(one))));
	const wide = Math.max(matrix.room, ...matrix.cells.flat().map((cell) => cell.text.length));
	const rows = matrix.cells.map((row, i) => h("tr", {}, labels && h("th", { scope: "row" }, raised(matrix.rows[i])), row.map((cell) => h("td", {}, place(cell, cells, places)))));
	return h("figure", { class: "sheet-matrix", style: { "--wide": `${wide}ch` } }, h("figcaption", {}, raised(matrix.name)), h("table", {}, head, h("tbody", {}, rows)));
}

function place(cell, cells, places) {
	if (!cell.blank) return cell.text;
	cells.push(cell);
	places.push(h("span", { class: "blank" }));
	return places.at(-1);
}
