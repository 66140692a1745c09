// What every view begins with: its name, why it is there, and an everyday likeness.

import { alarm, h } from "./dom.js";

export function article(words, title, why, like, ...children) {
	const likeness = like && h("p.like", like);
	return h("article", h("h1", title), h("p.why", why), likeness, children);
}

/** A chapter of the tour, by its key. */
export function chapter(words, key, ...children) {
	return article(words, words(`chapter.${key}`), words(`why.${key}`), words(`like.${key}`), ...children);
}

/** A part of the page that is drawn again when a choice above it changes. */
export function redrawn(draw) {
	const box = h("div");
	let turn = 0;
	const again = async () => {
		const own = (turn += 1);
		let made;
		try {
			made = await draw(again);
		} catch (error) {
			made = alarm(error);
		}
		if (own === turn) box.replaceChildren(...[made].flat(Infinity).filter(Boolean));
	};
	return again().then(() => box);
}
