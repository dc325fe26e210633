"""Reports about folders of lifecycle scripts."""

from __future__ import annotations

from hpctl.report.lifecycle import ScriptFile, ScriptFolderReport, ScriptStanding, ScriptUploadReport
from tests.unit.render.plan_samples import IDENTITY

SCRIPTS_WRITTEN = ScriptFolderReport(
    folder="scripts",
    orchestrator="eks",
    files=(ScriptFile(name="on_create.sh", size=1831, sha256="0" * 64),),
    then=("hpctl lifecycle lint scripts -f cluster.yaml",),
)

SCRIPTS_TO_UPLOAD = ScriptUploadReport(
    identity=IDENTITY,
    folder="scripts",
    uri="s3://sagemaker-x/lc/",
    files=(
        ScriptStanding(name="lib.sh", state="new", size=944, sha256="0" * 64),
        ScriptStanding(name="on_create.sh", state="different", size=1831, sha256="1" * 64, etag='"a"'),
        ScriptStanding(name="site.sh", state="same", size=459, sha256="2" * 64, etag='"b"'),
        ScriptStanding(name="old.sh", state="only in S3", size=12, etag='"c"'),
    ),
)

SCRIPTS_UPLOADED = SCRIPTS_TO_UPLOAD.model_copy(update={"overwrite": True, "uploaded": ("lib.sh", "on_create.sh")})
