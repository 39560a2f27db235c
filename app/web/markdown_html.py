"""Markdown that people wrote, as HTML that can do no harm: made without their HTML, then cleaned once more."""

from collections.abc import Sequence
from hashlib import sha256

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

from app.web.markdown_hidden import hide

LENGTH_LIMIT = 60_000
NESTING_LIMIT = 40
SCHEMES = {"http", "https", "mailto"}
TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td", "div", "button"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "code": {"id"},
    "button": {"type", "data-copy"},
}
CLASSES = {"div": {"code"}, "button": {"btn", "needs-js"}}


class _Renderer(RendererHTML):
    """Headings below those of the page, a button at each block of code, links in place of pictures."""

    def heading_open(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        """A heading, two levels lower."""
        return f"<h{_level(tokens[idx])}>"

    def heading_close(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        """Its end."""
        return f"</h{_level(tokens[idx])}>\n"

    def image(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        """A link: nothing is loaded from another host."""
        words = tokens[idx].content or "Picture"
        return str(Markup('<a href="{}">{}</a>').format(str(tokens[idx].attrs.get("src", "")), words))

    def fence(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, env: EnvType) -> str:
        """A block of code that the keyboard can scroll, with a button that a script makes work."""
        code = tokens[idx].content
        told = f"{env.get('name', '')}/{idx}/{code}"
        name = f"code-{sha256(told.encode(errors='replace')).hexdigest()[:16]}"
        button = Markup('<button class="btn needs-js" type="button" data-copy="{}">Copy</button>').format(name)
        return f'<div class="code"><pre tabindex="0"><code id="{name}">{escape(code)}</code></pre>{button}</div>\n'

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """The same for code that is only indented."""
        return self.fence(tokens, idx, options, env)


def _level(token: Token) -> int:
    return min(int(token.tag[1]) + 2, 6)


def _reader() -> MarkdownIt:
    options = {"html": False, "linkify": True, "typographer": False, "maxNesting": NESTING_LIMIT}
    reader = MarkdownIt("commonmark", options, renderer_cls=_Renderer)
    return hide(reader.enable(["table", "strikethrough", "linkify"]))


_READER = _reader()


def render_markdown(text: str, name: str = "") -> Markup:
    """Markdown as safe HTML. `name` tells apart texts that stand on one page, should they hold the same code."""
    if not text.strip():
        return Markup()
    if len(text) > LENGTH_LIMIT:
        return Markup("<pre>{}</pre>").format(text)
    tokens = _READER.parse(text)
    if any(token.level >= NESTING_LIMIT - 1 for token in tokens):
        return Markup("<pre>{}</pre>").format(text)  # what is nested deeper the reader would leave out
    html = _READER.renderer.render(tokens, _READER.options, {"name": name})
    # What the reader made is cleaned by another program: one mistake alone opens nothing.
    return Markup(  # noqa: S704 (cleaned in this call)
        nh3.clean(
            html,
            tags=TAGS,
            attributes=ATTRIBUTES,
            allowed_classes=CLASSES,
            url_schemes=SCHEMES,
            url_relative="deny",
            link_rel="noreferrer nofollow",
        )
    )
