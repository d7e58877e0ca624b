# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportArgumentType=false
# The library's decorators hide its classes' own parameters from the type checker.
"""The bill of materials of a release: what runs on the device, of which version and licence, with hashes."""

import hashlib
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import metadata, version

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from firmware.version import VERSION

# By the folder they are imported from.
_PACKAGES = {
    "adafruit_ads1x15": "adafruit-circuitpython-ads1x15",
    "adafruit_bus_device": "adafruit-circuitpython-busdevice",
}


def bill_of_materials(files: dict[str, bytes], micropython: str, images: Iterable[str]) -> str:
    """Return what runs on the device, as CycloneDX 1.6 JSON; the same text for the same parts."""
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"calando-{VERSION}"))
    device = Component(
        name="calando", version=VERSION, type=ComponentType.FIRMWARE, bom_ref=f"calando@{VERSION}",
        licenses=[LicenseExpression("MIT")],
    )  # fmt: skip
    bom.metadata.component = device
    parts = [
        Component(
            name="micropython", version=micropython, type=ComponentType.PLATFORM, bom_ref=f"micropython@{micropython}",
            licenses=[LicenseExpression("MIT")], purl=PackageURL("github", "micropython", "micropython", f"v{micropython}"),
            description="supplied by the user: " + ", ".join(images),
        )
    ]  # fmt: skip
    for package in _PACKAGES.values():
        parts.append(
            Component(
                name=package, version=version(package), type=ComponentType.LIBRARY, bom_ref=f"{package}@{version(package)}",
                licenses=[LicenseExpression(metadata(package)["License-Expression"])],
                purl=PackageURL("pypi", None, package, version(package)), scope=ComponentScope.REQUIRED,
            )
        )  # fmt: skip
    for name, data in sorted(files.items()):
        if name.endswith((".mpy", ".py")):
            hashes = [HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(data).hexdigest())]
            folder = name.split("/")[1]
            made_of = version(_PACKAGES[folder]) if folder in _PACKAGES else VERSION
            parts.append(
                Component(name=name, version=made_of, type=ComponentType.FILE, bom_ref=name, hashes=hashes)
            )
    for part in parts:
        bom.components.add(part)
    bom.register_dependency(device, parts)
    bom.metadata.timestamp = datetime(1980, 1, 1, tzinfo=UTC)  # the same text whenever it is made
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"
