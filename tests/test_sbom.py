"""`make sbom`: everything that is pinned, and the image it is put into."""

import json
import re
import subprocess
import sys

from tests.services import PROJECT


def test_the_bill_holds_every_pinned_package_and_the_base_image():
    done = subprocess.run([sys.executable, ".ci/sbom"], cwd=PROJECT, capture_output=True, text=True, check=True)
    bill = json.loads(done.stdout)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    pinned = re.findall(r"^[\w.-]+.*==", (PROJECT / "requirements.txt").read_text(), re.MULTILINE)
    libraries = [each for each in bill["components"] if each["type"] == "library"]
    assert len(libraries) == len(pinned) > 30
    assert "pkg:pypi/django@" in " ".join(each["purl"] for each in libraries)
    assert [each["name"] for each in bill["components"] if each["type"] == "container"] == ["python"]
    references = [each["bom-ref"] for each in bill["components"]]
    assert len(set(references)) == len(references)
