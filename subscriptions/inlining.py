"""Takes a mail's page; gives it with its styles on its elements, as mail programs need them."""

import css_inline

# Without keep_at_rules every @media rule is dropped, and with it the dark mode.
_inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def inlined(html: str) -> str:
    """The page with its styles on its elements, for every mail there is.

    css-inline puts what it keeps of the style sheet first, which can push the charset out of the first 1,024 bytes,
    where browsers look for it: it goes back in front.
    """
    charset = '<meta charset="utf-8">'
    return _inliner.inline(html).replace(charset, "", 1).replace("<head>", f"<head>{charset}", 1)


def serialised(text: str) -> str:
    """A text as it stands between the tags of an inlined page: escaped where HTML must be, and nowhere else.

    Django escapes quotes too; the page is parsed and written anew, which turns them back.
    """
    if text.isalnum():
        return text
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\xa0", "&nbsp;")
