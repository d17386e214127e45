"""Seed the topics a new installation starts with; afterwards they belong to the editors."""

from django.db import migrations

TOPICS = [
    (
        "language-models",
        "Language models",
        "Large language models: pretraining, scaling, prompting, instruction tuning and evaluation.",
        ["cs.CL"],
        ["large language model", "language model", "LLM", "instruction tuning", "pretraining", "prompting", "in-context learning", "transformer", "tokenizer", "long context"],
    ),
    (
        "reasoning",
        "Reasoning",
        "Chains of thought, mathematics, planning and test-time compute.",
        ["cs.AI", "cs.LO"],
        ["reasoning", "chain of thought", "chain-of-thought", "mathematical reasoning", "test-time compute", "theorem proving", "verifier", "planning", "self-consistency"],
    ),
    (
        "agents",
        "Agents",
        "Systems that act: tool use, web and computer use, multi-agent work.",
        ["cs.MA", "cs.AI"],
        ["agent", "agents", "agentic", "tool use", "function calling", "multi-agent", "web agent", "computer use", "workflow", "GUI"],
    ),
    (
        "computer-vision",
        "Computer vision",
        "Recognition, detection, segmentation, 3D and video understanding.",
        ["cs.CV"],
        ["image", "object detection", "segmentation", "visual recognition", "vision transformer", "video understanding", "depth estimation", "point cloud", "tracking", "pose estimation"],
    ),
    (
        "image-video-generation",
        "Image and video",
        "Diffusion, flow matching, text-to-image, text-to-video and editing.",
        ["cs.CV", "cs.GR"],
        ["diffusion model", "text-to-image", "text-to-video", "video generation", "image generation", "image editing", "flow matching", "Gaussian splatting", "generative adversarial", "inpainting"],
    ),
    (
        "multimodal",
        "Multimodal",
        "Models that see, hear and read at once.",
        ["cs.CV", "cs.CL", "cs.MM"],
        ["multimodal", "vision-language", "vision language model", "VLM", "MLLM", "visual question answering", "image captioning", "audio-visual", "omni"],
    ),
    (
        "reinforcement-learning",
        "Reinforcement learning",
        "Learning from reward: policies, exploration, offline RL and human feedback.",
        ["cs.LG", "cs.AI"],
        ["reinforcement learning", "policy gradient", "reward model", "RLHF", "offline reinforcement learning", "Q-learning", "actor-critic", "exploration", "GRPO", "meta reinforcement learning"],
    ),
    (
        "robotics",
        "Robotics",
        "Manipulation, locomotion, navigation and embodied learning.",
        ["cs.RO"],
        ["robot", "robotic", "manipulation", "locomotion", "navigation", "embodied", "grasping", "vision-language-action", "humanoid", "sim-to-real"],
    ),
    (
        "machine-learning-theory",
        "Learning theory",
        "Generalisation, optimisation and the mathematics of learning.",
        ["stat.ML", "cs.LG", "math.OC"],
        ["generalization bound", "convergence", "optimization", "gradient descent", "sample complexity", "regret bound", "kernel", "neural tangent kernel", "minimax", "statistical learning"],
    ),
    (
        "efficient-learning",
        "Efficient models",
        "Smaller, faster, cheaper: quantisation, pruning, distillation, attention and serving.",
        ["cs.LG", "cs.DC", "cs.PF"],
        ["quantization", "pruning", "distillation", "sparse attention", "mixture of experts", "inference acceleration", "KV cache", "low-rank adaptation", "speculative decoding", "efficient"],
    ),
    (
        "safety-alignment",
        "Safety and alignment",
        "Alignment, red teaming, interpretability, fairness and privacy of models.",
        ["cs.CY", "cs.AI", "cs.LG"],
        ["alignment", "safety", "jailbreak", "red teaming", "interpretability", "hallucination", "fairness", "bias", "mechanistic", "unlearning", "harmful"],
    ),
    (
        "retrieval-recommendation",
        "Search and ranking",
        "Retrieval, ranking, recommender systems and retrieval-augmented generation.",
        ["cs.IR"],
        ["retrieval", "recommendation", "recommender", "ranking", "retrieval-augmented generation", "RAG", "dense retrieval", "embedding model", "knowledge graph", "reranking"],
    ),
    (
        "speech-audio",
        "Speech and audio",
        "Recognition, synthesis, music and sound.",
        ["cs.SD", "eess.AS"],
        ["speech recognition", "text-to-speech", "speech synthesis", "audio", "music", "speaker", "voice", "sound event", "spoken"],
    ),
    (
        "software-engineering",
        "Code and software",
        "Program synthesis, code models, testing, verification and repair.",
        ["cs.SE", "cs.PL"],
        ["code generation", "program synthesis", "software engineering", "bug", "program repair", "unit test", "compiler", "static analysis", "repository", "formal verification"],
    ),
    (
        "security-cryptography",
        "Security",
        "Attacks, defences, privacy and cryptographic protocols.",
        ["cs.CR"],
        ["attack", "adversarial", "malware", "vulnerability", "encryption", "cryptography", "differential privacy", "backdoor", "intrusion detection", "zero-knowledge"],
    ),
    (
        "biology-medicine",
        "Biology and medicine",
        "Proteins, genomes, medical imaging and clinical models.",
        ["q-bio.QM", "q-bio.BM", "q-bio.GN", "q-bio.NC", "eess.IV"],
        ["protein", "genomics", "drug discovery", "medical imaging", "clinical", "patient", "molecule", "single-cell", "MRI", "diagnosis", "biomedical"],
    ),
    (
        "science-physics",
        "Science and physics",
        "Physics, chemistry, climate and simulation by learned models.",
        ["physics.comp-ph", "physics.ao-ph", "cond-mat.mtrl-sci", "physics.chem-ph"],
        ["partial differential equation", "neural operator", "surrogate model", "materials", "climate", "weather forecasting", "molecular dynamics", "simulation", "physics-informed"],
    ),
    (
        "human-computer-interaction",
        "People and computers",
        "How people use, trust and work with machines.",
        ["cs.HC"],
        ["user study", "human-AI", "interaction", "accessibility", "participants", "interface", "virtual reality", "collaboration", "usability"],
    ),
]  # fmt: skip


def add_topics(apps, schema_editor):
    Topic = apps.get_model("subscriptions", "Topic")
    for position, (slug, name, description, categories, keywords) in enumerate(TOPICS, start=1):
        Topic.objects.get_or_create(
            slug=slug,
            defaults={
                "name": name,
                "description": description,
                "categories": categories,
                "keywords": keywords,
                "position": position * 10,
            },
        )


def remove_untouched_topics(apps, schema_editor):
    Topic = apps.get_model("subscriptions", "Topic")
    for slug, name, _, categories, keywords in TOPICS:
        Topic.objects.filter(slug=slug, name=name, categories=categories, keywords=keywords).delete()


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0001_initial")]

    operations = [migrations.RunPython(add_topics, remove_untouched_topics)]
