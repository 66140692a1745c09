// A worksheet in a file of its own: the same sheet to fill in here, blank, or answered.

import { choice, h } from "./dom.js";
import { pencil, speaker } from "./pencil.js";

const { name, words, cells } = JSON.parse(document.getElementById("data").textContent);
const say = speaker(words);
const places = [...document.querySelectorAll(".blank")];
const forms = h("nav", { class: "forms" });
const foot = h("footer");

function show(form) {
	document.body.dataset.form = form;
	const options = ["pencil", "blank", "answered"].map((one) => [one, say(`pencil.${one}`)]);
	forms.replaceChildren(choice(say("pencil.form"), options, form, show));
	places.forEach((place, i) => {
		delete place.dataset.mark;
		place.textContent = form === "answered" ? cells[i].text : "";
	});
	foot.replaceChildren(...(form === "pencil" ? [pencil(cells, places, say, name)] : []));
}

document.body.prepend(forms);
const main = document.querySelector("main");
main.after(foot);
show(places[0].textContent ? "answered" : "pencil");
main.dataset.ready = "";
