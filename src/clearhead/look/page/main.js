// The page: what is asked for at the top, the rail of steps at the side, one view at a time.

import { SENTENCE, addressOf, parsed } from "./address.js";
import { whenTurned } from "./colours.js";
import { alarm, h, link, select, spoken, visible } from "./dom.js";
import { NumberPanel } from "./number.js";
import { askedFor, open } from "./source.js";
import { Trace, blockOf, partOf } from "./trace.js";
import { chapters, isCell, isPlace, uses, views } from "./views.js";
import { language, languages, partName, stepName, wordsIn } from "./words.js";

/** Wide enough for the rail beside the view. */
const wide = matchMedia("(min-width: 900px)");

class App {
	source; view; part; cell; step; head;

	constructor(told, source, chosen) {
		Object.assign(this, { source, told, head: 0, language: chosen, lang: null });
		this.trace = new Trace(told, source);
		this.asked = askedFor(told);
	}

	start() {
		const words = (this.words = wordsIn(this.language, this.trace.kinds));
		document.documentElement.lang = this.language;
		// The server speaks English.
		spoken.error = ({ key, message }) => (key ? words(`refused.${key}`, { languages: this.told.languages.join(", ") }) : this.language === "en" ? message : words("refused.other"));
		this.panel = new NumberPanel(words, (name, at) => this.go("step", name, at));
		this.crumbs = h("nav.crumbs", { "aria-label": words("frame.crumbs") });
		this.main = h("main", { tabindex: -1 });
		this.rail = h("nav.rail", { "aria-label": words("frame.rail"), onkeydown: (event) => this.railKey(event) });
		this.notice = h("p.notice", { role: "alert", hidden: true });
		const { readable } = this.told;
		const unread = readable.length > 0 && h("p.notice", { role: "status" }, words("frame.unread", { scripts: readable.map((one) => words(`script.${one}`, {}, one)).join(", ") }));
		const aside = this.asked.hypothesis !== null && h("p.notice", words("beam.aside"), " ", h("bdi", visible(this.trace.predicted.text)), " ", link(words("beam.back"), () => this.back()));
		document.getElementById("page").replaceChildren(
			h("button.skip", { onclick: () => this.main.focus() }, words("frame.skip")),
			this.header(),
			...[this.notice, unread, aside].filter(Boolean),
			h("div.body", h("details.rail-box", { open: wide.matches }, h("summary", words("frame.rail")), this.rail), h("div.stage", this.crumbs, this.main, this.panel.element)),
		);
		this.railBox = this.rail.parentElement;
		this.fillRail();
	}

	listen() {
		addEventListener("popstate", () => this.read());
		addEventListener("keydown", (event) => this.key(event));
		wide.addEventListener("change", () => (this.railBox.open = wide.matches));
		whenTurned(() => this.show());
	}

	header() {
		const others = languages.filter((one) => one !== this.language);
		const turn = others.map((one) => h("button.quiet", { lang: one, onclick: () => this.turn(one) }, wordsIn(one)("frame.language")));
		const brand = h("button.brand", { onclick: () => this.go(chapters(this.trace)[0]) }, "clearhead");
		return h("header", brand, this.source.live ? this.form() : this.said(), h("div.tongues", turn));
	}

	said() {
		const { trace } = this;
		return h("p.said", h("bdi", visible(trace.reading.text)), trace.said !== undefined && trace.predicted !== trace.reading && [" → ", h("bdi", visible(trace.said))]);
	}

	form() {
		const { words, told, asked } = this;
		const enter = (event) => event.key === "Enter" && !event.isComposing && submit(event);
		const text = h("textarea", { name: "text", maxlength: 4000, dir: "auto", "aria-label": words("form.text"), autocomplete: "off", spellcheck: "false", onkeydown: enter }, asked.text);
		const wanted = { to: asked.to, beam: asked.beam ?? 1, more: asked.more };
		const direction = told.languages.length > 0 && select(words("form.to"), told.languages.map((one) => [one, one]), wanted.to, (one) => (wanted.to = one));
		const numbers = (name, all, first) => select(words(`form.${name}`), [...new Set([...all, wanted[name] ?? 0])].map((one, i) => [one, i ? String(one) : first]), wanted[name], (one) => (wanted[name] = one));
		const how = { "encoder-decoder": () => numbers("beam", [1, 2, 3, 4, 5, 8], words("form.greedy")), "decoder-only": () => numbers("more", [0, 5, 10, 20, 40], "0") }[this.trace.family];
		const button = h("button.primary", { type: "submit" }, words("form.trace"));
		const submit = async (event) => {
			event.preventDefault();
			button.disabled = true;
			await this.turnTo({ ...wanted, text: text.value.replace(/[\r\n]+/g, " "), hypothesis: null }, true);
			button.disabled = false;
		};
		return h("form", { onsubmit: submit }, text, direction, how?.(), button);
	}

	/** Another sentence or hypothesis; without a place, in the same view. */
	async turnTo(asked, remember, place = null) {
		const turn = (this.asking = (this.asking ?? 0) + 1);
		this.say(null);
		try {
			const told = await this.source.ask(asked);
			if (turn !== this.asking) return;
			this.told = this.source.opened(told, asked);
			Object.assign(this, { asked, trace: new Trace(told, this.source) });
			this.start();
		} catch (error) {
			const { languages } = this.told;
			if (turn === this.asking) this.say(spoken.error(languages.length && !languages.includes(asked.to) ? { key: "language" } : error));
			if (!place) return;
			remember = false;
		}
		const { view, part, cell, step } = place ?? this;
		// A node of another tree would be another hypothesis.
		this.go(view, place || view !== "beam" ? part : null, cell, remember, step ?? this.step);
	}

	/** Another hypothesis of the search, whole; and back to the one that won. */
	follow(node) {
		return this.turnTo({ ...this.asked, hypothesis: node }, true, { view: "decoder", step: this.trace.tree[node].length - 1 });
	}

	back() {
		return this.turnTo({ ...this.asked, hypothesis: null }, true, { view: "beam", part: String(this.asked.hypothesis) });
	}

	turn(chosen) {
		Object.assign(this, { language: chosen, lang: chosen });
		this.start();
		this.go(this.view, this.part, this.cell, false, this.step);
	}

	say(message) {
		this.notice.hidden = !message;
		this.notice.textContent = message ?? "";
	}

	/** What the address does not name stays as it is. */
	async read() {
		const { view, part, cell, given } = parsed(this.address ?? (location.hash || this.told.opening));
		const { lang, ...chosen } = given;
		const asked = { ...this.asked };
		this.say(null);
		if (SENTENCE.some((name) => name in given)) asked.hypothesis = null;
		for (const name of SENTENCE) {
			if (name in chosen) asked[name] = chosen[name];
			delete chosen[name];
		}
		Object.assign(this, { step: null, card: null }, chosen);
		if (languages.includes(lang)) this.lang = lang;
		if (this.lang && this.lang !== this.language) {
			this.language = this.lang;
			this.start();
		}
		if (this.source.live && SENTENCE.some((name) => asked[name] !== this.asked[name])) return this.turnTo(asked, false, { view, part, cell });
		return this.go(view, part, cell, false, this.step);
	}

	go(view, part = null, cell = null, remember = true, step = null) {
		if (!isPlace(this.trace, view, part)) {
			if (view) this.say(this.words("frame.no_place", { name: location.hash.split("?")[0] }));
			[view, part, cell] = [chapters(this.trace)[0], null, null];
		}
		const own = cell && (cell.name ?? part) === part;
		const [heads, asked] = [this.trace.heads, (own ? cell.head : null) ?? this.head];
		const head = heads.findLast((one) => one <= asked) ?? heads[0];
		cell = cell && { name: part, ...cell, head: own ? null : cell.head };
		Object.assign(this, { view, part, cell: cell && isCell(this.trace, cell) ? cell : null, step, head });
		if (remember) {
			this.card = null;
			this.say(null);
		}
		if (!wide.matches) this.railBox.open = false;
		this.note(remember);
		return this.show();
	}

	/** Something was chosen in a view: the address says so. */
	choose(name, value, remember = true) {
		this[name] = value;
		this.note(remember);
	}

	/** What a list calls when something is chosen in it. */
	chosen(name, draw) {
		return (value) => {
			this.choose(name, value);
			return draw().then(() => this.mark(false));
		};
	}

	/** A frame inside a notebook has no address of its own. */
	note(remember) {
		const sentence = this.source.live ? this.asked : {};
		const chosen = Object.fromEntries((uses[this.view] ?? "").split(" ").map((name) => [name, this[name]]));
		const address = addressOf(this, { ...chosen, card: this.card, ...sentence, lang: this.lang });
		if (address === location.hash) return;
		try {
			history[remember ? "pushState" : "replaceState"](null, "", address);
		} catch {
			this.address = address;
		}
	}

	async show() {
		const turn = (this.turnNumber = (this.turnNumber ?? 0) + 1);
		const { view, part } = this;
		this.panel.clear();
		let drawn;
		try {
			drawn = await views[view](this, part);
		} catch (error) {
			drawn = alarm(error);
		}
		if (turn !== this.turnNumber) return;
		this.drawCrumbs(null);
		this.main.replaceChildren(...[drawn, this.beyond()].flat());
		// Where there is no matrix to choose from, until a number is chosen.
		this.panel.element.hidden = !this.main.querySelector(".grid");
		this.markRail();
		this.main.dataset.view = view;
		this.main.dataset.part = part ?? "";
		this.main.dataset.ready = turn;
		this.note(false);
		scrollTo(0, 0);
		this.mark(true);
		const card = this.main.querySelectorAll(".card, .six-box")[this.card ?? -1];
		if (card) requestAnimationFrame(() => requestAnimationFrame(() => card.scrollIntoView()));
	}

	/** In the tour or in the steps. */
	beyond() {
		const { here, stops } = this;
		const to = (by, rel, before, after) => {
			const stop = stops[here + by];
			return stop && !stop.dataset.part === !stops[here].dataset.part && h("button.quiet", { rel, onclick: () => stop.click() }, before, stop.textContent, after);
		};
		return here < 0 ? [] : h("nav.beside", to(-1, "prev", "‹ ", ""), to(1, "next", "", " ›"));
	}

	get here() {
		return this.stops.findIndex(({ dataset: { view, part } }) => view === this.view && (view !== "step" || part === this.part));
	}

	/** Choose the address's cell in what was drawn anew. seen: bring it into sight. */
	mark(seen) {
		const { cell } = this;
		if (!cell) return;
		const grid = cell.head === null && this.main.querySelector(`[data-name="${cell.name}"] .grid`);
		const choose = () => (grid ? grid.choose(cell.row, cell.column, seen) : this.picked(cell.name, { ...cell, head: cell.head ?? this.head }));
		requestAnimationFrame(() => cell === this.cell && choose());
	}

	picked(name, at, trace = this.trace) {
		this.panel.element.hidden = false;
		clearTimeout(this.waiting);
		this.panel.chosenCell = { name, at };
		this.drawCrumbs({ name, at });
		const { row, column } = at;
		const head = this.trace.shapes[name].length > 2 && at.head !== this.head ? at.head : null;
		this.choose("cell", { name, head, row, column }, false);
		return this.panel.show(trace, name, at);
	}

	hovered(cell, trace = this.trace) {
		clearTimeout(this.waiting);
		const shown = cell ?? this.panel.chosenCell;
		if (shown) this.waiting = setTimeout(() => this.panel.show(trace, shown.name, shown.at), 60);
	}

	drawCrumbs(cell) {
		const { words, view, part } = this;
		const crumbs = this.trace.alone ? [] : [["model", null, words("chapter.model")]];
		if (crumbs[0] && view !== "model") crumbs.push(["stacks", null, words("chapter.stacks")]);
		const own = view === "step" ? partOf(part) : part;
		if (["block", "sublayer", "step"].includes(view)) {
			const block = blockOf(own);
			if (block) crumbs.push(["block", block, partName(words, block)]);
			if (view !== "block" && this.trace.parts.includes(own)) {
				crumbs.push(["sublayer", own, words(block ? `part.${own.slice(block.length + 1)}` : `part.${own}`)]);
			}
			if (view === "step") crumbs.push(["step", part, stepName(words, part)]);
		} else if (!["model", "stacks"].includes(view)) crumbs.push([view, part, words(`chapter.${view}`)]);
		const items = crumbs.map(([to, of, text], i) =>
			h("li", h("button.link", { "aria-current": i === crumbs.length - 1 && !cell ? "page" : null, onclick: () => this.go(to, of) }, text)),
		);
		if (cell) items.push(h("li", h("span", { "aria-current": "page" }, `[${cell.at.row}, ${cell.at.column}]`)));
		this.crumbs.replaceChildren(h("ol", items));
	}

	fillRail() {
		const { words, trace } = this;
		this.stops = [];
		const stop = (view, part, text) => {
			const button = h("button", { "data-view": view, "data-part": part ?? "", onclick: () => this.go(view, part) }, text);
			this.stops.push(button);
			return h("li", button);
		};
		const tour = h("ol.tour", chapters(trace).map((view) => stop(view, null, words(`chapter.${view}`))));
		const groups = trace.groups.map(({ part, operations }) => {
			const inside = operations.map(({ name }) => stop("step", name, stepName(words, name)));
			return h("details", { "data-part": part, class: trace.stackOf(part) }, h("summary", partName(words, part)), h("ol", inside));
		});
		this.rail.replaceChildren(h("h2", words("frame.tour")), tour, ...(trace.alone ? [] : [h("h2", words("frame.steps")), h("div", groups)]));
	}

	markRail() {
		this.rail.querySelector("[aria-current]")?.removeAttribute("aria-current");
		const stop = this.stops[this.here];
		if (!stop) return;
		stop.setAttribute("aria-current", "page");
		const group = stop.closest("details[data-part]");
		if (group) group.open = true;
		const box = this.rail.getBoundingClientRect();
		const place = stop.getBoundingClientRect();
		if (place.top < box.top || place.bottom > box.bottom) this.rail.scrollTop += place.top - box.top - box.height / 2;
	}

	key(event) {
		if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
		const by = { n: 1, p: -1 }[event.key];
		if (by) this.stops[Math.max(0, this.here + by)]?.click();
		if (event.key === "c") this.panel.verify();
	}

	railKey(event) {
		const places = [...this.rail.querySelectorAll("button, summary")].filter((one) => one.checkVisibility());
		const here = places.indexOf(document.activeElement);
		const next = { ArrowDown: here + 1, ArrowUp: Math.max(0, here - 1), Home: 0, End: places.length - 1 }[event.key];
		if (next === undefined) return;
		event.preventDefault();
		places[next]?.focus();
	}
}

async function begin() {
	try {
		const { document: told, source, language: preferred } = await open();
		const app = new App(told, source, language(preferred));
		app.start();
		app.listen();
		await app.read();
	} catch (error) {
		document.getElementById("page").replaceChildren(alarm(error));
	}
}

begin();
