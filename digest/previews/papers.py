"""Ten invented papers, for looking at mails: no such study exists."""

from __future__ import annotations

from datetime import date

from digest.rendering import PaperFacts

_DAY = date(2026, 11, 20)


def _paper(
    number: int, title: str, abstract: str, authors: tuple[str, ...], label: str, **more: int | str
) -> PaperFacts:
    return PaperFacts(
        id=number,
        title=title,
        abstract=abstract,
        authors=authors,
        url=f"https://example.org/papers/{number}",
        label=label,
        published_on=_DAY.replace(day=_DAY.day - number % 4),
        is_sample=True,
        **more,  # type: ignore[arg-type]
    )


PAPERS = (
    _paper(
        1,
        "Fingers That Listen: Tactile Policies Learned From the Sound of Contact",
        "Robot hands usually feel through their skin. We ask how far a hand can get by listening instead. Four "
        "contact microphones glued to the palm of an ordinary gripper pick up the faint crackle of slip, scrape "
        "and tap; a small recurrent policy, trained on eleven hours of demonstrations, turns that sound into grip "
        "force at 200 Hz. On forty household objects the listening hand drops a third as many as one with "
        "pressure pads, and the whole sensor costs less than a cup of coffee. It fails, as one would expect, next "
        "to a running vacuum cleaner; a fifth microphone that hears only the room restores most of the gain. We "
        "release recordings, circuit drawings and the policy.",
        ("Marit Solbakken", "Ji-ho Baek", "Oluwaseun Adeyemi-Kraft", "Tamsin Wray", "Pál Vörösváry"),
        "cs.RO",
        code_url="https://example.org/code/fingers",
        upvotes=142,
        stars=1311,
    ),
    _paper(
        2,
        "A Model That Knows When to Ask: Calibrated Questions in Long Conversations",
        "Assistants guess when they should ask. We train language models to weigh the cost of a question against "
        "the cost of a wrong answer, with nothing but transcripts and a price for the reader's time. The "
        "resulting model asks in 9% of turns, half as often as a prompted baseline, yet resolves 31% more of the "
        "ambiguous requests in a new collection of 4,200 conversations about travel, taxes and furniture. Most of "
        "the gain comes from one habit: it asks early, before it has committed to a plan.",
        ("Ines Carvalhal", "Rukmini Deshmukh-Lowe"),
        "cs.CL",
        upvotes=97,
        project_url="https://example.org/ask",
    ),
    _paper(
        3,
        "Sparse Attention, Dense Memory: Reading Whole Libraries on One Graphics Card",
        "We store the keys and values of ten million tokens on disk, and fetch the two thousand that matter for "
        "each step. The trick is a learned index that is updated while the model reads, so that no second pass is "
        "needed. Answers to questions over a 900-book library cost 0.4 seconds on a single consumer card. We "
        "report where the method loses to full attention, which is mostly in counting.",
        ("Aurel Brandt-Ionescu", "Wen Xiulan", "Kofi Asante-Berg", "Léa Montrichard"),
        "cs.LG",
        code_url="https://example.org/code/libraries",
        upvotes=88,
        stars=640,
    ),
    _paper(
        4,
        "Weather From Windows: Estimating Local Rain With Dashboard Cameras",
        "Radar sees rain from above and misses what happens between hills. Dashboard cameras see it from below, "
        "on the glass. From the motion of drops on 1.3 million windscreen images we estimate rain rate within 0.7 "
        "mm per hour, every kilometre of road, every minute. Fused with radar, the maps would have predicted two "
        "of last year's three flash floods in the study area forty minutes earlier.",
        ("Giulia Fontanarosa", "Tomasz Rybak-Oduya", "Hine Parata"),
        "cs.CV",
        upvotes=61,
    ),
    _paper(
        5,
        "Reward Models Forget Politeness First",
        "Fine-tuning a reward model on new preferences erodes old ones. We track forty preferences through twelve "
        "rounds of training and find a stable order of forgetting: politeness goes first, factual care last. "
        "Replaying 2% of early comparisons is enough to stop the loss, and which 2% hardly matters.",
        ("Noor van der Zijl", "Matteo Ghirlandaio"),
        "cs.LG",
        upvotes=54,
    ),
    _paper(
        6,
        "The Carpenter's Benchmark: Can Vision Models Measure a Room?",
        "Ask a multimodal model how wide the door is, and it will tell you with confidence. We photographed 1,150 "
        "rooms with a ruler in hand and asked fourteen models 30,000 questions a carpenter would ask. The best is "
        "off by 11%; showing it a sheet of paper of known size halves the error, and most models do not think of "
        "asking for one.",
        ("Brigid O'Faherty", "Samir Qaderi", "Yuki Tanemura", "Dag Hallström", "Chiamaka Eze-Olsen", "Piet Roelants"),
        "cs.CV",
        code_url="https://example.org/code/carpenter",
        upvotes=40,
        stars=212,
    ),
    _paper(
        7,
        "Graph Networks for Bus Timetables That Survive the Morning",
        "Timetables are planned for an average day that never comes. We train a graph network on six years of "
        "arrivals to propose timetables whose delays die out instead of spreading. In a simulation of a city with "
        "212 lines, missed connections fall by a quarter at no extra bus.",
        ("Renske Dijkhuizen", "Abel Tesfamariam"),
        "cs.AI",
        upvotes=22,
    ),
    _paper(
        8,
        "Speech Recognition for Languages With Eleven Speakers",
        "For a language with eleven living speakers, every recording is precious and none may leave the village. "
        "We adapt a multilingual recogniser on a solar-powered laptop, overnight, from 70 minutes of "
        "storytelling, and reach a word error rate of 24%. The speakers decide what is kept. We describe how that "
        "changed the method.",
        ("Anahera Whitlock", "José Tzoc-Ramírez", "Elena Sokolova-Mbeki"),
        "cs.CL",
        upvotes=35,
        project_url="https://example.org/eleven",
    ),
    _paper(
        9,
        "Proofs With Receipts: Language Models That Cite Every Lemma",
        "A proof that names its lemmas can be checked by a machine that knows only the lemmas. We train a model "
        "to write such proofs in undergraduate analysis, and a checker of 900 lines to read them. Of 2,048 "
        "exercises it proves 61%; every accepted proof was confirmed by hand on a sample of 300, without "
        "exception.",
        ("Lothar Wiesengrund", "Parisa Golzari"),
        "cs.LO",
        upvotes=18,
    ),
    _paper(
        10,
        "How Quiet Is Quiet? Privacy Leaks From Federated Keyboards",
        "Federated keyboards never send what you type, only how it changed the model. From those changes alone we "
        "recover the language, the hour and, for one user in sixty, a street name. Clipping and noise at the "
        "usual strength close all three leaks; we suggest a test that vendors can run before each release.",
        ("Farid Belhadj", "Susanne Tveit", "Arun Palanisamy"),
        "cs.CR",
        upvotes=11,
    ),
)
