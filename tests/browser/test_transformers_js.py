"""`street`, exported to ONNX, translates in a page: transformers.js, and onnxruntime in WebAssembly."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import clearhead
from clearhead.interop import export_model

PACKAGES = Path(__file__).parents[1] / "interop" / "javascript" / "node_modules"
TEXTS = {"fr": "The animal slept.", "ko": "The animal did not cross the street because it was too tired."}
PAGE = """<!doctype html><main></main><script type="module">
import { env, pipeline } from "/@huggingface/transformers/dist/transformers.min.js";
Object.assign(env, { allowLocalModels: true, allowRemoteModels: false, localModelPath: "/", useBrowserCache: false });
env.backends.onnx.wasm.wasmPaths = "/onnxruntime-web/dist/";
const translate = await pipeline("text2text-generation", "street-onnx");
const found = await translate(TEXTS);
document.querySelector("main").textContent = JSON.stringify(found.map((one) => one.generated_text));
document.querySelector("main").dataset.ready = "";
</script>"""


@pytest.fixture
def files(tmp_path: Path) -> Callable[[Any], None]:
    """Answers what a page asks for from the package's files and the exported folder; there is no network."""
    pytest.importorskip("onnx")
    if not (PACKAGES / "@huggingface").is_dir():
        pytest.skip("@huggingface/transformers is not installed: make check-onnx does it, with node and npm")
    export_model("street", "onnx", tmp_path / "street-onnx")
    texts = json.dumps([f"⟨2{to}⟩{text}" for to, text in TEXTS.items()])

    def answer(route: Any) -> None:
        name = route.request.url.removeprefix("http://localhost/").partition("?")[0]
        found = [one / name for one in (tmp_path, PACKAGES) if (one / name).is_file()]
        if not name:
            route.fulfill(body=PAGE.replace("TEXTS", texts), content_type="text/html; charset=utf-8")
        elif found:
            route.fulfill(path=found[0])
        else:
            route.fulfill(status=404)

    return answer


def test_street_translates_in_a_page(chromium: Any, files: Callable[[Any], None]) -> None:
    page = chromium.new_page()
    try:
        page.route("**/*", files)
        page.goto("http://localhost/")
        page.wait_for_selector("main[data-ready]", timeout=120_000)  # On a busy machine.
        found = json.loads(page.text_content("main"))
    finally:
        page.close()
    ours = clearhead.load("street")
    assert found == [ours.translate([text], to=to)[0] for to, text in TEXTS.items()]
