"""Topics have seeds and exclusions; keywords that caught what they do not mean give way to clearer ones."""

import django.utils.timezone
from django.db import migrations, models

# Slug: categories, keywords and exclusions of the topics that a new installation starts with, where they change.
CLEARER = {
    "reasoning": (
        ["cs.AI", "cs.LO", "cs.CL"],
        ["reasoning", "chain of thought", "mathematical reasoning", "test-time compute", "test-time scaling", "theorem proving", "verifier", "planning", "self-consistency", "reasoning model"],
        [],
    ),
    "computer-vision": (
        ["cs.CV"],
        ["object detection", "segmentation", "image classification", "visual recognition", "vision transformer", "video understanding", "depth estimation", "point cloud", "object tracking", "pose estimation", "3D reconstruction", "image restoration"],
        [],
    ),
    "robotics": (
        ["cs.RO"],
        ["robot", "robotic", "manipulation", "locomotion", "embodied navigation", "vision-and-language navigation", "embodied", "grasping", "vision-language-action", "humanoid", "sim-to-real", "motion planning"],
        ["web navigation", "GUI", "image animation", "robotic surgery"],
    ),
    "machine-learning-theory": (
        ["stat.ML", "cs.LG", "math.OC", "math.ST", "stat.TH"],
        ["generalization bound", "generalization error", "convergence rate", "convergence guarantee", "convergence analysis", "stochastic gradient descent", "convex optimization", "nonconvex", "sample complexity", "regret bound", "kernel method", "kernel ridge regression", "reproducing kernel", "neural tangent kernel", "minimax", "statistical learning", "learning theory", "PAC", "Rademacher", "overparameterized"],
        ["antenna", "coalition", "election", "linear codes", "convolutional codes"],
    ),
    "efficient-learning": (
        ["cs.LG", "cs.DC", "cs.PF", "cs.AR"],
        ["quantization", "pruning", "knowledge distillation", "sparse attention", "linear attention", "mixture of experts", "inference acceleration", "KV cache", "low-rank adaptation", "speculative decoding", "model compression", "token pruning", "efficient inference", "inference serving"],
        [],
    ),
    "safety-alignment": (
        ["cs.CY", "cs.AI", "cs.LG", "cs.CL", "cs.CR"],
        ["AI safety", "AI alignment", "safety alignment", "value alignment", "human values", "misalignment", "misaligned", "jailbreak", "red teaming", "interpretability", "sparse autoencoder", "fairness", "social bias", "stereotype", "unlearning", "harmful", "refusal", "guardrail", "deception", "sycophancy", "trustworthy", "safety"],
        ["autonomous driving", "table recognition", "video editing"],
    ),
    "retrieval-recommendation": (
        ["cs.IR"],
        ["information retrieval", "retrieval", "recommendation", "recommender", "retrieval-augmented generation", "RAG", "dense retrieval", "search engine", "reranking", "query expansion", "collaborative filtering", "click-through rate"],
        [],
    ),
    "software-engineering": (
        ["cs.SE", "cs.PL"],
        ["code generation", "program synthesis", "software engineering", "bug", "program repair", "unit test", "compiler", "static analysis", "code repository", "formal verification", "pull request", "coding agent", "source code"],
        ["cs.IT"],
    ),
    "security-cryptography": (
        ["cs.CR"],
        ["adversarial attack", "attack", "malware", "vulnerability", "encryption", "cryptography", "differential privacy", "backdoor", "intrusion detection", "zero-knowledge", "prompt injection", "poisoning", "membership inference"],
        [],
    ),
    "biology-medicine": (
        ["q-bio.QM", "q-bio.BM", "q-bio.GN", "q-bio.NC", "eess.IV"],
        ["protein", "genomics", "gene expression", "drug discovery", "medical imaging", "medical image", "clinical", "patient", "small molecule", "single-cell", "MRI", "computed tomography", "histopathology", "radiology", "cancer", "biomedical", "healthcare"],
        ["molecular communication"],
    ),
    "science-physics": (
        ["physics.comp-ph", "physics.ao-ph", "physics.flu-dyn", "cond-mat.mtrl-sci", "physics.chem-ph", "physics.geo-ph", "astro-ph.IM"],
        ["partial differential equation", "neural operator", "surrogate model", "materials science", "materials discovery", "crystal structure", "density functional theory", "climate", "weather forecasting", "molecular dynamics", "interatomic potential", "numerical simulation", "fluid dynamics", "physics-informed", "Earth observation", "scientific discovery"],
        ["game world", "texture synthesis"],
    ),
    "human-computer-interaction": (
        ["cs.HC"],
        ["user study", "human-AI interaction", "human-computer interaction", "human-AI collaboration", "accessibility", "participants", "user interface", "virtual reality", "augmented reality", "usability", "user experience", "qualitative study", "interviews"],
        ["human-object interaction", "hand-object interaction", "embodied agent"],
    ),
}  # fmt: skip


def clearer(apps, schema_editor):
    """Topics that editors have not changed; what they did stays."""
    _exchange(apps, before=_shipped(), after=CLEARER)


def as_before(apps, schema_editor):
    _exchange(apps, before=CLEARER, after=_shipped())


def _shipped():
    from importlib import import_module

    rows = import_module("subscriptions.migrations.0002_topics").TOPICS
    return {slug: (categories, keywords, []) for slug, _, _, categories, keywords in rows if slug in CLEARER}


def _exchange(apps, before, after):
    Topic = apps.get_model("subscriptions", "Topic")
    for slug, (categories, keywords, exclusions) in before.items():
        topic = Topic.objects.filter(slug=slug).first()
        if topic and (topic.categories, topic.keywords, topic.exclusions) == (categories, keywords, exclusions):
            topic.categories, topic.keywords, topic.exclusions = after[slug]
            topic.save(update_fields=["categories", "keywords", "exclusions"])


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0007_surprises")]

    operations = [
        migrations.AddField(
            model_name="topic",
            name="exclusions",
            field=models.JSONField(
                blank=True, default=list, help_text="Words, phrases and categories that no paper about it has"
            ),
        ),
        migrations.AddField(
            model_name="topic",
            name="seeds",
            field=models.JSONField(blank=True, default=list, help_text="Papers about it: arXiv ids or DOIs"),
        ),
        migrations.AddField(
            model_name="topic",
            name="changed_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                editable=False,
                help_text="What its papers look like; models of it are then fitted anew",
            ),
        ),
        migrations.RunPython(clearer, as_before),
    ]
