// Building the page's elements. Text only ever enters as text, never as HTML.

/** What is said of an error; the app says it in the reader's language. */
export const spoken = { error: (/** @type {any} */ error) => error.message };

const SVG = "http://www.w3.org/2000/svg";

/**
 * h("p.note", { onclick }, "text"): an element by its tag and classes, then its properties if it has any (listeners,
 * styles, attributes), then its children.
 */
export const h = making((tag) => document.createElement(tag));

export const s = making((tag) => document.createElementNS(SVG, tag));

function making(create) {
	return (name, ...children) => {
		const [tag, ...classes] = name.split(".");
		const element = create(tag);
		if (tag === "button") element.type = "button";
		if (classes.length) element.setAttribute("class", classes.join(" "));
		if (Object.getPrototypeOf(children[0] ?? "") === Object.prototype) assign(element, children.shift());
		element.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
		return element;
	};
}

function assign(element, properties) {
	for (const [name, value] of Object.entries(properties)) {
		if (value === null || value === undefined || value === false) continue;
		if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
		else if (name === "style") for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
		else element.setAttribute(name, value === true ? "" : String(value));
	}
}

/** A part of a chapter, with its heading and why it is there. */
export function card(title, why, ...children) {
	return h("section.card", title && h("h2", title), why && h("p.why", why), children);
}

export const link = (text, onclick) => h("button.link", { onclick }, text);

/** A tensor's name, which may break after dots and underscores. */
export const dotted = (name) => name.split(/(?<=[._])/).flatMap((part, i) => (i ? [h("wbr"), part] : [part]));

/** A token as a person reads it, whatever direction its script runs in. */
export function token(piece) {
	return h("bdi.token", { dir: "auto" }, visible(piece));
}

/** Control characters and those that turn the direction of text, shown by their number. */
export function visible(text) {
	return text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (one) => `<${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}>`);
}

/** A number short enough for a cell. */
export function short(value) {
	if (value === -Infinity) return "−∞";
	if (!Number.isFinite(value)) return value > 0 ? "∞" : "?";
	const size = Math.abs(value);
	const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
	const text = fixed(value, digits);
	return /^−0(\.0+)?$/.test(text) ? text.slice(1) : text;
}

export const fixed = (value, digits) => value.toFixed(digits).replace("-", "−");

/** A number to so many digits: six in the equation line. */
export function exact(value, digits = 6) {
	if (!Number.isFinite(value)) return short(value);
	if (value === 0) return "0";
	const size = Math.abs(value);
	const text = size < 1e-4 || size >= 1e6 ? value.toExponential(Math.min(4, digits - 1)).replace(/\.?0+e/, "e") : String(Number(value.toPrecision(digits)));
	return text.replaceAll("-", "−");
}

export function percent(value) {
	const apart = Math.min(value, 1 - value); // From none and from all of it.
	if (apart > 0 && apart < 0.00005) return value < 0.5 ? "< 0.01 %" : "> 99.99 %";
	return `${(100 * value).toFixed(apart > 0 ? (apart < 0.00095 ? 2 : 1) : 0)} %`;
}

/** A row of buttons of which one or more are pressed. */
export function choice(label, options, chosen, onchoose) {
	const pressed = (value) => (chosen instanceof Set ? chosen.has(value) : chosen === value);
	const button = ([value, text]) =>
		h("button", { "aria-pressed": String(pressed(value)), "data-value": value, onclick: () => onchoose(value) }, text);
	return h("div.choice", { role: "group", "aria-label": label }, h("span.label", label), options.map(button));
}

/** An error, where what it kept from being drawn would stand. */
export const alarm = (error) => h("p.notice", { role: "alert" }, spoken.error(error));

/** A table in a box of its own that scrolls: what stands in its head, its rows. */
export function table(kind, head, rows) {
	const cells = head.map((one) => h(one === "" ? "td" : "th", one));
	return h("div.scroll.tall", { tabindex: 0 }, h(`table${kind}`, h("thead", h("tr", cells)), h("tbody", rows)));
}

export function select(label, options, chosen, onchoose) {
	const choose = (event) => onchoose(options[event.target.selectedIndex][0]);
	const list = h("select", { onchange: choose }, options.map(([value, text]) => h("option", { selected: value === chosen }, visible(String(text)))));
	return h("label.field", h("span.label", label), list);
}

/** A slider; show(value) draws what depends on it and gives the value as it is written. */
export function slider(label, { value, ...range }, show) {
	const told = h("output.place");
	const input = h("input", { type: "range", ...range, value, "aria-label": label, oninput: () => (told.textContent = show(Number(input.value))) });
	told.textContent = show(value);
	return h("label.field", h("span.label", label), input, told);
}

/** Steps that play, pause, and are moved through by hand; `show(number)` draws one. */
export function player(count, words, show, start) {
	let at = Math.min(start ?? 0, count - 1);
	let timer = null;
	const place = h("output.place");
	const range = h("input", { type: "range", min: 0, max: count - 1, value: at, "aria-label": words("player.place"), oninput: () => go(Number(range.value)) });
	const play = h("button.play", { onclick: () => (timer ? stop() : run()) });
	const go = (number) => {
		stop();
		move(number);
	};
	const move = (number) => {
		at = Math.max(0, Math.min(count - 1, number));
		range.value = at;
		place.textContent = `${at + 1} / ${count}`;
		show(at);
	};
	const stop = () => {
		clearInterval(timer);
		timer = null;
		play.textContent = words("player.play");
	};
	const run = () => {
		if (at === count - 1) move(0);
		play.textContent = words("player.pause");
		timer = setInterval(() => {
			if (!play.isConnected || at === count - 1) return stop();
			move(at + 1);
		}, 1600);
	};
	const back = h("button", { "aria-label": words("player.back"), onclick: () => go(at - 1) }, "‹");
	const on = h("button", { "aria-label": words("player.on"), onclick: () => go(at + 1) }, "›");
	stop();
	move(at);
	return h("div.player", back, play, on, range, place);
}
