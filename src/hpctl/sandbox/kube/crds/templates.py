"""The schema of a pod template inside a custom resource, made from Kubernetes' own definitions.

CRDs were generated from older definitions: what came later is pruned on a cluster, and so it is here. Those of AWS's
Helm chart are of the PyTorchJob of training-operator 1.8 (aws/sagemaker-hyperpod-cli, June 2026), that of JobSet is of
its release 0.12.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hpctl.sandbox.kube.schemas.builtin import definitions

Schema = dict[str, Any]

_CORE: Final = "io.k8s.api.core.v1."
_METADATA: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_QUANTITY: Final = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_INT_OR_STRING: Final = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
# What controller-gen leaves of a template's metadata.
_KEPT_METADATA: Final = ("annotations", "finalizers", "labels", "name", "namespace")
LATER: Final[Mapping[str, tuple[str, ...]]] = {
    "ConfigMapVolumeSource": ("defaultUser",),
    "Container": ("restartPolicy", "restartPolicyRules"),
    "DownwardAPIVolumeFile": ("user",),
    "DownwardAPIVolumeSource": ("defaultUser",),
    "EmptyDirVolumeSource": ("mode",),
    "EnvVarSource": ("fileKeyRef",),
    "EphemeralContainer": ("restartPolicy", "restartPolicyRules"),
    "GRPCAction": ("mode",),
    "HTTPGetAction": ("protocol",),
    "KeyToPath": ("user",),
    "Lifecycle": ("stopSignal",),
    "LifecycleHandler": ("sleep",),
    "PersistentVolumeClaimSpec": ("volumeAttributesClassName",),
    "PodAffinityTerm": ("matchLabelKeys", "mismatchLabelKeys"),
    "PodResourceClaim": ("resourceClaimName", "resourceClaimTemplateName"),
    "PodSecurityContext": ("appArmorProfile", "seLinuxChangePolicy", "supplementalGroupsPolicy"),
    "PodSpec": ("evictionResponders", "hostnameOverride", "resources", "schedulingGroup"),
    "ProjectedVolumeSource": ("defaultUser",),
    "ResourceClaim": ("request",),
    "SecretVolumeSource": ("defaultUser",),
    "SecurityContext": ("appArmorProfile",),
    "ServiceAccountTokenProjection": ("user",),
    "Volume": ("image",),
    "VolumeMount": ("bindMountOptions", "recursiveReadOnly"),
    "VolumeProjection": ("clusterTrustBundle", "podCertificate"),
}
"""The fields of today's definitions that those CRDs do not have, by definition."""
_EXTENSIONS: Final = ("x-kubernetes-list-map-keys", "x-kubernetes-list-type", "x-kubernetes-map-type")
# Keys of lists of maps that are neither required nor have a default in the definitions.
_KEY_DEFAULTS: Final = {"protocol": "TCP"}


@dataclass(frozen=True, slots=True)
class Vintage:
    """The definitions that a CRD was generated from: today's without what came `later`, or was `required` later."""

    later: Mapping[str, tuple[str, ...]]
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def schema_of(self, definition: str) -> Schema:
        """Return the schema of a definition, such as `io.k8s.api.core.v1.PodTemplateSpec`, without references."""
        return self._expanded({"$ref": f"#/definitions/{definition}"})

    def _expanded(self, schema: Mapping[str, Any], name: str = "") -> Schema:
        """Return a schema without references and without what a CRD may not say."""
        if reference := schema.get("$ref"):
            return self._named(reference.rpartition("/")[2])
        found: Schema = {key: schema[key] for key in ("type", "format", *_EXTENSIONS) if key in schema}
        short = name.rpartition(".")[2]
        dropped = {*self.later.get(short, ())}
        if "properties" in schema:
            rows = schema["properties"].items()
            found["properties"] = {key: self._expanded(value) for key, value in rows if key not in dropped}
            dropped |= {*self.required.get(short, ())}
            if required := [key for key in schema.get("required", ()) if key not in dropped]:
                found["required"] = required
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                found[key] = self._expanded(schema[key])
        return _keyed(found)

    def _named(self, name: str) -> Schema:
        if name == _QUANTITY:
            return quantity()
        if name == _INT_OR_STRING:
            return _int_or_string()
        definition = definitions()[name]
        if name == _METADATA:
            kept = {key: definition["properties"][key] for key in _KEPT_METADATA}
            return self._expanded({"type": "object", "properties": kept})
        return self._expanded({"type": "object", **definition}, name)


CHART: Final = Vintage(LATER, {"HostAlias": ("ip",)})
"""What the CRDs of AWS's Helm chart were made from."""


def pod_template() -> Schema:
    """Return the schema of a pod template in the CRDs of AWS's Helm chart."""
    return CHART.schema_of(f"{_CORE}PodTemplateSpec")


def quantity() -> Schema:
    """Return the schema of an amount of a resource."""
    number, exponent = r"(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))", r"([eE](\+|-)?"
    pattern = rf"^(\+|-)?{number}(([KMGTPE]i)|[numkMGTPE]|{exponent}{number}))?$"
    return {**_int_or_string(), "pattern": pattern}


def label_selector() -> Schema:
    """Return the schema of a `LabelSelector`."""
    return CHART.schema_of("io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector")


def _int_or_string() -> Schema:
    return {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}


def _keyed(schema: Schema) -> Schema:
    """Return a list of maps whose keys are required or have a default, and one whose keys cannot be, as plain."""
    keys, items = schema.get("x-kubernetes-list-map-keys") or (), schema.get("items") or {}
    for key in keys:
        if key in (items.get("required") or ()):
            continue
        if key not in _KEY_DEFAULTS:
            return {name: value for name, value in schema.items() if name not in _EXTENSIONS}
        items["properties"][key]["default"] = _KEY_DEFAULTS[key]
    return schema
