"""Makes the fonts and icons again from their npm packages: `python tools/assets/build.py` with npm, fonttools, brotli.

What it makes is committed, so nobody who runs or tests the product needs Node or these packages.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SIGNS = [0x2030, 0x2039, 0x203A, 0x20AC, 0x2122, 0x2212]
LATIN = [*range(0x20, 0x7F), *range(0xA0, 0x100), *range(0x2010, 0x2028), *SIGNS]
LATIN_EXTENDED = [*range(0x100, 0x180), *range(0x218, 0x21C), 0x1E9E, 0x2190, 0x2192, 0x2260, 0x2264, 0x2265]
FEATURES = ["kern", "liga", "calt", "ccmp", "locl", "mark", "mkmk", "tnum", "lnum", "case", "cv05"]

# The serif is drawn for titles only, so its optical size is fixed where titles are.
FONTS = {
    "inter": ("inter", "wght", {"wght": (400, 700)}),
    "source-serif": ("source-serif-4", "opsz", {"wght": (400, 650), "opsz": 30}),
}

# Icons with a meaning that repeats on every row: drawn once a page, used by reference.
GLYPHS = {
    "done": "check",
    "open": "circle",
    "failed": "octagon-x",
    "blocked": "ban",
    "waiting": "hourglass",
    "overridden": "triangle-alert",
    "deferred": "clock",
    "none": "minus",
    "unknown": "circle-question-mark",
    "killer": "shield-alert",
    "more": "ellipsis",
    "person": "user-round",
    "due": "calendar",
    "comments": "message-square",
    "link": "link",
    "evidence": "paperclip",
    "expired": "triangle-alert",
}
ICONS = [
    "arrow-left",
    "arrow-right",
    "ban",
    "calendar",
    "check",
    "check-check",
    "chevron-down",
    "chevron-right",
    "circle-question-mark",
    "clock",
    "copy",
    "download",
    "file-text",
    "git-merge",
    "history",
    "hourglass",
    "info",
    "keyboard",
    "layers",
    "layout-grid",
    "link",
    "list-checks",
    "list-filter",
    "log-out",
    "menu",
    "message-square",
    "octagon-x",
    "paperclip",
    "pencil",
    "plus",
    "printer",
    "refresh-cw",
    "scroll-text",
    "search",
    "settings",
    "shield-alert",
    "triangle-alert",
    "undo-2",
    "user-round",
    "users",
    "wifi-off",
    "x",
]
STARTED = '<circle cx="12" cy="12" r="10"/><path d="M12 2a10 10 0 0 1 0 20z" fill="currentColor" stroke="none"/>'


def main() -> None:
    """Fetch the packages into a passing folder, then write what the product carries."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(HERE / "package.json", folder)
        npm = shutil.which("npm") or sys.exit("npm is needed for this.")
        subprocess.run([npm, "install", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
        packages = Path(folder) / "node_modules"
        for name, (package, axis, limits) in FONTS.items():
            _make_font(packages / "@fontsource-variable" / package, name, package, axis, limits)
        _make_icons(packages / "lucide-static")


def _make_font(package: Path, name: str, stem: str, axis: str, limits: dict[str, object]) -> None:
    for part, letters in (("latin", LATIN), ("latin-ext", LATIN_EXTENDED)):
        font = TTFont(package / "files" / f"{stem}-{part}-{axis}-normal.woff2")
        options = Options(layout_features=FEATURES, flavor="woff2", notdef_outline=True)
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=letters)
        subsetter.subset(font)
        instantiateVariableFont(font, limits, inplace=True)
        _keep_tabular_to_digits(font)
        font.flavor = "woff2"
        font.save(ROOT / "static/fonts" / f"{name}-{part}.woff2")
    shutil.copy(package / "LICENSE", ROOT / "static/fonts" / f"{name}.LICENSE.txt")


def _keep_tabular_to_digits(font: TTFont) -> None:
    """The family's tabular figures widen hyphens too, which tears names in tables apart."""
    table = font["GSUB"].table
    lookups = {
        n
        for record in table.FeatureList.FeatureRecord
        if record.FeatureTag == "tnum"
        for n in record.Feature.LookupListIndex
    }
    digits = {font.getBestCmap().get(code) for code in range(0x30, 0x3A)}
    for number in lookups:
        for part in table.LookupList.Lookup[number].SubTable:
            single = getattr(part, "ExtSubTable", part)
            single.mapping = {old: new for old, new in single.mapping.items() if old in digits}


def _drawing(folder: Path, name: str) -> str:
    svg = (folder / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    inner = re.sub(r".*?<svg[^>]*>|</svg>", "", svg, flags=re.DOTALL)
    return re.sub(r"\s*/>", "/>", " ".join(inner.split()).replace("> <", "><"))


def _make_icons(package: Path) -> None:
    symbols = {key: _drawing(package, name) for key, name in GLYPHS.items()} | {"started": STARTED}
    lines = [f'<symbol id="g-{key}" viewBox="0 0 24 24">{drawing}</symbol>' for key, drawing in symbols.items()]
    sprite = "\n".join(
        [
            "{# Made by tools/assets/build.py from Lucide (ISC): the signs that repeat on every row. #}",
            '<svg class="sprite" aria-hidden="true" width="0" height="0">',
            *lines,
            "</svg>",
        ]
    )
    (ROOT / "templates/macros/_sprite.html").write_text(sprite + "\n", encoding="utf-8")
    drawings = "\n".join(f"  '{name}': '{_drawing(package, name)}'," for name in ICONS)
    (ROOT / "templates/macros/icons.html").write_text(MACROS.replace("DRAWINGS", drawings), encoding="utf-8")
    shutil.copy(package / "LICENSE", ROOT / "static/img/lucide.LICENSE.txt")


MACROS = """\
{# Made by tools/assets/build.py from Lucide (ISC). An icon stands beside a word; alone, it needs a label. #}
{% set drawings = {
DRAWINGS
} %}

{% macro icon(name, label=None) -%}
  {%- set spoken = 'role="img" aria-label="%s"' | safe | format(label) if label else 'aria-hidden="true"' | safe -%}
  <svg class="icon" viewBox="0 0 24 24" {{ spoken }}>{{ drawings[name] | safe }}</svg>
{%- endmacro %}

{# A sign of the sheet that layouts/base.html draws once a page. #}
{% macro glyph(name) -%}
  <svg class="icon" aria-hidden="true"><use href="#g-{{ name }}"/></svg>
{%- endmacro %}
"""


if __name__ == "__main__":
    main()
