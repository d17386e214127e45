"""Templates as an operator might write them: some can be cut and joined, some must be rendered for each reader."""

from __future__ import annotations

FOOT = """
<p>{{ holes.email }} {{ holes.rhythm }}</p>
<p><a href="{{ holes.preferences }}">Change</a> <a href="{{ holes.unsubscribe }}">Stop</a></p>
{% filter upper %}<p>{{ site_name }}</p>{% endfilter %}
</body></html>
"""
CARD = """
<div class="card {% if card.blurb %}edited{% endif %}"><b>{{ holes.position }}</b>
<h2>{{ card.title|truncatewords:9 }}</h2>
<p title="{{ card.byline }}">{{ card.abstract|default:"-"|linebreaksbr }}</p>
{% with first=card.links.0 %}{% if first %}<a href="{{ first.url }}">{{ first.label|upper }}</a>{% endif %}{% endwith %}
<i>{{ holes.reason }}</i></div>
"""
LOOP = '{% for mark, card in cards %}{{ mark }}{% include "email/digest/_card.html" %}{% endfor %}{{ holes.cards }}'
HTML = (
    """<!DOCTYPE html><html><head><meta charset="utf-8"><title>{{ site_name }}</title>
<style>.card h2 { color: red } p { margin: 0 } @media (max-width: 9px) { p { margin: 1px } }</style></head><body>
<span>{{ holes.preheader }}</span><p>{{ holes.date }}, {{ holes.chosen }}</p>
{% if note %}<blockquote>{{ note|linebreaks }}</blockquote>{% endif %}
"""
    + LOOP
    + FOOT
)
TEXT = """{% autoescape off %}{{ site_name|center:60 }}
{{ holes.chosen }} {{ holes.date }}
{% for mark, card in cards %}{{ mark }}
{{ holes.position }}{{ card.title }}
{% for link in card.links %}
{{ forloop.counter }}) {{ link.url }}{% endfor %}
({{ holes.reason }})
{% endfor %}{{ holes.cards }}
{{ holes.email }} {{ holes.email }} {{ holes.rhythm }} {{ holes.preheader }}
{{ holes.preferences }}
{{ holes.unsubscribe }}
{% endautoescape %}"""
OWN = {"_card.html": CARD, "body.html": HTML, "body.txt": TEXT}
NUMBERED = LOOP.replace("{{ mark }}", "{{ mark }}{{ forloop.counter }}")
NO_ROWS = f"<table>{LOOP}</table>"
ROWS = NO_ROWS.replace("{{ mark }}", "{{ mark }}<tr><td>").replace("{% endfor %}", "</td></tr>{% endfor %}")
TABLE = ROWS.replace("<table>", "<table><tbody>")

ENTRY = "{{ mark }}<li>{{ holes.position }} {{ card.entry }}</li>"
CONTENTS = f"{{% for mark, card in contents %}}{ENTRY}{{% endfor %}}{{{{ holes.contents }}}}"
NEWS = "{% for mark, item in news %}{{ mark }}<hr>{{ item.title }}: {{ item.words }}{% endfor %}{{ holes.news }}"
VOTES = "<a href='{{ holes.votes }}/{{ card.paper.id }}/more'>+</a> {{ holes.aside }} {{ holes.byline }}"
ALL = {
    "_card.html": CARD + VOTES,
    "body.html": HTML.replace(LOOP, f"<ul>{CONTENTS}</ul>{LOOP}<p>Votes count.</p>{NEWS}"),
    "body.txt": TEXT,
}

TEMPLATES: dict[str, dict[str, str]] = {
    "the project's": {},
    "an operator's": OWN,
    "all lists": ALL,
    "votes first": {**ALL, "_card.html": VOTES + CARD},
    "news first": {**ALL, "body.html": HTML.replace(LOOP, NEWS + LOOP)},
    "contents without numbers": {**ALL, "body.html": ALL["body.html"].replace("{{ holes.position }} ", "")},
    "contents without end": {**ALL, "body.html": ALL["body.html"].replace("{{ holes.contents }}", "")},
    "no styles": {"body.html": HTML[HTML.index("<body>") :]},
    "a table": {**OWN, "body.html": HTML.replace(LOOP, TABLE)},
    "a table without a body": {**OWN, "body.html": HTML.replace(LOOP, ROWS)},
    "a filter on a hole": {**OWN, "body.html": HTML.replace("holes.chosen", "holes.chosen|upper")},
    "a filter in the text": {**OWN, "body.txt": TEXT.replace("holes.chosen", "holes.chosen|center:76")},
    "a filter around holes": {
        **OWN,
        "body.html": HTML.replace("<p>{{ holes.email }}", "{% filter title %}<p>{{ holes.email }}{% endfilter %}"),
    },
    "a filter in a card": {**OWN, "_card.html": CARD.replace("holes.reason", 'holes.reason|cut:"0"')},
    "a short text": {**OWN, "body.txt": TEXT.replace("holes.chosen", "holes.chosen|truncatechars:30")},
    "a condition": {
        **OWN,
        "body.html": HTML.replace("<body>", '<body>{% if holes.rhythm == "every day" %}Daily{% endif %}'),
    },
    "a search": {**OWN, "body.txt": TEXT.replace("{{ holes.date }}", '{% if "all" in holes.chosen %}!{% endif %}')},
    "a default": {**OWN, "body.html": HTML.replace("holes.preheader", 'holes.preheader|default:"-"')},
    "a name": {
        **OWN,
        "body.html": HTML.replace("{{ holes.date }}", "{% with d=holes.date %}{{ d|lower }}{% endwith %}"),
    },
    "an attribute": {**OWN, "body.html": HTML.replace("<span>", '<span title="{{ holes.email }}">')},
    "a comment": {**OWN, "body.html": HTML.replace("<span>", "<!-- {{ holes.email }} --><span>")},
    "a table without rows": {**OWN, "body.html": HTML.replace(LOOP, NO_ROWS)},
    "a comment without spaces": {**OWN, "body.html": HTML.replace("<span>", "<!--{{ holes.email }}--><span>")},
    "numbers of its own": {**OWN, "body.html": HTML.replace(LOOP, NUMBERED)},
    "stripes": {**OWN, "body.html": HTML.replace("{{ mark }}", "{{ mark }}<hr class={% cycle 'a' 'b' %}>")},
    "no reasons": {**OWN, "_card.html": CARD.replace("{{ holes.reason }}", "")},
    "no preferences": {**OWN, "body.txt": TEXT.replace("{{ holes.preferences }}", "")},
    "escaped text": {**OWN, "body.txt": TEXT.replace("{% autoescape off %}", "").replace("{% endautoescape %}", "")},
    "a card's words elsewhere": {**OWN, "body.txt": TEXT + "{{ holes.reason }}"},
}
COMPILED = ["the project's", "an operator's", "all lists", "no styles", "a table"]
RENDERED = [name for name in TEMPLATES if name not in COMPILED]
