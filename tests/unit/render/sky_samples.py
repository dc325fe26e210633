"""Reports about SkyPilot as samples: everything that a view may show."""

from __future__ import annotations

from hpctl.facts.records import Identity
from hpctl.report.sky import SkyAccelerators, SkyCheckReport, SkySetupReport, SkyStep

_CONTEXT = "hpctl:123456789012:us-west-2:hp-cluster"

SKY_SETUP = SkySetupReport(
    cluster="hp-cluster",
    identity=Identity("123456789012", "arn:aws:iam::123456789012:user/ada", "us-west-2"),
    version="0.14.1",
    environment="/home/you/.local/state/hpctl/sky/0.14.1",
    context=_CONTEXT,
    result="planned",
    steps=(
        SkyStep(
            part="environment", subject="/home/you/.local/state/hpctl/sky/0.14.1", change="keep", detail="SkyPilot"
        ),
        SkyStep(part="context", subject=_CONTEXT, change="add", detail="in /home/you/.kube/config"),
        SkyStep(
            part="config",
            subject="/home/you/.sky/config.yaml",
            change="change",
            diff=("@@ -1,2 +1,3 @@", " kubernetes:", "-  allowed_contexts: []", f"+  allowed_contexts: [{_CONTEXT}]"),
        ),
        SkyStep(part="labels", subject="skypilot.co/accelerator", change="add", detail="on 2 of 2 nodes"),
    ),
    notes=("the current context `office` is allowed, too",),
    next_steps=("hpctl sky check --cluster hp-cluster",),
)
SKY_CHECK = SkyCheckReport(
    cluster="hp-cluster",
    version="0.14.1",
    context=_CONTEXT,
    state="blind",
    said="no label tells SkyPilot of the accelerators of 2 of the nodes",
    accelerators=(SkyAccelerators(accelerator="H100", total=16, free=12),),
    elsewhere=("office: timeout",),
    next_steps=("hpctl node label --overwrite --cluster hp-cluster",),
)
EVERY_SKY_REPORT = {
    "sky-setup": SKY_SETUP,
    "sky-setup-done": SKY_SETUP.model_copy(update={"result": "done"}),
    "sky-check": SKY_CHECK,
}
