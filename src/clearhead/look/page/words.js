// What the page says, in the reader's language.

import { parsed } from "./address.js";
import { texts } from "./texts.js";

export const languages = ["en", "ko"];

/** "lang=" in the address, else what the file or the server was made for, else the browser's language. */
export function language(preferred) {
	const asked = parsed(location.hash).given.lang;
	const served = new URLSearchParams(location.search).get("lang");
	const browser = navigator.language.startsWith("ko") ? "ko" : "en";
	return [asked, served, preferred, browser].find((one) => languages.includes(one));
}

/** A whole number in groups of three, as 3,200; anything else as it is. */
export const grouped = (value) => (Number.isInteger(value) ? value.toLocaleString("en") : String(value));

/**
 * words(key, { name: value }): the catalogue's text with {name} replaced; `otherwise` where it has none.
 * kinds: a text "key@gpt" stands before "key", of that family.
 */
export function wordsIn(chosen, kinds = []) {
	const which = languages.indexOf(chosen);
	return (key, values = {}, otherwise = null) => {
		const found = [...kinds.map((kind) => `${key}@${kind}`), key].find((one) => Object.hasOwn(texts, one));
		if (!found) {
			if (otherwise !== null) return otherwise;
			throw new Error(`no text for ${key}`);
		}
		return texts[found][which].replace(/\{(\w+)\}/g, (whole, name) => (name in values ? grouped(values[name]) : whole));
	};
}

/** The key of a step's name and reason, which depend on its place. */
export function stepKey(name) {
	const last = name.slice(name.lastIndexOf(".") + 1).replace(/^(query|key)_(?!heads)|_heads$/, "");
	if (/^..coder\.normalized$/.test(name)) return name.replace(".", "_");
	if (last === "sum") return name.includes("embedding") ? "embedding_sum" : "sum";
	if (last === "output") return name.includes("feed_forward") ? "feed_forward_output" : "attention_output";
	if (last === "masked" && name.startsWith("decoder") && name.includes("self_attention")) return "masked_future";
	return last;
}

export const stepName = (words, name) => words(`step.${stepKey(name)}`, {}, name.slice(name.lastIndexOf(".") + 1));

/** The name of a part: "Encoder, layer 1: self-attention". */
export function partName(words, part) {
	const layer = /^(encoder|decoder)\.layers\.(\d+)(?:\.(\w+))?$/.exec(part);
	if (!layer) return words(`part.${part}`, {}, part);
	const block = words(`part.${layer[1]}_layer`, { number: Number(layer[2]) + 1 });
	return layer[3] ? `${block} · ${words(`part.${layer[3]}`)}` : block;
}
