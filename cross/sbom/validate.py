"""Holds bills of materials against the official schema: validate.py FILE…

Needs the package cyclonedx-python-lib[validation], which carries the schema; tried with 11.12.
"""

import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

for name in sys.argv[1:]:
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(Path(name).read_text())
    if error:
        sys.exit(f"{name}: {error}")
