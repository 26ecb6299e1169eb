"""All texts of all languages side by side, as a page to be read from top to bottom: `make texts`."""

from html import escape
from pathlib import Path

from bot.messages.texts import FALLBACK, languages, table
from playground.office import ROOT

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Texts</title>
<style>body {{ font: 15px/1.4 system-ui; margin: 1rem }} table {{ border-collapse: collapse; table-layout: fixed; width: 100% }}
td, th {{ border: 1px solid #ccc; padding: .3rem .5rem; text-align: left; vertical-align: top }}
td, th {{ overflow-wrap: anywhere; white-space: pre-line }}
thead th {{ position: sticky; top: 0; background: #fff }} th:first-child {{ width: 18% }} tbody th {{ font: 12px monospace }}</style>
<h1>Texts</h1><p>{count} texts in {languages} languages.</p><table><thead><tr><th scope="col">Key</th>{heads}</tr></thead>
<tbody>
{rows}
</tbody></table></html>
"""


def page() -> str:
    """As HTML, in the order of the file of the language that the others fall back on."""
    order = sorted(languages(), key=lambda one: (one != FALLBACK, one))
    tables = {language: table(language) for language in order}
    rows = (
        f'<tr><th scope="row">{escape(key)}</th>'
        + "".join(f'<td lang="{_tag(one)}">{escape(tables[one].get(key, "—"))}</td>' for one in order)
        + "</tr>"
        for key in tables[FALLBACK]
    )
    heads = "".join(f'<th scope="col">{_tag(one)}</th>' for one in order)
    return PAGE.format(count=len(tables[FALLBACK]), languages=len(order), heads=heads, rows="\n".join(rows))


def _tag(language: str) -> str:
    return language.replace("_", "-")


def write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page())
    print(path)


if __name__ == "__main__":
    write(ROOT / "build" / "texts.html")
